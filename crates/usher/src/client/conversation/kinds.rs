//! What differs by the kind of session: whether there is a terminal, pipes or a port at the other end, what opens here, and
//! what becomes of it when we go.

use std::time::Instant;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use usher_wire::frame::PayloadType;
use usher_wire::message::{Flag, SessionType};
use usher_wire::version::reaches;

use super::super::Near;
use super::super::carried::carried;
use super::super::forward::{self, Forward, Handed, Listen};
use super::super::input::Input;
use super::super::screen;
use super::{COMMAND_ENDS_WITHIN, Conversation, Ending, FIRST_MULTIPLEXING, Source};
use crate::error::Error;

/// Connections that were handed over and are not served yet.
const HANDED: usize = 16;

impl Conversation<'_> {
    /// The session has started: from here on the keyboard belongs to the node.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        let near = std::mem::take(&mut self.near);
        if let Near::Handed(opened) = near {
            return self.serve_handed(opened);
        }
        if self.is_forwarding() {
            return self.open_forward(near).await;
        }
        match (near, self.is_copy()) {
            (Near::Carried(ours), true) => {
                let (input, output) = carried(ours, JoinSet::new());
                self.input = Some(Source::Carried(input));
                self.carried = Some(output);
                return Ok(());
            }
            (Near::Carried(_), false) => return Err(self.end_with(Error::NoCopy)),
            (_, true) => return Err(self.end_with(Error::OnlyCopies)),
            (Near::Usual | Near::Listens(_) | Near::Handed(_), false) => {}
        }
        if self.is_on_terminal() {
            self.raw_mode = screen::enter_raw_mode().map_err(Error::Terminal)?;
            self.tell_size();
        }
        let input = Input::start().map_err(Error::Terminal)?;
        self.input = Some(Source::Stdin(input));
        Ok(())
    }

    async fn open_forward(&mut self, near: Near) -> Result<(), Error> {
        let multiplexes = reaches(self.channel.peer_version(), FIRST_MULTIPLEXING);
        let document = Listen::of_properties(self.channel.properties());
        let listen = match near {
            Near::Listens(listen) => Some(listen),
            Near::Usual | Near::Handed(_) | Near::Carried(_) => document,
        };
        let opened = match listen {
            _ if !multiplexes => Err(Error::OldAgent(self.channel.peer_version().to_owned())),
            None => Err(Error::NoLocalPort),
            Some(listen) => {
                let accepted = self.voice.accepted();
                let started = Forward::start(&listen, accepted).await;
                started.map_err(|cause| Error::Listen { listen, cause })
            }
        };
        match opened {
            Ok(forward) => {
                self.voice.forwarding(&forward.place)?;
                self.input = Some(Source::Carried(forward.input));
                self.carried = Some(forward.output);
                Ok(())
            }
            Err(error) => Err(self.end_with(error)),
        }
    }

    fn serve_handed(&mut self, opened: oneshot::Sender<mpsc::Sender<Handed>>) -> Result<(), Error> {
        if !self.is_forwarding() || !reaches(self.channel.peer_version(), FIRST_MULTIPLEXING) {
            let version = self.channel.peer_version().to_owned();
            return Err(self.end_with(Error::OldAgent(version)));
        }
        let answers = self.channel.peer_is_usher() && self.send_flag(Flag::AnswerDials);
        let (hand, waiting) = mpsc::channel(HANDED);
        let (input, output) = forward::handed(waiting, answers).map_err(Error::Terminal)?;
        self.input = Some(Source::Carried(input));
        self.carried = Some(output);
        self.ends_with_input = true;
        // Whoever wanted it may be gone; then nothing is handed over, and it ends.
        let _ = opened.send(hand);
        Ok(())
    }

    /// The session is of no use to anybody; without this it would wait for its idle timeout.
    fn end_with(&mut self, error: Error) -> Error {
        let flag = Flag::TerminateSession.to_payload();
        let _ = self.channel.send_urgent(PayloadType::Flag, flag);
        self.transmit();
        error
    }

    /// Whether there is a terminal at the other end.
    pub(super) fn is_on_terminal(&self) -> bool {
        matches!(
            self.channel.session_type(),
            Some(SessionType::StandardStream | SessionType::InteractiveCommands)
        )
    }

    /// Whether our agent serves a command on pipes. AWS's has no end of input and takes signals as bytes.
    pub(super) fn is_on_pipes(&self) -> bool {
        let command = self.channel.session_type() == Some(SessionType::NonInteractiveCommands);
        (command || self.is_copy()) && self.channel.peer_is_usher()
    }

    pub(super) fn is_copy(&self) -> bool {
        self.channel.session_type() == Some(SessionType::Copy)
    }

    pub(super) fn is_port(&self) -> bool {
        self.channel.session_type() == Some(SessionType::Port)
    }

    /// Whether local connections are carried, rather than standard input and output.
    pub(super) fn is_forwarding(&self) -> bool {
        let kind = self.channel.properties().get("type");
        self.is_port() && kind.and_then(Value::as_str) == Some("LocalPortForwarding")
    }

    /// In order with the input; false when there is no room yet.
    pub(super) fn send_flag(&mut self, flag: Flag) -> bool {
        let sent = self.channel.send(PayloadType::Flag, flag.to_payload());
        sent.is_ok()
    }

    /// A shell stays for whoever resumes it; a command or a port ends with its caller.
    pub(super) fn leave(&mut self, now: Instant, ending: Ending) -> Option<Ending> {
        let flag = Flag::TerminateSession.to_payload();
        let told = (self.is_on_pipes() || self.is_port())
            && self.link.is_up()
            && self.leaving.is_none()
            && self.channel.send_urgent(PayloadType::Flag, flag).is_ok();
        if !told {
            return Some(ending);
        }
        self.leaving = Some((ending, now + COMMAND_ENDS_WITHIN));
        None
    }
}
