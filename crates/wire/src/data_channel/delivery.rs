//! Between the wire and the driver: events that wait to be taken, and acknowledgements that wait to be sent.
//!
//! Invariant: a payload is acknowledged when it is taken and not before, so a byte acknowledged is a byte delivered.
//! The acknowledgement of a key waits a moment, because its echo is on the way: both then wake each program once.

use std::collections::VecDeque;

use uuid::Uuid;

use super::event::Event;
use crate::frame::{HEADER_BYTES, PayloadType};

/// Bytes of payloads that may wait for the driver before further messages are refused.
pub(super) const DELIVERY_BYTES: usize = 4 * 1024 * 1024;
/// Payloads that may wait.
pub(super) const DELIVERY_MESSAGES: usize = 16 * 1024;
/// Acknowledgements that may wait for a transport that does not take them. Beyond it they are left out: the peer sends
/// the message again and is answered then.
const WAITING_ACKNOWLEDGEMENTS: usize = 16 * 1024;
/// The longest payload whose acknowledgement may wait: keys and their echoes. What is longer belongs to a flow, which
/// the acknowledgement keeps going.
const KEYS: usize = 64;
/// More acknowledgements than this do not wait.
const PATIENT_ACKNOWLEDGEMENTS: usize = 8;

/// Which message to acknowledge: number and id as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) number: i64,
    pub(super) id: Uuid,
}

#[derive(Debug)]
struct Delivery {
    event: Event,
    /// For payloads: what to acknowledge, and the place in the stream.
    receipt: Option<(Receipt, i64)>,
    bytes: usize,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    events: VecDeque<Delivery>,
    bytes: usize,
    receipts: VecDeque<Receipt>,
    /// Whether one of `receipts` is not to wait for company.
    receipts_are_due: bool,
}

impl Deliveries {
    pub(super) fn has_room(&self) -> bool {
        self.bytes < DELIVERY_BYTES && self.events.len() < DELIVERY_MESSAGES
    }

    /// An event that acknowledges nothing.
    pub(super) fn announce(&mut self, event: Event) {
        self.events.push_back(Delivery {
            event,
            receipt: None,
            bytes: 0,
        });
    }

    /// An event made from the stream message at `place`.
    pub(super) fn deliver(&mut self, event: Event, receipt: Receipt, place: i64) {
        let payload_bytes = if let Event::Payload { payload, .. } = &event {
            payload.len()
        } else {
            0
        };
        let bytes = payload_bytes + HEADER_BYTES;
        self.bytes += bytes;
        self.events.push_back(Delivery {
            event,
            receipt: Some((receipt, place)),
            bytes,
        });
    }

    /// The next event; taking a payload acknowledges it.
    pub(super) fn take(&mut self) -> Option<Event> {
        let Delivery {
            event,
            receipt,
            bytes,
        } = self.events.pop_front()?;
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some((receipt, _)) = receipt {
            if is_patient(&event) {
                self.push_receipt(receipt);
            } else {
                self.acknowledge(receipt);
            }
        }
        Some(event)
    }

    /// Whether the message at `place` still waits to be taken.
    pub(super) fn waits(&self, place: i64) -> bool {
        let first = self
            .events
            .iter()
            .find_map(|delivery| delivery.receipt.map(|(_, place)| place));
        first.is_some_and(|first| place >= first)
    }

    /// Acknowledges without delay.
    pub(super) fn acknowledge(&mut self, receipt: Receipt) {
        self.receipts_are_due = true;
        self.push_receipt(receipt);
    }

    /// The waiting acknowledgements go out now.
    pub(super) fn send_receipts(&mut self) {
        self.receipts_are_due = !self.receipts.is_empty();
    }

    pub(super) fn receipts_wait(&self) -> bool {
        !self.receipts.is_empty() && !self.receipts_are_due
    }

    /// The next acknowledgement to send now.
    pub(super) fn take_receipt(&mut self) -> Option<Receipt> {
        if !self.receipts_are_due {
            return None;
        }
        let receipt = self.receipts.pop_front();
        self.receipts_are_due = !self.receipts.is_empty();
        receipt
    }

    fn push_receipt(&mut self, receipt: Receipt) {
        if self.receipts.len() < WAITING_ACKNOWLEDGEMENTS {
            self.receipts.push_back(receipt);
        }
        self.receipts_are_due |= self.receipts.len() > PATIENT_ACKNOWLEDGEMENTS;
    }
}

fn is_patient(event: &Event) -> bool {
    matches!(event, Event::Payload { payload_type: PayloadType::Output, payload } if payload.len() <= KEYS)
}
