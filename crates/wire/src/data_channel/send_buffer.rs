//! What we still owe the peer: three lanes of payloads without a number, and the flight of numbered messages.
//!
//! Invariants: a message gets its number when it is first transmitted, so what is urgent can overtake what waits; a
//! numbered message is kept, byte for byte, until it is acknowledged; all is bounded, and nothing is ever dropped.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event::Full;
use crate::frame::PayloadType;

/// Payload and frame bytes we hold before `writable` says no. One payload may overshoot it.
pub(super) const BUFFER_BYTES: usize = 1024 * 1024;
/// Messages we hold before `writable` says no.
pub(super) const BUFFER_MESSAGES: usize = 4096;
/// Unacknowledged bytes beyond which bulk waits. What is in flight is what an urgent message cannot overtake.
pub(super) const FLIGHT_BYTES: usize = 512 * 1024;
/// The same for what a person types or pastes, where Ctrl-C must not queue behind much.
pub(super) const INTERACTIVE_FLIGHT_BYTES: usize = 64 * 1024;
/// Numbers in flight, oldest unacknowledged to newest. Below every receiver's reorder buffer.
const FLIGHT_MESSAGES: i64 = 2048;
/// Numbers beyond `FLIGHT_MESSAGES` that only urgent payloads may use.
const URGENT_FLIGHT: i64 = 64;
/// Urgent payloads that may wait, and their bytes.
const URGENT_MESSAGES: usize = 64;
const URGENT_BYTES: usize = 64 * 1024;

/// A payload without a number.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) payload_type: PayloadType,
    pub(super) payload: Bytes,
    /// Output that is the service's sentence.
    pub(super) is_notice: bool,
}

impl Next {
    fn new(payload_type: PayloadType, payload: Bytes) -> Self {
        Self {
            payload_type,
            payload,
            is_notice: false,
        }
    }
}

/// A numbered message; `frame` is empty once acknowledged.
#[derive(Debug)]
struct Sent {
    frame: Option<Bytes>,
    at: Instant,
    repeated: bool,
}

/// What an acknowledgement meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// A message sent once, this long ago.
    FirstCopy(Duration),
    /// A message sent more than once.
    Repeat,
    /// One that was acknowledged before.
    Again,
    /// A number that was never sent.
    NeverSent,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct SendBuffer {
    handshake: VecDeque<Next>,
    urgent: VecDeque<Next>,
    bulk: VecDeque<Next>,
    bulk_bytes: usize,
    urgent_bytes: usize,
    /// Messages numbered `oldest..next_number`.
    flight: VecDeque<Sent>,
    oldest: i64,
    flight_bytes: usize,
    unacknowledged: usize,
    /// Numbers to transmit again before anything new.
    again: Range<i64>,
    flight_limit: usize,
    /// While held, only the handshake is transmitted.
    held: bool,
}

impl SendBuffer {
    pub(super) fn new() -> Self {
        Self {
            handshake: VecDeque::new(),
            urgent: VecDeque::new(),
            bulk: VecDeque::new(),
            bulk_bytes: 0,
            urgent_bytes: 0,
            flight: VecDeque::new(),
            oldest: 0,
            flight_bytes: 0,
            unacknowledged: 0,
            again: 0..0,
            flight_limit: FLIGHT_BYTES,
            held: true,
        }
    }

    pub(super) fn writable(&self) -> bool {
        self.bulk_bytes + self.flight_bytes < BUFFER_BYTES
            && self.bulk.len() + self.flight.len() < BUFFER_MESSAGES
    }

    pub(super) fn is_idle(&self) -> bool {
        self.unacknowledged == 0
            && self.handshake.is_empty()
            && self.urgent.is_empty()
            && self.bulk.is_empty()
    }

    pub(super) fn unacknowledged(&self) -> usize {
        self.unacknowledged
    }

    /// Lets payloads other than the handshake out.
    pub(super) fn release(&mut self) {
        self.held = false;
    }

    pub(super) fn limit_flight(&mut self, bytes: usize) {
        self.flight_limit = bytes;
    }

    pub(super) fn push(&mut self, payload_type: PayloadType, payload: Bytes) -> Result<(), Full> {
        if !self.writable() {
            return Err(Full(payload));
        }
        self.bulk_bytes += payload.len();
        self.bulk.push_back(Next::new(payload_type, payload));
        Ok(())
    }

