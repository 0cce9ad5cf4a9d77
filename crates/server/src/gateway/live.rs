//! One live session in this process: its broker, and whom to wake when the broker's answer changes.
//!
//! It owns the lock around the broker, held for one step at a time and never across an await, and the rule that a
//! connection leaves its seat when its [`Attachment`] is dropped, however its task ends. It knows no sockets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use usher_wire::ids::{NodeId, SessionId};

use super::broker::{Arrival, Broker, ConnectionId, Ending, Next, Presence, Side};
use crate::recording::Tape;

/// What the agent says about the end of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentReport {
    /// The session could not be started or broke.
    pub(crate) failed: bool,
    /// A sentence for the person, or empty.
    pub(crate) output: String,
}

/// A session that has not ended, or whose end is still being told.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) id: SessionId,
    pub(crate) node: NodeId,
    pub(crate) owner_id: String,
    /// Its recorder, if it is recorded.
    pub(crate) tape: Option<Arc<Tape>>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    broker: Broker,
    agent: Option<Arc<Wakers>>,
    client: Option<Arc<Wakers>>,
    connections: u64,
    /// The start task's frame, until the agent attaches.
    task: Option<Bytes>,
    report: Option<AgentReport>,
    /// Why the recording ended before the session, until that was taken up.
    unrecorded: Option<String>,
    /// The agent asked for a token and has not opened its channel yet.
    agent_is_coming: bool,
}

/// How one connection is woken. Each has its own, so that a wake-up cannot be spent by the connection it replaced.
#[derive(Debug, Default)]
struct Wakers {
    to_send: Notify,
    room: Notify,
    gone: CancellationToken,
}

impl State {
    fn wakers(&self, side: Side) -> Option<&Wakers> {
        match side {
            Side::Agent => self.agent.as_deref(),
            Side::Client => self.client.as_deref(),
        }
    }

    fn wake_writer(&self, side: Side) {
        if let Some(wakers) = self.wakers(side) {
            wakers.to_send.notify_one();
        }
    }

    fn wake_reader(&self, side: Side) {
        if let Some(wakers) = self.wakers(side) {
            wakers.room.notify_one();
        }
    }
}

