//! Escapes of the keyboard: after Enter a tilde and one more key speak to us and not to the node, as with ssh and
//! AWS's plugin.
//!
//! Invariant: what is no escape reaches the node unchanged and in order, a tilde at most one key later. Nothing is an
//! escape before the first Enter, as with AWS's plugin.

use bytes::{BufMut, BytesMut};

/// What a person is told on `~?`.
pub(super) const HELP: &str = "\r\n~.  end the session\r\n~-  send all that follows as it is\r\n~~  send one tilde\r\n~?  this text\r\n(each only at the beginning of a line)\r\n";

/// What an escape asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// End the session and leave.
    End,
    /// Say which escapes there are.
    Help,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Somewhere in a line, or before the first.
    InLine,
    /// Just after Enter.
    LineStart,
    /// Just after a tilde that followed Enter; it was not passed on yet.
    Tilde,
    /// The person wants none.
    Off,
}

/// The keyboard's position between escapes.
#[derive(Debug)]
pub(super) struct Escapes {
    place: Place,
}

impl Escapes {
    pub(super) fn new() -> Self {
        Self {
            place: Place::InLine,
        }
    }

    /// Takes what was typed and passes on what is the node's. What follows an escape that asks for something is left
    /// in `typed`: call it again when that was done.
    pub(super) fn take(&mut self, typed: &mut &[u8], pass_on: &mut BytesMut) -> Option<Escape> {
        if self.place == Place::Off {
            pass_on.put_slice(typed);
            *typed = &[];
        }
        while let Some((&byte, rest)) = typed.split_first() {
            *typed = rest;
            match (self.place, byte) {
                (Place::LineStart, b'~') => {
                    self.place = Place::Tilde;
                    continue;
                }
                (Place::Tilde, b'.') => return Some(Escape::End),
                (Place::Tilde, b'?') => {
                    self.place = Place::LineStart;
                    return Some(Escape::Help);
                }
                (Place::Tilde, b'-') => {
                    self.place = Place::Off;
                    return self.take(typed, pass_on);
                }
                // Of two tildes the node gets one.
                (Place::Tilde, b'~') => {}
                (Place::Tilde, _) => pass_on.put_u8(b'~'),
                (Place::InLine | Place::LineStart | Place::Off, _) => {}
            }
            pass_on.put_u8(byte);
            self.place = match byte {
                b'\r' | b'\n' => Place::LineStart,
                _ => Place::InLine,
            };
        }
        None
    }

    /// A key that interrupts went another way: a tilde that waited is taken back with the rest.
    pub(super) fn interrupted(&mut self) {
        if self.place != Place::Off {
            self.place = Place::InLine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the node gets, and what was asked for, when `typed` arrives in one piece and key by key.
    fn check(typed: &str, node: &str, asked: &[Escape]) {
        let whole = vec![typed.as_bytes()];
        let keys = typed.as_bytes().chunks(1).collect();
        for pieces in [whole, keys] {
            let mut escapes = Escapes::new();
            let mut passed = BytesMut::new();
            let mut found = Vec::new();
            for mut piece in pieces {
                while let Some(escape) = escapes.take(&mut piece, &mut passed) {
                    found.push(escape);
                }
            }
            assert_eq!(
                (&passed[..], &found[..]),
                (node.as_bytes(), asked),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn nothing_is_an_escape_before_the_first_enter_or_inside_a_line() {
        check("~.", "~.", &[]);
        check("ls ~/x\rcd ~.\r", "ls ~/x\rcd ~.\r", &[]);
    }

    #[test]
    fn what_is_no_escape_is_passed_on_unchanged() {
        check("\r~x~.", "\r~x~.", &[]);
        check("\n~/bin/x\r", "\n~/bin/x\r", &[]);
        check("\r~\r~\r", "\r~\r~\r", &[]);
    }

    #[test]
    fn two_tildes_are_one() {
        check("\r~~.\r", "\r~.\r", &[]);
    }

    #[test]
    fn the_end_and_help_are_asked_for_after_either_line_end() {
        check("ls\r~.", "ls\r", &[Escape::End]);
        check("\n~.", "\n", &[Escape::End]);
        check("\r~?~?x", "\rx", &[Escape::Help, Escape::Help]);
        check("\r~?~.", "\r", &[Escape::Help, Escape::End]);
    }

    #[test]
    fn after_they_were_switched_off_all_goes_to_the_node() {
        check("\r~-~.\r~.\r~?", "\r~.\r~.\r~?", &[]);
    }

    #[test]
    fn an_interrupt_takes_a_waiting_tilde_back() {
        let mut escapes = Escapes::new();
        let mut passed = BytesMut::new();
        assert_eq!(escapes.take(&mut &b"\r~"[..], &mut passed), None);
        escapes.interrupted();
        assert_eq!(escapes.take(&mut &b"."[..], &mut passed), None);
        assert_eq!(&passed[..], b"\r.");
    }
}
