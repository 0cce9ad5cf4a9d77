//! Texts from agents that a person will read: in a terminal, in history, in a log.
//!
//! The invariant: no control character and no more than AWS's 1024 characters reach anybody. A node is not trusted to
//! write to its visitors' terminals outside the session.

/// `Details` of DescribeSessions holds this many characters at most.
const LETTERS: usize = 1024;

/// The text without the ruled heading of AWS's agent, control characters and excess.
pub(crate) fn from_agent(text: &str) -> String {
    let text = text.replace("----------ERROR-------", "");
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() || is_bidi(c) { ' ' } else { c })
        .collect();
    visible.trim().chars().take(LETTERS).collect()
}

/// Characters that make text read differently from what it says.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_can_steer_a_terminal() {
        assert_eq!(from_agent("\x1b[2Jgone\u{202e}x\x07"), "[2Jgone x");
        assert_eq!(from_agent(&"x".repeat(5000)).len(), LETTERS);
    }

    #[test]
    fn the_heading_of_the_aws_agent_is_taken_off() {
        assert_eq!(
            from_agent("\n----------ERROR-------\nUnable to start command: no\n"),
            "Unable to start command: no"
        );
        assert_eq!(from_agent(" \n"), "");
    }
}
