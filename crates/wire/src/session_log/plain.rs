//! A line of a terminal's output as words: what AWS's agent puts into streamed log events (agent.md 8.4).
//!
//! Escape sequences, carriage returns and other controls go, tabs become spaces.

/// The words of one line, without its end.
pub(super) fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => skip(&mut letters),
            '\t' => out.push(' '),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// Takes the rest of an escape sequence.
fn skip(letters: &mut std::str::Chars<'_>) {
    match letters.next() {
        Some('[') => {
            let _ = letters.find(|letter| ('@'..='~').contains(letter));
        }
        // A string: to BEL or to ESC and a backslash.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(letter) = letters.next() {
                match letter {
                    '\u{7}' => return,
                    '\u{1b}' => {
                        letters.next();
                        return;
                    }
                    _ => {}
                }
            }
        }
        Some(' '..='/') => {
            letters.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_of_what_a_terminal_obeys() {
        for (line, expected) in [
            ("\u{1b}[1;31mred\u{1b}[0m\r", "red"),
            ("\u{1b}]0;title\u{7}$ ls\tx", "$ ls x"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("\u{1b}(Bwörter 日本\u{8}\u{0}", "wörter 日本"),
            ("cut \u{1b}[", "cut "),
            ("cut \u{1b}", "cut "),
            ("", ""),
        ] {
            assert_eq!(plain(line), expected, "{line:?}");
        }
    }
}
