//! What a session says when it ends: to login, to the service, and of its exit status.

use bytes::Bytes;
use usher_aws::wall_ms;
use usher_sys::ExitStatus;
use usher_wire::frame::{FLAG_FIN, FLAG_SYN, Frame, MessageType};
use usher_wire::message::{SessionState, SessionStateName, TaskStatus, UsherSessionState, to_json};
use uuid::Uuid;

use super::super::error::SessionError;
use super::Session;
use crate::ipc::ToShell;
use crate::monitor::SessionEnd;

impl Session {
    /// The last message to login, for a monitor that did not start this process. Login may be gone.
    pub(super) fn leave(&self, end: &Result<SessionEnd, SessionError>) {
        let end = end.as_ref().map_or_else(SessionError::end, |end| *end);
        let _ = self.login.send(&ToShell::Leaving { code: end as u8 });
    }

    /// The last message, for the service alone. AWS's agent sends none after a terminate.
    pub(super) fn say_how_it_ended(&mut self, end: &Result<SessionEnd, SessionError>) {
        let (status, output) = match end {
            Ok(_) if self.exited.is_none() && !self.all_is_said => return,
            Ok(_) => (TaskStatus::Success, String::new()),
            Err(error) => (TaskStatus::Failed, error.to_string()),
        };
        let usher = UsherSessionState {
            status,
            output,
            exit_code: self.exited.map(shell_code),
        };
        let state = self.state(SessionStateName::Terminating, Some(usher));
        self.transport.feed(state);
    }

    pub(super) fn state(&self, name: SessionStateName, usher: Option<UsherSessionState>) -> Bytes {
        let state = SessionState {
            schema_version: 1,
            session_state: name,
            session_id: self.id.as_str().to_owned(),
            usher,
        };
        Frame::unsequenced(
            MessageType::AgentSessionState,
            FLAG_SYN | FLAG_FIN,
            Uuid::new_v4(),
            wall_ms(),
            to_json(&state),
        )
        .encode()
    }
}

/// As a shell would say it: 128 and the signal's number for a process that a signal ended.
pub(super) fn shell_code(status: ExitStatus) -> i32 {
    match status {
        ExitStatus::Code(code) => code,
        ExitStatus::Signal(signal) => 128 + signal,
    }
}