impl LiveSession {
    /// A session with nobody attached. `have_met` is true for one found in the database in a later state.
    pub(crate) fn new(
        id: SessionId,
        node: NodeId,
        owner_id: String,
        have_met: bool,
        task: Option<Bytes>,
    ) -> Self {
        let state = State {
            broker: Broker::new(Instant::now(), have_met),
            agent: None,
            client: None,
            connections: 0,
            task,
            report: None,
            unrecorded: None,
            agent_is_coming: false,
        };
        Self {
            id,
            node,
            owner_id,
            tape: None,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// The same session, recorded.
    pub(crate) fn with_tape(self, tape: Option<Arc<Tape>>) -> Self {
        Self { tape, ..self }
    }

    /// Takes the side's seat for a new connection; the present one, if any, is told to go.
    pub(crate) fn attach(self: &Arc<Self>, side: Side) -> Attachment {
        let wakers = Arc::new(Wakers::default());
        let connection = self.with_state(|state| {
            state.connections += 1;
            let connection = ConnectionId(state.connections);
            state.broker.attach(Instant::now(), side, connection);
            let replaced = match side {
                Side::Agent => state.agent.replace(Arc::clone(&wakers)),
                Side::Client => state.client.replace(Arc::clone(&wakers)),
            };
            if let Some(replaced) = replaced {
                replaced.gone.cancel();
            }
            if side == Side::Agent {
                state.task = None;
                state.agent_is_coming = false;
            }
            // The other side may be owed a `start_publication`.
            state.wake_writer(side.other());
            connection
        });
        self.changed.notify_one();
        Attachment {
            session: Arc::clone(self),
            side,
            connection,
            wakers,
        }
    }

    /// Ends the session: what waits for the client is still delivered, then the farewell.
    pub(crate) fn end(&self, ending: Ending) {
        self.with_state(|state| {
            state.task = None;
            state.broker.end(ending);
            for side in [Side::Agent, Side::Client] {
                state.wake_writer(side);
                state.wake_reader(side);
            }
        });
    }

    /// Gives the agent a frame of our own. Nothing happens while either side is away: it is for the moment.
    pub(crate) fn tell_agent(&self, frame: Bytes) {
        self.with_state(|state| {
            if state.broker.presence() == Presence::Joined && state.broker.tell_agent(frame) {
                state.wake_writer(Side::Agent);
            }
        });
    }

    /// Sends both connections away, whatever still waits for them.
    pub(crate) fn dismiss(&self) {
        self.with_state(|state| {
            for side in [Side::Agent, Side::Client] {
                if let Some(wakers) = state.wakers(side) {
                    wakers.gone.cancel();
                }
            }
        });
    }

    /// The start task that still waits for its agent.
    pub(crate) fn waiting_task(&self) -> Option<Bytes> {
        self.with_state(|state| state.task.clone())
    }

    /// The agent's own word about the end, once.
    pub(crate) fn take_report(&self) -> Option<AgentReport> {
        self.with_state(|state| state.report.take())
    }

    /// Notes that the recording ended before the session, and why.
    pub(crate) fn recording_lost(&self, why: String) {
        self.with_state(|state| state.unrecorded = Some(why));
        self.changed.notify_one();
    }

    /// Why the recording ended before the session, once.
    pub(crate) fn take_recording_lost(&self) -> Option<String> {
        self.with_state(|state| state.unrecorded.take())
    }

    /// Whether both ends are there.
    pub(crate) fn presence(&self) -> Presence {
        self.with_state(|state| state.broker.presence())
    }

    /// Notes that the agent is about to open its channel.
    pub(crate) fn expect_agent(&self) {
        self.with_state(|state| state.agent_is_coming = true);
    }

    /// Whether the agent's channel is open or about to be, so that output may still come.
    pub(crate) fn agent_may_bring_more(&self) -> bool {
        self.with_state(|state| state.agent_is_coming || state.broker.is_attached(Side::Agent))
    }

    /// Whether the session has ended, told or not.
    pub(crate) fn has_ended(&self) -> bool {
        self.with_state(|state| state.broker.has_ended())
    }

    /// Whether the side is there.
    pub(crate) fn is_attached(&self, side: Side) -> bool {
        self.with_state(|state| state.broker.is_attached(side))
    }

    /// When stream data last passed; `None` before the agent's first attachment.
    pub(crate) fn last_activity(&self) -> Option<Instant> {
        self.with_state(|state| {
            state
                .broker
                .agent_has_attached()
                .then(|| state.broker.last_activity())
        })
    }

    /// How often a frame was taken or given out so far.
    pub(crate) fn moves(&self) -> u64 {
        self.with_state(|state| state.broker.moves())
    }

    /// Whether the client has heard of the end.
    pub(crate) fn client_was_told(&self) -> bool {
        self.with_state(|state| state.broker.client_was_told())
    }

    /// Waits for an attachment, a departure, a farewell or the agent's report. For one waiter; cancel safe.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // The state is whole between any two steps, so a panic elsewhere in a task leaves nothing half done.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One connection's hold on its seat. Dropping it leaves the seat.
#[derive(Debug)]
pub(crate) struct Attachment {
    session: Arc<LiveSession>,
    side: Side,
    connection: ConnectionId,
    wakers: Arc<Wakers>,
}

/// The session takes no more frames from this connection: it has ended, or a newer connection has the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotTaken;

impl Attachment {
    /// The session.
    pub(crate) fn session(&self) -> &LiveSession {
        &self.session
    }

    /// Which end this connection is.
    pub(crate) fn side(&self) -> Side {
        self.side
    }

    /// What this connection's writer does next.
    pub(crate) fn next(&self) -> Next {
        let next = self.session.with_state(|state| {
            let next = state.broker.poll_next(self.side, self.connection);
            if matches!(next, Next::Relay(_)) {
                state.wake_reader(self.side.other());
            }
            next
        });
        if matches!(next, Next::Close(_)) {
            self.session.changed.notify_one();
        }
        next
    }

    /// Waits until [`Self::next`] may have something new. Cancel safe.
    pub(crate) async fn woken(&self) {
        self.wakers.to_send.notified().await;
    }

    /// Waits until this connection lost its seat or was dismissed. Cancel safe.
    pub(crate) async fn gone(&self) {
        self.wakers.gone.cancelled().await;
    }

    /// Hands a frame to the other side, waiting as long as that side has no room: this wait is what slows down the
    /// faster end.
    pub(crate) async fn relay(
        &self,
        sequence: Option<i64>,
        mut frame: Bytes,
    ) -> Result<(), NotTaken> {
        loop {
            match self.offer(sequence, frame) {
                Arrival::Taken => return Ok(()),
                Arrival::Full(back) => frame = back,
                Arrival::Ended | Arrival::Replaced => return Err(NotTaken),
            }
            self.wakers.room.notified().await;
        }
    }

    /// Notes that the farewell, if it was handed out, did not leave on this connection.
    pub(crate) fn farewell_failed(&self) {
        self.session
            .with_state(|state| state.broker.farewell_failed(self.side, self.connection));
    }

    /// Notes the agent's own word about the end.
    pub(crate) fn report(&self, report: AgentReport) {
        self.session.with_state(|state| {
            if state.report.is_none() {
                state.report = Some(report);
            }
        });
        self.session.changed.notify_one();
    }

    fn offer(&self, sequence: Option<i64>, frame: Bytes) -> Arrival {
        self.session.with_state(|state| {
            let arrival =
                state
                    .broker
                    .arrive(Instant::now(), self.side, self.connection, sequence, frame);
            if arrival == Arrival::Taken {
                state.wake_writer(self.side.other());
            }
            if !state.broker.is_attached(self.side.other()) {
                // Our own peer may have to be asked to pause.
                state.wake_writer(self.side);
            }
            arrival
        })
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.session.with_state(|state| {
            if state.broker.detach(self.side, self.connection) {
                match self.side {
                    Side::Agent => state.agent = None,
                    Side::Client => state.client = None,
                }
                // More than the hold may wait for this side already.
                state.wake_writer(self.side.other());
            }
        });
        self.session.changed.notify_one();
    }
}
