//! How a session ended, judged from how its two processes ended.
//!
//! The session worker says what went wrong by its exit code, a closed list: the monitor parses no
//! text of a process that talks to the network.

use std::time::Duration;

use usher_sys::ExitStatus;

use crate::ipc::{Asked, Outcome};

/// What a session worker's exit code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// The session ran and ended.
    Success = 0,
    /// The task is not one this agent can serve.
    TaskUnreadable = 10,
    /// The data channel could not be opened, or was refused later.
    ChannelRefused = 11,
    /// The login process ended before the shell did.
    LoginLost = 12,
    /// The shell could not be started.
    ShellFailed = 13,
    /// The client broke the protocol, or somebody on the way did.
    ClientFailed = 14,
    /// The system refused the session worker what it needs to serve anybody.
    NodeExhausted = 15,
    /// KMS did not decrypt the session's data key.
    KeyFailed = 16,
    /// The session's log could not be written, and the preferences want no session without.
    LogFailed = 17,
}

impl SessionEnd {
    fn from_code(code: i32) -> Option<Self> {
        [
            Self::Success,
            Self::TaskUnreadable,
            Self::ChannelRefused,
            Self::LoginLost,
            Self::ShellFailed,
            Self::ClientFailed,
            Self::NodeExhausted,
            Self::KeyFailed,
            Self::LogFailed,
        ]
        .into_iter()
        .find(|end| *end as i32 == code)
    }

    /// The same for a worker that was another monitor's child.
    pub(super) fn judge_code(code: u8) -> Outcome {
        match Self::from_code(code.into()) {
            Some(end) => end.outcome(),
            None => failed("The session worker on the node ended unexpectedly."),
        }
    }

    fn outcome(self) -> Outcome {
        let sentence = match self {
            Self::Success => return Outcome::Success,
            Self::TaskUnreadable => "The agent could not read the session's task.",
            Self::ChannelRefused => {
                "The agent could not open the session's data channel, or the service refused it."
            }
            Self::LoginLost => "The login process on the node ended before the shell did.",
            Self::ShellFailed => {
                "The login shell could not be started; the agent's log on the node says why."
            }
            Self::ClientFailed => "The client broke the session's protocol.",
            Self::NodeExhausted => {
                "The node has no descriptor, process or memory left to serve the session; the agent's log on the node says which."
            }
            Self::KeyFailed => "The node could not decrypt the session's data key.",
            Self::LogFailed => "The session was ended because its log cannot be written.",
        };
        Outcome::Failed(sentence.to_owned())
    }
}

/// `refusal` is what login said before it ended; `worker` is `None` when no worker was started.
pub(super) fn judge(
    refusal: Option<String>,
    login: ExitStatus,
    worker: Option<ExitStatus>,
) -> Outcome {
    if let Some(sentence) = refusal {
        return Outcome::Failed(sentence);
    }
    match (login, worker) {
        (_, Some(ExitStatus::Code(code))) => match SessionEnd::from_code(code) {
            Some(end) => end.outcome(),
            None => failed("The session worker on the node ended unexpectedly."),
        },
        (_, Some(ExitStatus::Signal(_))) => failed("The session worker on the node was killed."),
        (_, None) => failed("The login process on the node ended unexpectedly."),
    }
}

/// A login that was killed because `asked` did not answer it within `waited`.
pub(super) fn unanswered(asked: Asked, waited: Duration) -> String {
    let who = match asked {
        Asked::AccountDatabase => "the node's account database does not answer",
        Asked::Pam => "a module of the node's PAM rules for usher does not come to an end",
    };
    format!(
        "The login was given up after {} s: {who}.",
        waited.as_secs()
    )
}

/// A login that left no word, found by a monitor that did not start it.
pub(super) fn lost_with_its_login() -> Outcome {
    failed("The login process on the node ended unexpectedly.")
}

fn failed(sentence: &str) -> Outcome {
    Outcome::Failed(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: ExitStatus = ExitStatus::Code(0);

    fn check(refusal: Option<&str>, login: ExitStatus, worker: Option<ExitStatus>, says: &str) {
        match judge(refusal.map(str::to_owned), login, worker) {
            Outcome::Failed(sentence) => assert!(sentence.contains(says), "{sentence}"),
            Outcome::Success => assert_eq!(says, "success"),
        }
    }

    #[test]
    fn every_way_to_fail_has_its_sentence() {
        check(
            Some("does not exist on mi-1"),
            CLEAN,
            None,
            "does not exist on mi-1",
        );
        check(None, ExitStatus::Signal(9), None, "login process");
        check(None, CLEAN, Some(ExitStatus::Signal(11)), "was killed");
        check(None, CLEAN, Some(ExitStatus::Code(101)), "unexpectedly");
        check(None, CLEAN, Some(ExitStatus::Code(11)), "data channel");
        check(
            None,
            ExitStatus::Signal(9),
            Some(ExitStatus::Code(12)),
            "before the shell",
        );
    }

    #[test]
    fn a_login_that_was_given_up_names_who_kept_it_waiting() {
        let sentence = |asked| unanswered(asked, Duration::from_secs(30));
        assert!(sentence(Asked::AccountDatabase).contains("30 s: the node's account database"));
        assert!(sentence(Asked::Pam).contains("PAM"));
    }

    #[test]
    fn a_session_that_ran_and_ended_is_a_success() {
        check(None, CLEAN, Some(CLEAN), "success");
    }
}
