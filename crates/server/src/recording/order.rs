//! Records in the order in which the person saw them: by the numbers of the node's stream, not by arrival.
//!
//! Where a message came before one that was missing, clients hold it back, and so does this. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;
use usher_wire::cast::Moment;

use super::file::Head;
use super::record::{Record, What};

/// One thing of a recording, at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes for the terminal; of a sealed recording any message of the node.
    Output(Bytes),
    /// A message of the client in a sealed recording.
    Told {
        /// Its number.
        sequence: i64,
        /// Type and payload.
        bytes: Bytes,
    },
    /// The terminal's size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The recording ends before its session.
    Lost(String),
    /// The session's end.
    End,
}

impl Event {
    /// Bytes for the terminal.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Output(bytes) | Self::Told { bytes, .. } => bytes.len(),
            Self::Size { .. } | Self::Lost(_) | Self::End => 0,
        }
    }

    /// The same for a cast, if it belongs there.
    pub(super) fn moment(&self) -> Option<Moment<'_>> {
        Some(match self {
            Self::Output(bytes) => Moment::Output(bytes),
            Self::Size { columns, rows } => Moment::Size {
                columns: *columns,
                rows: *rows,
            },
            Self::Lost(why) => Moment::Lost(why),
            Self::End => Moment::End,
            Self::Told { .. } => return None,
        })
    }
}

/// Puts records in order.
#[derive(Debug, Default)]
pub(crate) struct Order {
    next: i64,
    waiting: BTreeMap<i64, (Head, Bytes)>,
}

impl Order {
    /// An order whose first `next` messages were given out before.
    pub(crate) fn after(next: i64) -> Self {
        Self {
            next,
            waiting: BTreeMap::new(),
        }
    }

    /// The number of the next message that is given out.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// Takes a record of the block at `place` and appends what can be shown now.
    pub(crate) fn take(&mut self, place: Head, record: Record, into: &mut Vec<(u64, Event)>) {
        let at = record.at;
        match record.what {
            What::Shown {
                sequence, bytes, ..
            } => {
                if sequence >= self.next {
                    self.waiting.insert(sequence, (place, bytes));
                }
                while let Some((_, bytes)) = self.waiting.remove(&self.next) {
                    self.next += 1;
                    if !bytes.is_empty() {
                        into.push((at, Event::Output(bytes)));
                    }
                }
            }
            What::Told { sequence, bytes } => into.push((at, Event::Told { sequence, bytes })),
            What::Size { columns, rows } => into.push((at, Event::Size { columns, rows })),
            What::Lost(why) => into.push((at, Event::Lost(why))),
            What::End => into.push((at, Event::End)),
        }
    }

    /// How many messages were given out, and the earliest block that is needed for the rest; `present` if all that was
    /// taken was given out.
    pub(crate) fn place(&self, present: Head) -> (i64, Head) {
        let waiting = self.waiting.values().map(|(place, _)| *place);
        let earliest = waiting.min_by_key(|place| place.index);
        (self.next, earliest.unwrap_or(present))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(index: u64) -> Head {
        Head {
            offset: index,
            index,
            hash: [0; 32],
        }
    }

    fn shown(sequence: i64, bytes: &'static [u8]) -> Record {
        Record {
            at: u64::try_from(sequence).unwrap(),
            what: What::Shown {
                sequence,
                bytes: Bytes::from_static(bytes),
                digest: [0; 32],
            },
        }
    }

    #[test]
    fn a_message_that_came_too_early_waits_and_its_block_is_read_again() {
        let mut order = Order::default();
        let mut events = Vec::new();
        order.take(place(1), shown(2, b"c"), &mut events);
        order.take(place(2), shown(1, b"b"), &mut events);
        assert_eq!((events.len(), order.place(place(9))), (0, (0, place(1))));
        order.take(place(3), shown(0, b"a"), &mut events);
        let bytes = |event: &(u64, Event)| match &event.1 {
            Event::Output(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        let order_seen: Vec<_> = events.iter().map(bytes).collect();
        assert_eq!(order_seen, [&b"a"[..], b"b", b"c"]);
        assert_eq!(order.place(place(9)), (3, place(9)));
        order.take(place(4), shown(1, b"again"), &mut events);
        assert_eq!(events.len(), 3);
    }
}
