//! The message gateway: control channels of nodes, data channels of sessions, and the live sessions between them.
//!
//! [`Gateway`] is the door: it knows which nodes are connected and which sessions live in this process, and it owns
//! their tasks. A data channel goes `upgrade` → `opening` → `admission` → `relay` around `live`'s `broker`; `tend` is
//! the task that owns a session's state. Sessions outlive the process: [`Gateway::restore`] finds them again in the
//! database. It knows neither IAM policies nor session documents.

mod admission;
mod allowed;
mod broker;
mod completion;
mod control_channel;
mod create_channel;
mod data_channel;
mod explain;
mod lifetime;
mod limits;
mod live;
mod nodes;
mod opening;
mod outgoing;
mod recorded;
mod relay;
mod sentence;
mod socket;
mod tend;
mod token;
mod upgrade;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::message::StartTask;

use crate::audit::SessionEnds;
use crate::bus::{Bus, Delivery, LocalBus, Message, Topic};
use crate::clock::Clock;
use crate::context::Context;
use crate::per_address::PerAddress;
use crate::recording::{Recordings, Tape};
use crate::store::{SessionRow, SessionState, Store, StoreError};
use broker::Presence;
use explain::Questions;
use lifetime::Lifetime;
use live::LiveSession;
use nodes::ConnectedNodes;
use tend::Tending;

pub(crate) use data_channel::open_as;
pub(crate) use explain::Unexplained;
pub(crate) use limits::{SESSIONS_PER_NODE, SESSIONS_PER_OWNER};
pub(crate) use nodes::ConnectedNode;
pub(crate) use token::NewToken;

/// The gateway; clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Gateway(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    ends: SessionEnds,
    clock: Clock,
    recordings: Recordings,
    bus: Arc<dyn Bus>,
    nodes: ConnectedNodes,
    /// Connections that have not sent their open message yet.
    openings: PerAddress,
    questions: Questions,
    live: Mutex<HashMap<SessionId, Arc<LiveSession>>>,
    tasks: TaskTracker,
    stops: CancellationToken,
}

/// The gateway's routes. Creating a channel is for the node itself, by signature; opening one is for whoever was given
/// the token, and for a node by signature as well.
pub(crate) fn routes() -> Router<Arc<Context>> {
    Router::new()
        .route(
            "/v1/control-channel/{id}",
            get(control_channel::open).post(create_channel::control_channel),
        )
        .route(
            "/v1/data-channel/{id}",
            get(data_channel::open).post(create_channel::data_channel),
        )
}

