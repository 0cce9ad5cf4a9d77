//! Who is attached to one session, and what is relayed, held or refused: a pure state machine.
//!
//! It owns three invariants: each side has at most one connection and the newest wins; what was taken from one side
//! reaches the other in the same order, bounded in bytes; `channel_closed` reaches the client only after everything
//! that was taken for it. It knows no sockets, no clocks, no database and no JSON: time is an argument, and the
//! drivers in `data_channel` ask it what to do next.

mod lane;

use std::time::Instant;

use bytes::Bytes;

use lane::Lane;
#[cfg(test)]
pub(crate) use lane::{HOLD_BYTES, LANE_BYTES};

/// One of the two ends of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The node's end.
    Agent,
    /// The person's end.
    Client,
}

impl Side {
    /// The end across the relay.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Agent => Self::Client,
            Self::Client => Self::Agent,
        }
    }
}

/// Tells one connection of a side from the one that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// Whether both ends are there, as the session's state shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The two have not met yet.
    Awaited,
    /// Both are attached.
    Joined,
    /// They met, and one is away.
    Parted,
}

/// Why and how a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The sentence the person reads; empty for an ordinary end.
    pub(crate) output: String,
    /// False when the agent itself said that it ends: it needs no `channel_closed` and closes its own socket.
    pub(crate) tell_agent: bool,
}

/// What became of a frame that arrived.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Arrival {
    /// It waits for the other side now.
    Taken,
    /// No room: the frame is handed back, to be offered again once the other side has taken something.
    Full(Bytes),
    /// The session has ended; nothing is relayed any more.
    Ended,
    /// A newer connection of the same side took the seat.
    Replaced,
}

/// What a connection's writer does next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Next {
    /// Send these bytes as they are.
    Relay(Bytes),
    /// Ask the peer to stop publishing.
    Pause,
    /// Ask the peer to publish again.
    Start,
    /// Send `channel_closed` with this sentence.
    Close(String),
    /// Flush, and wait to be woken.
    Wait,
    /// Everything was said: flush and close the socket.
    Finished,
    /// A newer connection of the same side took the seat: close the socket.
    Replaced,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Farewell {
    #[default]
    NotDue,
    Due,
    Said,
}

#[derive(Debug, Default)]
struct Seat {
    connection: Option<ConnectionId>,
    /// Frames toward this seat.
    lane: Lane,
    /// Whether the present connection was asked to pause. A new connection starts unpaused: agents forget a pause
    /// when they reconnect.
    paused: bool,
    /// Whether a connection had this seat before.
    was_taken: bool,
    /// The present connection is to hear that the other side is back: what it sent meanwhile may have been lost with
    /// the other's old connection, and it need not find out by waiting for acknowledgements.
    start_due: bool,
    farewell: Farewell,
    /// The highest sequence number seen from this seat. A repeat is no sign of life of the person or the program.
    highest_sequence: Option<i64>,
}

/// One session's meeting point.
#[derive(Debug)]
pub(crate) struct Broker {
    agent: Seat,
    client: Seat,
    agent_has_attached: bool,
    have_met: bool,
    ending: Option<Ending>,
    last_activity: Instant,
    moves: u64,
}

impl Broker {
    /// A session whose ends have not met; `have_met` is true for one rebuilt from the database in a later state.
    pub(crate) fn new(now: Instant, have_met: bool) -> Self {
        Self {
            agent: Seat::default(),
            client: Seat::default(),
            agent_has_attached: have_met,
            have_met,
            ending: None,
            last_activity: now,
            moves: 0,
        }
    }

    /// Whether an agent has ever attached, which is what proves that the start task arrived.
    pub(crate) fn agent_has_attached(&self) -> bool {
        self.agent_has_attached
    }

    /// Whether the side has a connection now.
    pub(crate) fn is_attached(&self, side: Side) -> bool {
        self.seat(side).connection.is_some()
    }

    /// Whether both ends are there.
    pub(crate) fn presence(&self) -> Presence {
        match (
            self.is_attached(Side::Agent) && self.is_attached(Side::Client),
            self.have_met,
        ) {
            (true, _) => Presence::Joined,
            (false, true) => Presence::Parted,
            (false, false) => Presence::Awaited,
        }
    }

    /// When stream data that was not a repeat last passed, in either direction.
    pub(crate) fn last_activity(&self) -> Instant {
        self.last_activity
    }

    /// How often a frame was taken or given out: unchanged between two looks means that nothing moves.
    pub(crate) fn moves(&self) -> u64 {
        self.moves
    }

    /// Whether the session has ended, told or not.
    pub(crate) fn has_ended(&self) -> bool {
        self.ending.is_some()
    }

    /// Whether the client has been told of the end.
    pub(crate) fn client_was_told(&self) -> bool {
        self.client.farewell == Farewell::Said
    }

