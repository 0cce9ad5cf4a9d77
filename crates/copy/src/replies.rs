//! What the sender waits to hear: one answer to each thing it announced, entered, ended or left, in that order.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::digest::Digest;
use crate::message::Message;
use crate::receive::AHEAD;
use crate::{CopyError, Problem, Side};

/// An answer that is still due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Whether an announced file is welcome.
    Welcome,
    /// Whether something was stored.
    Stored,
}

/// What the receiver says of an announced file: how much of it is there, or that it is not taken.
pub(crate) type Welcome = Option<(u64, Digest)>;

/// The answers that are due, and those to announced files that came and were not asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    due: VecDeque<Due>,
    welcomes: VecDeque<Welcome>,
    last_stored: bool,
}

impl Replies {
    pub(crate) fn expect_welcome(&mut self) {
        self.due.push_back(Due::Welcome);
    }

    pub(crate) fn expect_stored(&mut self) {
        self.due.push_back(Due::Stored);
    }

    pub(crate) fn are_due(&self) -> bool {
        !self.due.is_empty()
    }

    pub(crate) fn are_many(&self) -> bool {
        self.due.len() > 2 * AHEAD
    }

    /// The oldest answer to an announced file, if it came.
    pub(crate) fn welcome(&mut self) -> Option<Welcome> {
        self.welcomes.pop_front()
    }

    /// Whether what was answered last of what was to be stored, was.
    pub(crate) fn last_stored(&self) -> bool {
        self.last_stored
    }

    /// Takes the next answer; a refusal is also somebody's problem.
    pub(crate) fn take(&mut self, message: Message) -> Result<Option<Problem>, CopyError> {
        let due = self.due.pop_front();
        match (due, message) {
            (Some(Due::Welcome), Message::Ready { offset, digest }) => {
                self.welcomes.push_back(Some((offset, digest)));
                Ok(None)
            }
            (Some(Due::Stored), Message::Stored) => {
                self.last_stored = true;
                Ok(None)
            }
            (Some(due), Message::Refused { path, cause }) => {
                match due {
                    Due::Welcome => self.welcomes.push_back(None),
                    Due::Stored => self.last_stored = false,
                }
                Ok(Some(theirs(path, cause)))
            }
            _ => Err(CopyError::Peer("an answer to nothing")),
        }
    }
}

fn theirs(path: PathBuf, cause: String) -> Problem {
    Problem {
        side: Side::There,
        path,
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_nothing_ends_the_copy() {
        assert!(Replies::default().take(Message::Stored).is_err());
        let mut replies = Replies::default();
        replies.expect_welcome();
        assert!(replies.take(Message::Stored).is_err());
    }

    #[test]
    fn each_answer_goes_to_what_it_is_of() {
        let mut replies = Replies::default();
        replies.expect_welcome();
        replies.expect_stored();
        replies.expect_welcome();
        let refused = Message::Refused {
            path: "a".into(),
            cause: "no".to_owned(),
        };
        assert!(replies.take(refused).unwrap().is_some());
        assert_eq!(replies.take(Message::Stored).unwrap(), None);
        let ready = Message::Ready {
            offset: 5,
            digest: [1; 32],
        };
        assert_eq!(replies.take(ready).unwrap(), None);
        assert_eq!(replies.welcome(), Some(None));
        assert_eq!(replies.welcome(), Some(Some((5, [1; 32]))));
        assert!(replies.last_stored() && !replies.are_due());
    }
}