impl Gateway {
    /// A gateway without connections or sessions.
    pub(crate) fn new(
        store: Store,
        ends: SessionEnds,
        clock: Clock,
        recordings: Recordings,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            ends,
            clock,
            recordings,
            bus: Arc::new(LocalBus::default()),
            nodes: ConnectedNodes::default(),
            openings: PerAddress::new(limits::OPENING_PER_ADDRESS),
            questions: Questions::default(),
            live: Mutex::default(),
            tasks: TaskTracker::new(),
            stops: CancellationToken::new(),
        }))
    }

    /// Takes up the sessions that an earlier process left: their ends come back by themselves, and their timers go on.
    /// Those whose end was asked for are ended, and the recordings of those that are over are closed.
    pub(crate) async fn restore(&self) -> Result<(), StoreError> {
        let open = self.0.store.open_recordings().await?;
        let mut tapes: HashMap<_, _> = open
            .iter()
            .map(|row| (row.session_id.clone(), self.0.recordings.resume(row)))
            .collect();
        for row in self.0.store.unended_sessions().await? {
            let (Ok(id), Ok(node)) = (
                SessionId::parse(&row.session_id),
                NodeId::parse(&row.node_id),
            ) else {
                continue;
            };
            if row.state == SessionState::Terminating {
                self.0
                    .ends
                    .end(&row.session_id, SessionState::Terminated, "", self.now())
                    .await?;
                continue;
            }
            let age = Duration::from_millis(u64::try_from(self.now() - row.created).unwrap_or(0));
            let have_met = row.state != SessionState::Connecting;
            self.take_up(
                &row,
                LiveSession::new(id, node, row.owner_id.clone(), have_met, None)
                    .with_tape(tapes.remove(&row.session_id)),
                age,
            );
        }
        for tape in tapes.values() {
            self.close_recording(tape).await;
        }
        Ok(())
    }

    /// Stops: closes every channel and waits for the tasks. Sessions stay alive in the database.
    pub(crate) async fn close(&self) {
        self.0.stops.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Whether the node has a control channel.
    pub(crate) fn is_connected(&self, node: &NodeId) -> bool {
        self.connected_node(node).is_some()
    }

    /// Waits until the node has a control channel.
    pub(crate) async fn until_connected(&self, node: &NodeId) {
        self.0.nodes.until_entered(node).await;
    }

    /// What the node said when it opened its control channel, while it has one.
    pub(crate) fn connected_node(&self, node: &NodeId) -> Option<ConnectedNode> {
        self.0.nodes.find(node)
    }

    /// Sessions of a node, and of an owner, that are not over and told.
    pub(crate) fn count_sessions(&self, node: &NodeId, owner_id: &str) -> (usize, usize) {
        self.with_live(|live| {
            let of_node = live
                .values()
                .filter(|session| session.node == *node)
                .count();
            let of_owner = live
                .values()
                .filter(|session| session.owner_id == owner_id)
                .count();
            (of_node, of_owner)
        })
    }

    /// Begins a stored session: sends its task to the node and waits for both ends. The task is kept, and sent again
    /// when the node reconnects, until the agent opens the data channel. With a tape it is recorded.
    pub(crate) fn begin(
        &self,
        row: &SessionRow,
        id: SessionId,
        node: NodeId,
        task: &StartTask,
        tape: Option<Arc<Tape>>,
    ) {
        let frame = outgoing::start_session(self.0.clock.now_ms(), task);
        let session = LiveSession::new(
            id,
            node.clone(),
            row.owner_id.clone(),
            false,
            Some(frame.clone()),
        )
        .with_tape(tape);
        self.take_up(row, session, Duration::ZERO);
        if self
            .0
            .bus
            .publish(&Topic::Node(node), Message::Frame(frame))
            == Delivery::NobodyThere
        {
            tracing::info!(session = %row.session_id, node = %row.node_id, "the start task waits for the node to reconnect");
        }
    }

    /// Ends a session for somebody entitled to; `output` is a sentence for the person, or empty. No effect on one that
    /// is over.
    pub(crate) async fn terminate(
        &self,
        session_id: &SessionId,
        output: &str,
    ) -> Result<(), StoreError> {
        if !self
            .0
            .store
            .begin_termination(session_id.as_str(), output)
            .await?
        {
            return Ok(());
        }
        let end = Message::End {
            output: output.to_owned(),
        };
        if self.0.bus.publish(&Topic::Session(session_id.clone()), end) == Delivery::NobodyThere {
            self.0
                .ends
                .end(
                    session_id.as_str(),
                    SessionState::Terminated,
                    "",
                    self.now(),
                )
                .await?;
        }
        Ok(())
    }

    /// Ends a session whose node is none any more: its agent is told, and nobody waits for a confirmation that could no
    /// longer be signed.
    pub(crate) async fn abandon(
        &self,
        session_id: &SessionId,
        output: &str,
    ) -> Result<(), StoreError> {
        self.terminate(session_id, output).await?;
        let id = session_id.as_str();
        self.0
            .ends
            .end(id, SessionState::Terminated, "", self.now())
            .await?;
        Ok(())
    }

    /// Has our own agent write a sentence into a live session. AWS's agents cannot and are told nothing.
    pub(crate) fn announce(&self, session_id: &SessionId, sentence: String) {
        let session = self.live(session_id);
        let Some(session) = session else {
            return;
        };
        if self
            .connected_node(&session.node)
            .is_some_and(|node| node.is_ours)
        {
            session.tell_agent(outgoing::notice(self.0.clock.now_ms(), sentence));
        }
    }

    /// Closes the control channel of a node that is none any more.
    pub(crate) fn dismiss(&self, node: &NodeId) {
        let end = Message::End {
            output: String::new(),
        };
        if self.0.bus.publish(&Topic::Node(node.clone()), end) == Delivery::NobodyThere {
            tracing::info!(%node, "had no control channel to close");
        }
    }

    /// Whether the session has ended and its client has not heard of it: the last output and the reason wait for it.
    pub(crate) fn owes_its_client(&self, session_id: &str) -> bool {
        let session = SessionId::parse(session_id)
            .ok()
            .and_then(|id| self.live(&id));
        session.is_some_and(|session| !session.client_was_told())
    }

    /// Notes that the session's agent was given a token. A completion that overtakes its data channel
    /// then waits for what that channel brings.
    fn expect_agent(&self, session_id: &str) {
        let session = SessionId::parse(session_id)
            .ok()
            .and_then(|id| self.live(&id));
        if let Some(session) = session {
            session.expect_agent();
        }
    }

    /// Makes the session one of this process, with a task that owns it.
    fn take_up(&self, row: &SessionRow, session: LiveSession, age: Duration) {
        let session = Arc::new(session);
        let (id, tape) = (session.id.clone(), session.tape.clone());
        self.with_live(|live| live.insert(id.clone(), Arc::clone(&session)));
        let minutes = |count: i64| u64::try_from(count).unwrap_or(0);
        let tending = Tending {
            ends: self.0.ends.clone(),
            session,
            shown: match row.state {
                SessionState::Connecting => Presence::Awaited,
                SessionState::Connected => Presence::Joined,
                _ => Presence::Parted,
            },
            lifetime: Lifetime::new(
                Instant::now(),
                age,
                minutes(row.idle_minutes),
                row.max_minutes.map(minutes),
            ),
            nodes: self.0.nodes.clone(),
            subscription: self.0.bus.subscribe(Topic::Session(id.clone())),
            store: self.0.store.clone(),
            clock: self.0.clock.clone(),
            bus: Arc::clone(&self.0.bus),
            server_stops: self.0.stops.clone(),
        };
        let gateway = self.clone();
        self.0.tasks.spawn(async move {
            tending.run().await;
            if let Some(tape) = tape {
                gateway.put_away(tape).await;
            }
            gateway.with_live(|live| live.remove(&id));
        });
    }

    /// The recording of a session that this process is done with: closed, unless another process takes the session up.
    async fn put_away(&self, tape: Arc<Tape>) {
        if !self.0.stops.is_cancelled() {
            return self.close_recording(&tape).await;
        }
        let session = tape.session().to_owned();
        if let Err(error) = spawn_blocking(move || tape.sync()).await {
            tracing::error!(session, %error, "a recording was not written to the disk");
        }
    }

    async fn close_recording(&self, tape: &Arc<Tape>) {
        let now_ms = self.0.clock.now_ms();
        let closed = self.0.recordings.close(tape, &self.0.store, now_ms).await;
        if let Err(error) = closed {
            tracing::error!(session = tape.session(), %error, "the end of a recording could not be stored");
        }
    }

    /// The session, while it lives in this process or its end is still being told.
    fn live(&self, id: &SessionId) -> Option<Arc<LiveSession>> {
        self.with_live(|live| live.get(id).cloned())
    }

    /// Start tasks that still wait for their agent to open the data channel.
    fn waiting_tasks(&self, node: &NodeId) -> Vec<Bytes> {
        self.with_live(|live| {
            live.values()
                .filter(|session| session.node == *node)
                .filter_map(|session| session.waiting_task())
                .collect()
        })
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn now(&self) -> i64 {
        i64::try_from(self.0.clock.now_ms()).unwrap_or(i64::MAX)
    }

    fn with_live<T>(&self, act: impl FnOnce(&mut HashMap<SessionId, Arc<LiveSession>>) -> T) -> T {
        act(&mut self.0.live.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