    pub(super) fn discard_waiting(&mut self) {
        self.bulk.clear();
        self.bulk_bytes = 0;
    }

    /// A notice is in order with the output it stands between.
    pub(super) fn push_notice(&mut self, payload: Bytes) -> Result<(), Full> {
        self.push(PayloadType::Output, payload)?;
        if let Some(last) = self.bulk.back_mut() {
            last.is_notice = true;
        }
        Ok(())
    }

    /// A waiting window size is replaced by a newer one: only the last matters.
    pub(super) fn push_urgent(
        &mut self,
        payload_type: PayloadType,
        payload: Bytes,
    ) -> Result<(), Full> {
        if payload_type == PayloadType::Size {
            let older = self
                .urgent
                .iter_mut()
                .find(|waiting| waiting.payload_type == PayloadType::Size);
            if let Some(older) = older {
                self.urgent_bytes =
                    self.urgent_bytes.saturating_sub(older.payload.len()) + payload.len();
                older.payload = payload;
                return Ok(());
            }
        }
        if self.urgent.len() >= URGENT_MESSAGES || self.urgent_bytes + payload.len() > URGENT_BYTES
        {
            return Err(Full(payload));
        }
        self.urgent_bytes += payload.len();
        self.urgent.push_back(Next::new(payload_type, payload));
        Ok(())
    }

    /// Handshake messages are few by the protocol; they go before everything.
    pub(super) fn push_handshake(&mut self, payload_type: PayloadType, payload: Bytes) {
        self.handshake.push_back(Next::new(payload_type, payload));
    }

    /// The next payload to get a number, at most `max_payload` bytes of a byte stream.
    pub(super) fn take_next(&mut self, max_payload: usize) -> Option<Next> {
        if let Some(next) = self.handshake.pop_front() {
            return Some(next);
        }
        if self.held {
            return None;
        }
        let in_flight = self.next_number() - self.oldest;
        if in_flight < FLIGHT_MESSAGES + URGENT_FLIGHT
            && let Some(next) = take_front(&mut self.urgent, max_payload)
        {
            self.urgent_bytes = self.urgent_bytes.saturating_sub(next.payload.len());
            return Some(next);
        }
        if in_flight >= FLIGHT_MESSAGES || self.flight_bytes >= self.flight_limit {
            return None;
        }
        let next = take_front(&mut self.bulk, max_payload)?;
        self.bulk_bytes = self.bulk_bytes.saturating_sub(next.payload.len());
        Some(next)
    }

    /// The number that [`SendBuffer::record`] will give.
    pub(super) fn next_number(&self) -> i64 {
        self.oldest + self.flight.len() as i64
    }

    /// Keeps the frame that was just made for `next_number` until it is acknowledged.
    pub(super) fn record(&mut self, frame: Bytes, now: Instant) {
        self.flight_bytes += frame.len();
        self.unacknowledged += 1;
        self.flight.push_back(Sent {
            frame: Some(frame),
            at: now,
            repeated: false,
        });
    }

    /// The next frame to transmit again, if one is due.
    pub(super) fn take_repeat(&mut self) -> Option<Bytes> {
        while self.again.start < self.again.end {
            let number = self.again.start.max(self.oldest);
            self.again.start = number + 1;
            let sent = self.sent_mut(number)?;
            if let Some(frame) = sent.frame.clone() {
                sent.repeated = true;
                return Some(frame);
            }
        }
        None
    }

    /// Marks everything unacknowledged for transmission.
    pub(super) fn repeat_all(&mut self) {
        self.again = self.oldest..self.next_number();
    }

    /// Marks the `count` oldest unacknowledged messages for transmission, unless more is marked already.
    pub(super) fn repeat_oldest(&mut self, count: usize) {
        let waiting = self
            .flight
            .iter()
            .zip(self.oldest..)
            .filter(|(sent, _)| sent.frame.is_some());
        let end = waiting
            .take(count)
            .last()
            .map_or(self.oldest, |(_, number)| number + 1);
        let marked = if self.again.is_empty() {
            self.oldest
        } else {
            self.again.end
        };
        self.again = self.oldest..end.max(marked);
    }

