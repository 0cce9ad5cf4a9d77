//! Where the statements of a policy stand in its text, for whoever shows a policy to the person who wrote it.

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// Characters before it on its line, plus one.
    pub column: usize,
}

/// Begin and end (behind the last character) of every statement of a policy that [`super::PolicyDocument::parse`] takes,
/// in order. Of any other text, something or nothing.
#[must_use]
pub fn statement_places(text: &str) -> Vec<(Place, Place)> {
    let mut scan = Scan::default();
    text.bytes()
        .enumerate()
        .filter_map(|(at, byte)| scan.step(text, at, byte))
        .map(|(begin, end)| (place(text, begin), place(text, end)))
        .collect()
}

/// How far a text has been read: only strings and brackets matter.
#[derive(Default)]
struct Scan {
    depth: usize,
    /// Where the string began that is being read.
    string: Option<usize>,
    is_escaped: bool,
    /// The last string was the key `Statement` of the policy itself, and its value is being read.
    in_statements: bool,
    last_is_key: bool,
    /// Where the statement began that is being read, and how deep.
    statement: Option<(usize, usize)>,
}

impl Scan {
    /// Takes one byte; the bytes of a statement that ends with it.
    fn step(&mut self, text: &str, at: usize, byte: u8) -> Option<(usize, usize)> {
        if let Some(begin) = self.string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.string = None;
                    self.last_is_key = text.get(begin..at) == Some("\"Statement");
                }
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => self.string = Some(at),
            b':' if self.depth == 1 => self.in_statements = self.last_is_key,
            b',' if self.depth == 1 => self.in_statements = false,
            b'{' | b'[' => {
                if byte == b'{' && self.in_statements && self.statement.is_none() {
                    self.statement = Some((at, self.depth));
                }
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                let ends = |(_, depth): &(usize, usize)| *depth == self.depth;
                return self
                    .statement
                    .take_if(|one| ends(one))
                    .map(|(begin, _)| (begin, at.saturating_add(1)));
            }
            _ => {}
        }
        None
    }
}

fn place(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(usize, usize, usize, usize)> {
        statement_places(text)
            .into_iter()
            .map(|(begin, end)| (begin.line, begin.column, end.line, end.column))
            .collect()
    }

    #[test]
    fn a_text_that_is_no_policy_has_no_places() {
        assert!(places("{").is_empty() && places("[]").is_empty() && places("}}\"").is_empty());
    }

    #[test]
    fn statements_are_found_where_they_stand() {
        assert_eq!(places(r#"{"Statement":{"Sid":"é"}}"#), [(1, 14, 1, 25)]);
        let text = "{\n \"Statement\": [\n  {},\n  {\n  }\n ]\n}";
        assert_eq!(places(text), [(3, 3, 3, 5), (4, 3, 5, 4)]);
        let text =
            r#"{"Id":"{\"Statement\":{","Statement":{"Sid":"}\"","Condition":{"Statement":{}}}}"#;
        assert_eq!(places(text), [(1, 38, 1, 80)]);
    }
}
