//! What peers say, made safe to show: a control or bidirectional character could rewrite what the person reads.

/// `text` with everything but line breaks and tabs escaped that a terminal would obey rather than show.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let obeyed = c.is_control() && !matches!(c, '\n' | '\t');
        if obeyed || is_bidirectional(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_is_shown() {
        assert_eq!(printable("\u{1b}]52;c;x\u{7}"), "\\u{1b}]52;c;x\\u{7}");
        assert_eq!(
            printable("a\rb\u{202e}c\u{9b}d"),
            "a\\u{d}b\\u{202e}c\\u{9b}d"
        );
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        assert_eq!(
            printable("zwei Zeilen\n\tund 日本語"),
            "zwei Zeilen\n\tund 日本語"
        );
    }
}