    pub(super) fn acknowledge(&mut self, number: i64, now: Instant) -> Acknowledged {
        if number < 0 || number >= self.next_number() {
            return Acknowledged::NeverSent;
        }
        let Some(sent) = self.sent_mut(number) else {
            return Acknowledged::Again;
        };
        let Some(frame) = sent.frame.take() else {
            return Acknowledged::Again;
        };
        let (at, repeated) = (sent.at, sent.repeated);
        self.flight_bytes = self.flight_bytes.saturating_sub(frame.len());
        self.unacknowledged = self.unacknowledged.saturating_sub(1);
        while self
            .flight
            .pop_front_if(|sent| sent.frame.is_none())
            .is_some()
        {
            self.oldest += 1;
        }
        if repeated {
            Acknowledged::Repeat
        } else {
            Acknowledged::FirstCopy(now.saturating_duration_since(at))
        }
    }

    fn sent_mut(&mut self, number: i64) -> Option<&mut Sent> {
        let index = usize::try_from(number.checked_sub(self.oldest)?).ok()?;
        self.flight.get_mut(index)
    }
}

/// Takes the front payload, or the first part of it when it is a byte stream longer than `max_payload`.
fn take_front(lane: &mut VecDeque<Next>, max_payload: usize) -> Option<Next> {
    let front = lane.front_mut()?;
    if front.payload_type.is_byte_stream() && front.payload.len() > max_payload {
        let at = cut_position(&front.payload, max_payload);
        return Some(Next::new(front.payload_type, front.payload.split_to(at)));
    }
    lane.pop_front()
}

/// Where to cut so that a UTF-8 character stays whole, as AWS's agent does for clients that decode frame by frame.
fn cut_position(payload: &[u8], max: usize) -> usize {
    let inside_character = |at: usize| {
        payload
            .get(at)
            .is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000)
    };
    (0..4)
        .filter_map(|back| max.checked_sub(back))
        .find(|at| *at > 0 && !inside_character(*at))
        .unwrap_or(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant has no other maker; it stands for any time"
    )]
    fn in_flight(messages: u8) -> (SendBuffer, Instant) {
        let now = Instant::now();
        let mut buffer = SendBuffer::new();
        for message in 0..messages {
            buffer.record(Bytes::from(vec![message]), now);
        }
        (buffer, now)
    }

    fn repeats(buffer: &mut SendBuffer) -> Vec<u8> {
        std::iter::from_fn(|| buffer.take_repeat())
            .map(|frame| frame[0])
            .collect()
    }

    #[test]
    fn numbers_outside_the_flight_are_never_sent_or_known() {
        let (mut buffer, now) = in_flight(2);
        assert_eq!(buffer.acknowledge(2, now), Acknowledged::NeverSent);
        assert_eq!(buffer.acknowledge(-1, now), Acknowledged::NeverSent);
        assert_eq!(
            buffer.acknowledge(0, now),
            Acknowledged::FirstCopy(Duration::ZERO)
        );
        assert_eq!(buffer.acknowledge(0, now), Acknowledged::Again);
    }

    #[test]
    fn a_repeat_skips_what_was_acknowledged_and_is_known_as_one() {
        let (mut buffer, now) = in_flight(5);
        buffer.acknowledge(1, now);
        buffer.repeat_oldest(2);
        assert_eq!(repeats(&mut buffer), [0, 2]);
        assert_eq!(buffer.acknowledge(2, now), Acknowledged::Repeat);
        assert_eq!(
            buffer.acknowledge(3, now),
            Acknowledged::FirstCopy(Duration::ZERO)
        );
    }

    #[test]
    fn marking_the_oldest_does_not_unmark_the_rest() {
        let (mut buffer, _) = in_flight(4);
        buffer.repeat_all();
        assert_eq!(buffer.take_repeat().map(|frame| frame[0]), Some(0));
        buffer.repeat_oldest(1);
        assert_eq!(repeats(&mut buffer), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_acknowledged_before_its_repeat_is_not_repeated() {
        let (mut buffer, now) = in_flight(3);
        buffer.repeat_all();
        buffer.acknowledge(0, now);
        buffer.acknowledge(1, now);
        assert_eq!(repeats(&mut buffer), [2]);
        buffer.acknowledge(2, now);
        assert!(buffer.is_idle());
    }
}
