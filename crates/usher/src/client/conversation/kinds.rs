//! What differs by the kind of session: whether there is a terminal, pipes or a port at the other end, what opens here, and
//! what becomes of it when we go.

use std::time::Instant;

use serde_json::Value;
use usher_wire::frame::PayloadType;
use usher_wire::message::{Flag, SessionType};
use usher_wire::version::reaches;

use super::super::forward::{Forward, Listen};
use super::super::input::Input;
use super::super::screen;
use super::{COMMAND_ENDS_WITHIN, Conversation, Ending, FIRST_MULTIPLEXING, Source};
use crate::error::Error;

impl Conversation<'_> {
    /// The session has started: from here on the keyboard belongs to the node.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        if self.is_forwarding() {
            return self.open_forward().await;
        }
        if self.is_on_terminal() {
            self.raw_mode = screen::enter_raw_mode().map_err(Error::Terminal)?;
            self.tell_size();
        }
        let input = Input::start().map_err(Error::Terminal)?;
        self.input = Some(Source::Stdin(input));
        Ok(())
    }

    pub(super) async fn open_forward(&mut self) -> Result<(), Error> {
        let multiplexes = reaches(self.channel.peer_version(), FIRST_MULTIPLEXING);
        let document = Listen::of_properties(self.channel.properties());
        let opened = match self.listen.take().or(document) {
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
                self.input = Some(Source::Connections(forward.input));
                self.forward = Some(forward.output);
                Ok(())
            }
            Err(error) => {
                // The session is of no use to anybody; without this it would wait for its idle timeout.
                let flag = Flag::TerminateSession.to_payload();
                let _ = self.channel.send_urgent(PayloadType::Flag, flag);
                self.transmit();
                Err(error)
            }
        }
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
        self.channel.session_type() == Some(SessionType::NonInteractiveCommands)
            && self.channel.peer_is_usher()
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
