//! The exit status of every command, decided in one function.
//!
//! Under our own name it is the shell's, and 255 when there was no session to have one (as with ssh). Under the
//! plugin's name it is AWS's: 0 however the session went, so that the `aws` command prints no error of its own.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::error::Error;

/// Under which name we run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// `usher`.
    Usher,
    /// `session-manager-plugin`.
    Plugin {
        /// Whether `USHER_PLUGIN_EXIT_STATUS=1` asks for the shell's status all the same.
        real_status: bool,
    },
}

/// How a command ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing more to say.
    Done,
    /// The shell's status, or of the command that was run.
    Status(u8),
    /// A signal asked us to stop.
    Signalled(i32),
}

impl From<ExitStatus> for Outcome {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(low_byte(code)),
            (None, Some(signal)) => Self::Signalled(signal),
            (None, None) => Self::Status(1),
        }
    }
}

/// What is left of a status when it is a process's.
pub(crate) fn low_byte(status: i32) -> u8 {
    status.to_le_bytes().first().copied().unwrap_or(1)
}

/// The process's status.
pub(crate) fn code(face: Face, result: &Result<Outcome, Error>) -> u8 {
    let own = match result {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Status(status)) => *status,
        Ok(Outcome::Signalled(signal)) => return low_byte(128_i32.saturating_add(*signal)),
        Err(error) => of_error(error),
    };
    match (face, result) {
        (Face::Usher, _) => own,
        // Where AWS's plugin dies of a missing member.
        (Face::Plugin { .. }, Err(Error::IncompleteResponse(_))) => 2,
        (Face::Plugin { real_status: true }, _) => own,
        // A session that was held and ended, however, and a resume that came too late: AWS's plugin says 0.
        (Face::Plugin { .. }, Ok(_) | Err(Error::Ended { .. } | Error::TimedOut { .. })) => 0,
        // AWS's plugin would wait for ever; a status that can be seen is better.
        (Face::Plugin { .. }, Err(_)) => 1,
    }
}

fn of_error(error: &Error) -> u8 {
    match error {
        Error::Dev(_) | Error::Serve(_) | Error::Cp(_) | Error::SignIn(_) => 1,
        _ => 255,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> Result<Outcome, Error> {
        Err(Error::Ended {
            session: "s".to_owned(),
            reason: "no".to_owned(),
        })
    }

    fn lost() -> Result<Outcome, Error> {
        Err(Error::Lost {
            session: "s".to_owned(),
            cause: "no".to_owned(),
        })
    }

    #[test]
    fn a_failure_is_never_zero_under_our_own_name() {
        assert_eq!(code(Face::Usher, &ended()), 255);
        assert_eq!(code(Face::Usher, &lost()), 255);
        assert_eq!(
            code(
                Face::Usher,
                &Err(Error::Dev(crate::dev::DevError::NodeNotReady))
            ),
            1
        );
    }

    #[test]
    fn under_the_plugins_name_a_session_that_was_held_ends_with_zero() {
        let face = Face::Plugin { real_status: false };
        assert_eq!(code(face, &Ok(Outcome::Status(7))), 0);
        assert_eq!(code(face, &ended()), 0);
        assert_eq!(code(face, &lost()), 1);
        assert_eq!(code(face, &Err(Error::IncompleteResponse("TokenValue"))), 2);
    }

    #[test]
    fn the_plugin_tells_the_real_status_when_it_is_asked_to() {
        let face = Face::Plugin { real_status: true };
        assert_eq!(code(face, &Ok(Outcome::Status(7))), 7);
        assert_eq!(code(face, &ended()), 255);
    }

    #[test]
    fn signals_end_with_128_and_their_number() {
        for face in [Face::Usher, Face::Plugin { real_status: false }] {
            assert_eq!(code(face, &Ok(Outcome::Signalled(15))), 143);
        }
    }

    #[test]
    fn the_shells_status_is_ours() {
        assert_eq!(code(Face::Usher, &Ok(Outcome::Status(137))), 137);
        assert_eq!(code(Face::Usher, &Ok(Outcome::Done)), 0);
    }
}
