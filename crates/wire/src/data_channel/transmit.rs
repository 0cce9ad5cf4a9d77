//! What goes out next: what must be repeated, then new payloads, and acknowledgements, which travel with either.
//!
//! Invariant: an acknowledgement that is due goes first, so that no flood of ours holds up the peer's; one that can wait
//! goes behind the next message in the same flush, or alone when its timer expires.

use std::time::Instant;

use bytes::Bytes;

use super::delivery::Receipt;
use super::event::Event;
use super::send_buffer::Next;
use super::timers::Timer;
use super::{ACKNOWLEDGE_WITHIN, DataChannel, Role, Stage};
use crate::frame::{Envelope, FLAG_FIN, FLAG_NOTICE, FLAG_SYN, MessageType, PayloadType};
use crate::message::Acknowledge;

impl DataChannel {
    pub(super) fn poll_stream(&mut self, now: Instant, created_ms: u64) -> Option<Bytes> {
        if self.paused {
            return None;
        }
        if let Some(frame) = self.send.take_repeat() {
            self.counters.retransmitted += 1;
            self.arm_retransmit(now);
            return Some(frame);
        }
        self.transmit_new(now, created_ms)
    }

    fn transmit_new(&mut self, now: Instant, created_ms: u64) -> Option<Bytes> {
        let Next {
            payload_type,
            payload,
            is_notice,
        } = self.send.take_next(self.max_payload())?;
        let sequence = self.send.next_number();
        let payload = match self.secrecy.seal(payload_type, sequence, payload) {
            Ok(payload) => payload,
            Err(error) => {
                // Neither in the clear nor left out: the session is over.
                self.fail(&error.to_string());
                return None;
            }
        };
        let first_of_agent = self.role == Role::Agent && sequence == 0;
        let envelope = Envelope {
            message_type: self.outgoing(),
            created_ms,
            sequence,
            flags: match (first_of_agent, is_notice) {
                (true, _) => FLAG_SYN,
                (false, true) => FLAG_NOTICE,
                (false, false) => 0,
            },
            message_id: self.ids.next(),
            payload_type,
        };
        let message = envelope.seal(&payload);
        self.send.record(message.clone(), now);
        if !self.timers.is_running(Timer::Retransmit) {
            self.arm_retransmit(now);
        }
        Some(message)
    }

    fn fail(&mut self, output: &str) {
        self.stage = Stage::Closed;
        self.timers.stop_all();
        self.deliveries.announce(Event::Closed {
            output: output.to_owned(),
        });
    }

    pub(super) fn acknowledgement(&mut self, receipt: Receipt, created_ms: u64) -> Bytes {
        let envelope = Envelope {
            message_type: MessageType::Acknowledge,
            created_ms,
            sequence: 0,
            flags: FLAG_SYN | FLAG_FIN,
            message_id: self.ids.next(),
            payload_type: PayloadType::Undefined,
        };
        let acknowledge = Acknowledge {
            message_type: self.incoming(),
            message_id: receipt.id,
            sequence: receipt.number,
            is_sequential: true,
        };
        self.scratch.clear();
        match serde_json::to_writer(&mut self.scratch, &acknowledge) {
            Ok(()) => envelope.seal(&self.scratch),
            // Numbers and names always serialise; were it otherwise, the peer would ignore an empty acknowledgement.
            Err(_) => envelope.seal(&[]),
        }
    }

    /// What was in flight may have been lost with the peer's transport or with ours.
    pub(super) fn repeat_everything(&mut self) {
        self.loss.path_renewed();
        self.send.repeat_all();
    }

    pub(super) fn arm_acknowledge(&mut self, now: Instant) {
        if !self.deliveries.receipts_wait() {
            self.timers.stop(Timer::Acknowledge);
        } else if !self.timers.is_running(Timer::Acknowledge) {
            self.timers
                .set(Timer::Acknowledge, now + ACKNOWLEDGE_WITHIN);
        }
    }

    pub(super) fn arm_retransmit(&mut self, now: Instant) {
        let transmits = self.connected && !self.paused && self.stage != Stage::Closed;
        if transmits && self.send.unacknowledged() > 0 {
            self.timers
                .set(Timer::Retransmit, now + self.loss.timeout());
        } else {
            self.timers.stop(Timer::Retransmit);
        }
    }
}