    /// Gives the side's seat to a connection and returns the one that lost it.
    pub(crate) fn attach(
        &mut self,
        now: Instant,
        side: Side,
        connection: ConnectionId,
    ) -> Option<ConnectionId> {
        let seat = self.seat_mut(side);
        let replaced = seat.connection.replace(connection);
        let is_back = std::mem::replace(&mut seat.was_taken, true);
        seat.paused = false;
        // A new connection begins by repeating what is unacknowledged.
        seat.start_due = false;
        if seat.farewell == Farewell::Said {
            seat.farewell = Farewell::Due;
        }
        self.agent_has_attached |= side == Side::Agent;
        self.have_met |= self.is_attached(side.other());
        self.seat_mut(side.other()).start_due |= is_back;
        self.last_activity = now;
        replaced
    }

    /// Empties the side's seat, unless a newer connection has taken it.
    pub(crate) fn detach(&mut self, side: Side, connection: ConnectionId) -> bool {
        let seat = self.seat_mut(side);
        let was_seated = seat.connection == Some(connection);
        if was_seated {
            seat.connection = None;
        }
        was_seated
    }

    /// The connection broke under the farewell: it is due again, on another one.
    pub(crate) fn farewell_failed(&mut self, side: Side, connection: ConnectionId) {
        let seat = self.seat_mut(side);
        if seat.connection == Some(connection) && seat.farewell == Farewell::Said {
            seat.farewell = Farewell::Due;
        }
    }

    /// Offers a frame from one side to the other. `sequence` is given for stream data, which counts as activity when
    /// it is new.
    pub(crate) fn arrive(
        &mut self,
        now: Instant,
        from: Side,
        connection: ConnectionId,
        sequence: Option<i64>,
        frame: Bytes,
    ) -> Arrival {
        if self.ending.is_some() {
            return Arrival::Ended;
        }
        if self.seat(from).connection != Some(connection) {
            return Arrival::Replaced;
        }
        if let Err(frame) = self.seat_mut(from.other()).lane.push(frame) {
            return Arrival::Full(frame);
        }
        self.moves += 1;
        if sequence.is_some() && sequence > self.seat(from).highest_sequence {
            self.seat_mut(from).highest_sequence = sequence;
            self.last_activity = now;
        }
        Arrival::Taken
    }

    /// Puts a frame of the server's own behind what waits for the agent; false when there is no room or the session
    /// has ended. It is nobody's activity.
    pub(crate) fn tell_agent(&mut self, frame: Bytes) -> bool {
        self.ending.is_none() && self.agent.lane.push(frame).is_ok()
    }

    /// Ends the session; the first ending counts. What waits for the client is still delivered, then the farewell;
    /// what waits for the agent is dropped, since nothing will read it.
    pub(crate) fn end(&mut self, ending: Ending) -> bool {
        if self.ending.is_some() {
            return false;
        }
        self.agent.lane.clear();
        self.client.farewell = Farewell::Due;
        if ending.tell_agent {
            self.agent.farewell = Farewell::Due;
        }
        self.ending = Some(ending);
        true
    }

    /// What the side's writer does next. Each answer is given once: the writer does it, then asks again.
    pub(crate) fn poll_next(&mut self, side: Side, connection: ConnectionId) -> Next {
        if self.seat(side).connection != Some(connection) {
            return Next::Replaced;
        }
        if let Some(publication) = self.poll_publication(side) {
            return publication;
        }
        let output = self.ending.as_ref().map(|ending| ending.output.clone());
        let seat = self.seat_mut(side);
        if let Some(frame) = seat.lane.pop() {
            self.moves += 1;
            return Next::Relay(frame);
        }
        match (output, seat.farewell) {
            (Some(output), Farewell::Due) => {
                seat.farewell = Farewell::Said;
                // The sentence is for the person; an agent ignores it.
                Next::Close(if side == Side::Client {
                    output
                } else {
                    String::new()
                })
            }
            (Some(_), Farewell::Said) => Next::Finished,
            _ => Next::Wait,
        }
    }

    /// A side is asked to pause once more than the hold waits for an absent other side. Not earlier: to AWS's agent a
    /// pause ends a command that has separate output streams. It is asked to go on, which to our own programs also
    /// means to repeat what is unacknowledged, once that side is back.
    fn poll_publication(&mut self, side: Side) -> Option<Next> {
        if self.ending.is_some() {
            return None;
        }
        let other = self.seat(side.other());
        let (is_awaited, is_over_hold) = (other.connection.is_none(), other.lane.is_over_hold());
        let seat = self.seat_mut(side);
        if is_awaited && is_over_hold && !seat.paused {
            seat.paused = true;
            return Some(Next::Pause);
        }
        if !is_awaited && (seat.paused || seat.start_due) {
            seat.paused = false;
            seat.start_due = false;
            return Some(Next::Start);
        }
        None
    }

    fn seat(&self, side: Side) -> &Seat {
        match side {
            Side::Agent => &self.agent,
            Side::Client => &self.client,
        }
    }

    fn seat_mut(&mut self, side: Side) -> &mut Seat {
        match side {
            Side::Agent => &mut self.agent,
            Side::Client => &mut self.client,
        }
    }
}

#[cfg(test)]
mod tests;
