//! The lines of a sealed recording: messages as they travelled, for a reader who may decrypt them (`usher_wire::sealed_recording`
//! reads them). Pure.

use bytes::{Buf, Bytes};
use usher_wire::sealed_recording::{From, Sealed, SealedMoment};

use super::order::Event;

/// Appends the line of an event; `number` is that of the node's next message.
pub(super) fn line(at: u64, event: &Event, number: &mut i64, into: &mut String) {
    let moment = match event {
        Event::Output(bytes) => {
            let message = message(From::Node, *number, bytes);
            *number = number.saturating_add(1);
            SealedMoment::Message(message)
        }
        Event::Told { sequence, bytes } => {
            SealedMoment::Message(message(From::Client, *sequence, bytes))
        }
        Event::Lost(why) => SealedMoment::Lost(why.clone()),
        Event::End => SealedMoment::End,
        // Sizes are messages here.
        Event::Size { .. } => return,
    };
    into.push_str(&moment.line(at));
}

fn message(from: From, sequence: i64, bytes: &Bytes) -> Sealed {
    let mut payload = bytes.clone();
    Sealed {
        from,
        sequence,
        payload_type: payload.try_get_u32().unwrap_or_default(),
        payload,
    }
}
