//! What the node says, put where it belongs.

use std::time::Instant;

use bytes::Bytes;
use usher_wire::data_channel::Event;
use usher_wire::frame::PayloadType;
use usher_wire::message::Flag;

use super::super::data_key;
use super::super::output::Stream;
use super::Conversation;
use crate::error::Error;

impl Conversation<'_> {
    pub(super) async fn deliver(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::HandshakeComplete { customer_message } => {
                // Of a command, standard error is the command's.
                if self.voice.is_plugin() || !self.is_on_pipes() {
                    self.voice.opened(&customer_message)?;
                }
                self.open().await?;
            }
            Event::Payload {
                payload_type,
                payload,
            } => self.deliver_payload(payload_type, payload),
            Event::KeyAsked { key_id, challenge } => {
                self.kms_at_work = Some(data_key::ask(&self.opening, key_id, challenge));
            }
            Event::Closed { output } => self.reason = Some(output),
            // The node's end comes and goes by itself; all are the agent's events.
            Event::Notice { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Opened { .. }
            | Event::KeyCame { .. }
            | Event::Size { .. } => {}
        }
        Ok(())
    }

    fn deliver_payload(&mut self, payload_type: PayloadType, payload: Bytes) {
        self.stdin_end.not_quiet(Instant::now());
        match (payload_type, &mut self.carried) {
            (PayloadType::Output, Some(carried)) => return carried.take(payload),
            (PayloadType::Flag, Some(_))
                if Flag::from_payload(&payload) == Some(Flag::ConnectToPortError) =>
            {
                return self.voice.not_connected();
            }
            _ => {}
        }
        match payload_type {
            PayloadType::Output => self.output.take(Stream::Out, payload),
            // AWS's plugin writes all three to standard output.
            PayloadType::StdErr if self.voice.is_plugin() => self.output.take(Stream::Out, payload),
            PayloadType::StdErr => self.output.take(Stream::Err, payload),
            PayloadType::ExitCode => {
                self.status = exit_status(&payload);
                if self.voice.is_plugin() && !self.channel.peer_is_usher() {
                    self.output.take(Stream::Out, payload);
                }
            }
            _ => {}
        }
    }
}

/// `7` from some agents, `EXIT_CODE: 7` from AWS's: the number at the end.
fn exit_status(payload: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(payload).ok()?;
    text.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_no_status() {
        for payload in [&b""[..], b"EXIT_CODE:", b"seven", b"\xff", b"7 8"] {
            assert_eq!(exit_status(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn both_spellings_of_a_status_are_read() {
        for payload in [&b"7"[..], b"EXIT_CODE: 7", b"EXIT_CODE: 7\n"] {
            assert_eq!(exit_status(payload), Some(7), "{payload:?}");
        }
    }
}
