//! `/etc/environment` as pam_env reads it: one `NAME=value` a line, not a shell script.
//!
//! Pure; used where PAM is not asked, so that a node's settings for all logins hold there as well.

/// The variables of the file's text, in its order; lines that are none are passed over.
pub(super) fn variables(text: &str) -> Vec<(String, String)> {
    text.lines().filter_map(variable).collect()
}

fn variable(line: &str) -> Option<(String, String)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if !is_name(name) || value.contains('\0') {
        return None;
    }
    let quoted = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    Some((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(variables(text), expected, "{text:?}");
    }

    #[test]
    fn lines_that_are_no_assignment_are_passed_over() {
        check("# A=1\n\nA\n=1\nA-B=1\n$(id)=1\nA B=1\n", &[]);
    }

    #[test]
    fn nothing_is_expanded() {
        check("A=$HOME/`id`\n", &[("A", "$HOME/`id`")]);
    }

    #[test]
    fn quotes_and_export_are_taken_off() {
        let text = "PATH=\"/usr/bin:/bin\"\n  export LANG='C'\nX=\nY=\"\n";
        let expected = [
            ("PATH", "/usr/bin:/bin"),
            ("LANG", "C"),
            ("X", ""),
            ("Y", "\""),
        ];
        check(text, &expected);
    }
}
