//! What of a recording's output is shown again: what draws, and nothing that asks the terminal to answer, to print, to
//! copy, or to go on reporting.
//!
//! The answer to a query would be typed into whatever has the terminal when the replay is over, by whoever wrote to the
//! recorded session. Pure.

/// Longest sequence that is looked at; a longer one draws nothing and is dropped.
const LONGEST: usize = 256;

/// A filter over a stream of text; sequences may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Replay {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate character: one more follows.
    Charset(String),
    /// After ESC [.
    Control(String),
    /// A string that ends with BEL or ESC \; all of these are dropped.
    Ignored { after_escape: bool },
}

impl Replay {
    /// What of `text` is shown.
    pub(super) fn shown(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            self.take(c, &mut out);
        }
        out
    }

    fn take(&mut self, c: char, out: &mut String) {
        self.state = match (std::mem::take(&mut self.state), c) {
            (State::Ignored { after_escape }, c) => match c {
                '\u{7}' | '\u{9c}' => State::Text,
                '\\' if after_escape => State::Text,
                c => State::Ignored {
                    after_escape: c == '\u{1b}',
                },
            },
            (_, '\u{1b}') => State::Escape,
            (State::Text, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}') => State::Ignored {
                after_escape: false,
            },
            (State::Text, '\u{9b}') => State::Control(String::new()),
            (State::Text, c) => {
                // ENQ asks for an answer; other C1 characters have no use here.
                if c != '\u{5}' && !('\u{80}'..='\u{9f}').contains(&c) {
                    out.push(c);
                }
                State::Text
            }
            (State::Escape, '[') => State::Control(String::new()),
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => State::Ignored {
                after_escape: false,
            },
            (State::Escape, ' '..='/') => State::Charset(c.to_string()),
            // DECID asks who the terminal is.
            (State::Escape, 'Z') => State::Text,
            (State::Escape, c) => {
                out.push('\u{1b}');
                out.push(c);
                State::Text
            }
            (State::Charset(between), c) => {
                out.push('\u{1b}');
                out.push_str(&between);
                out.push(c);
                State::Text
            }
            (State::Control(mut body), c @ ' '..='?') => {
                if body.len() < LONGEST {
                    body.push(c);
                }
                State::Control(body)
            }
            (State::Control(body), c @ '@'..='~') => {
                if draws(&body, c) {
                    out.push_str("\u{1b}[");
                    out.push_str(&body);
                    out.push(c);
                }
                State::Text
            }
            // Controls inside a sequence act at once, as in a terminal.
            (State::Control(body), '\u{8}'..='\u{d}') => {
                out.push(c);
                State::Control(body)
            }
            (State::Control(_), _) => State::Text,
        };
    }
}

/// Whether a control sequence only draws.
fn draws(body: &str, last: char) -> bool {
    let is_private = body.starts_with(['?', '>', '<', '=']);
    if body.len() >= LONGEST {
        return false;
    }
    match last {
        // Questions: device attributes and status, window reports, terminal parameters; and printing.
        'c' | 'n' | 't' | 'x' | 'i' => false,
        // Questions about modes, versions and keyboards.
        'p' | 'q' | 'u' | 'y' | 'S' if body.contains('$') || is_private => false,
        // Modes that make the terminal report later: mouse, focus, bracketed paste.
        'h' | 'l' if is_private => !body.trim_start_matches('?').split(';').any(|mode| {
            matches!(
                mode,
                "9" | "1000"
                    | "1001"
                    | "1002"
                    | "1003"
                    | "1004"
                    | "1005"
                    | "1006"
                    | "1015"
                    | "1016"
                    | "2004"
                    | "2031"
                    | "2048"
            )
        }),
        'm' if is_private => false,
        'w' | 'v' => !body.contains(['$', '*', '\'']),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        for cut in text.char_indices().map(|(place, _)| place) {
            let (left, right) = text.split_at(cut);
            let mut replay = Replay::default();
            let shown = replay.shown(left) + &replay.shown(right);
            assert_eq!(shown, expected, "cut at {cut}: {text:?}");
        }
    }

    #[test]
    fn nothing_makes_the_terminal_answer() {
        for question in [
            "\u{1b}[c",
            "\u{1b}[>c",
            "\u{1b}[6n",
            "\u{1b}[?6n",
            "\u{1b}[21t",
            "\u{1b}[14t",
            "\u{1b}[>q",
            "\u{1b}[?2026$p",
            "\u{1b}[?u",
            "\u{1b}[1x",
            "\u{1b}Z",
            "\u{5}",
            "\u{9b}c",
            "\u{1b}[5i",
            "\u{1b}[?1;1;0S",
        ] {
            check(&format!("a{question}b"), "ab");
        }
    }

    #[test]
    fn no_string_reaches_the_clipboard_the_title_or_the_device() {
        for string in [
            "\u{1b}]52;c;aGk=\u{7}",
            "\u{1b}]0;title\u{1b}\\",
            "\u{1b}P+q544e\u{1b}\\",
            "\u{1b}_G\u{1b}\\",
            "\u{1b}^x\u{1b}\\",
            "\u{9d}52;c;?\u{9c}",
        ] {
            check(&format!("a{string}b"), "ab");
        }
        check("a\u{1b}]52;never ended", "a");
    }

    #[test]
    fn the_terminal_is_left_without_mouse_reports() {
        check(
            "\u{1b}[?1000h\u{1b}[?1002;1006h\u{1b}[?2004h\u{1b}[?1049h",
            "\u{1b}[?1049h",
        );
    }

    #[test]
    fn what_draws_is_shown_as_it_was() {
        for text in [
            "plain wörter 日本 e\u{301}\r\n\t",
            "\u{1b}[1;31mred\u{1b}[0m\u{1b}[2J\u{1b}[10;5H\u{1b}[K",
            "\u{1b}(0lqk\u{1b}(B\u{1b}7\u{1b}8\u{1b}=\u{1b}>\u{1b}M",
            "\u{1b}[3;20r\u{1b}[?25l\u{1b}[?7h\u{1b}[2 q\u{1b}[4h\u{1b}[2S",
        ] {
            check(text, text);
        }
    }
}
