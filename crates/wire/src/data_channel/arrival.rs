//! What each arriving message does to the channel: acknowledgements, closing, pauses, and the peer's stream in order.
//!
//! Invariant: handshake messages are run, and acknowledged, when their turn in the stream comes; all other payloads
//! wait as events and are acknowledged when the driver takes them.

use std::time::Instant;

use bytes::Bytes;

use super::delivery::Receipt;
use super::event::{Event, PeerError, Role};
use super::handshake;
use super::receive_window::Arrival;
use super::send_buffer::Acknowledged;
use super::{DataChannel, Stage};
use crate::frame::{Frame, PayloadType};
use crate::message::{Acknowledge, ChannelClosed, Notice, Size};

impl DataChannel {
    pub(super) fn handle_acknowledge(&mut self, now: Instant, payload: &[u8]) {
        let Ok(number) = Acknowledge::number(payload) else {
            self.counters.discarded += 1;
            return;
        };
        self.resume(now);
        match self.send.acknowledge(number, now) {
            Acknowledged::FirstCopy(sample) => self.loss.acknowledged_first_copy(sample),
            Acknowledged::Repeat => self.loss.acknowledged_repeat(),
            Acknowledged::Again => return,
            Acknowledged::NeverSent => {
                self.counters.discarded += 1;
                return;
            }
        }
        self.arm_retransmit(now);
    }

    /// The session ends even when the sentence can't be read.
    pub(super) fn handle_closed(&mut self, payload: &[u8]) {
        let output = serde_json::from_slice::<ChannelClosed>(payload)
            .map(|closed| closed.output)
            .unwrap_or_default();
        self.stage = Stage::Closed;
        self.timers.stop_all();
        self.deliveries.announce(Event::Closed { output });
    }

    /// For an agent whose driver takes events, so that a service that repeats itself fills nothing.
    pub(super) fn handle_notice(&mut self, payload: &[u8]) {
        match serde_json::from_slice(payload) {
            Ok(Notice { text }) if self.role == Role::Agent && self.deliveries.has_room() => {
                self.deliveries.announce(Event::Notice { text });
            }
            _ => self.counters.discarded += 1,
        }
    }

    pub(super) fn handle_stream(&mut self, now: Instant, frame: Frame) -> Result<(), PeerError> {
        let receipt = Receipt {
            number: frame.sequence,
            id: frame.message_id,
        };
        match self.receive.accept(frame, self.deliveries.has_room()) {
            Arrival::Next { frame, place } => {
                self.handle_in_order(now, frame, place)?;
                while let Some((frame, place)) = self.receive.take_ready() {
                    self.handle_in_order(now, frame, place)?;
                }
            }
            Arrival::Kept => {}
            Arrival::Duplicate { place } => {
                self.counters.duplicates += 1;
                if !self.deliveries.waits(place) {
                    self.deliveries.acknowledge(receipt);
                }
            }
            Arrival::Refused => self.counters.refused += 1,
        }
        self.watch_hole(now);
        Ok(())
    }

    fn handle_in_order(&mut self, now: Instant, frame: Frame, place: i64) -> Result<(), PeerError> {
        let receipt = Receipt {
            number: frame.sequence,
            id: frame.message_id,
        };
        let payload = self
            .secrecy
            .open(frame.payload_type, frame.sequence, frame.payload)?;
        match (self.role, frame.payload_type) {
            (Role::Agent, PayloadType::HandshakeResponse) => {
                self.deliveries.acknowledge(receipt);
                self.handle_response(now, &payload)
            }
            (Role::Client, PayloadType::HandshakeRequest) => {
                self.deliveries.acknowledge(receipt);
                self.handle_request(payload)
            }
            (Role::Client, PayloadType::EncChallengeRequest) => {
                self.deliveries.acknowledge(receipt);
                self.handle_challenge(&payload)
            }
            (Role::Agent, PayloadType::EncChallengeResponse) => {
                self.deliveries.acknowledge(receipt);
                self.handle_challenge_answer(now, &payload)
            }
            (Role::Client, PayloadType::HandshakeComplete) => {
                self.may_open()?;
                self.deliveries.acknowledge(receipt);
                self.open_client(handshake::read_complete(&payload)?);
                Ok(())
            }
            (_, payload_type) => {
                self.open_without_handshake()?;
                match payload_event(self.role, payload_type, payload) {
                    Some(event) => self.deliveries.deliver(event, receipt, place),
                    None => {
                        self.counters.discarded += 1;
                        self.deliveries.acknowledge(receipt);
                    }
                }
                Ok(())
            }
        }
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
        self.timers.stop_all();
    }

    /// AWS's agent is resumed by stream data and acknowledgements as well as by `start_publication`.
    pub(super) fn resume(&mut self, now: Instant) {
        if self.paused {
            self.paused = false;
            self.loss.path_renewed();
            self.arm_retransmit(now);
            self.arm_fallback(now);
        }
    }
}

/// What a payload means to the driver; None for what this end can't use.
fn payload_event(role: Role, payload_type: PayloadType, payload: Bytes) -> Option<Event> {
    match (role, payload_type) {
        (Role::Agent, PayloadType::Size) => serde_json::from_slice(&payload)
            .ok()
            .and_then(|Size { cols, rows }| size_event(cols, rows)),
        (_, PayloadType::Output | PayloadType::Flag) => Some(Event::Payload {
            payload_type,
            payload,
        }),
        (Role::Client, PayloadType::StdErr | PayloadType::ExitCode) => Some(Event::Payload {
            payload_type,
            payload,
        }),
        _ => None,
    }
}

pub(super) fn size_event(cols: u16, rows: u16) -> Option<Event> {
    (cols > 0 && rows > 0).then_some(Event::Size { cols, rows })
}
