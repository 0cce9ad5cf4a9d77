//! The task that owns one live session from its first moment until nobody needs to hear of it any more.
//!
//! It alone turns what happens (attachments, the agent's word, a request to end, time) into stored state, and it
//! stores an end before it tells the client, so that whoever has read the farewell finds the history right. It moves
//! no frames.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use usher_policy::LogFailure;

use super::broker::{Ending, Presence, Side};
use super::lifetime::{Expiry, Lifetime, Turn};
use super::limits::{COMPLETION_STILLNESS, FAREWELL, STORE_AGAIN, STORE_AGAIN_AT_LEAST};
use super::live::{AgentReport, LiveSession};
use super::nodes::ConnectedNodes;
use super::outgoing;
use crate::audit::SessionEnds;
use crate::bus::{Bus, Message, Subscription, Topic};
use crate::clock::Clock;
use crate::store::{SessionState, Store, StoreError};

/// What the task works with.
#[derive(Debug)]
pub(crate) struct Tending {
    pub(crate) session: Arc<LiveSession>,
    /// What the database says about its ends.
    pub(crate) shown: Presence,
    pub(crate) lifetime: Lifetime,
    /// Who says which agents are ours.
    pub(crate) nodes: ConnectedNodes,
    pub(crate) subscription: Subscription,
    pub(crate) store: Store,
    pub(crate) ends: SessionEnds,
    pub(crate) clock: Clock,
    pub(crate) bus: Arc<dyn Bus>,
    /// The server stops: sessions stay as they are in the database, and both ends come back.
    pub(crate) server_stops: CancellationToken,
}

/// What ended the session.
#[derive(Debug, PartialEq, Eq)]
enum Cause {
    /// The agent, on the data channel.
    Agent(AgentReport),
    /// The agent, on the control channel; already stored.
    Completion { output: String },
    /// Somebody entitled to; already stored as Terminating.
    Asked { output: String },
    /// It can no longer be recorded, and the preferences want none that is not.
    Unrecorded { output: String },
    /// Time.
    Expired(Expiry),
}

impl Tending {
    /// Runs until the session is over and told, or the server stops.
    pub(crate) async fn run(mut self) {
        let Some(cause) = self.until_end().await else {
            return;
        };
        let session = self.session.id.clone();
        tracing::info!(%session, ?cause, "session ends");
        let mut is_stored = self.has_stored(&self.store_end(&cause).await);
        let is_confirmed = self.tell(&cause);
        is_stored &= self.farewell(is_confirmed).await;
        if !is_stored {
            self.store_at_last(&cause).await;
        }
        self.session.dismiss();
    }

    async fn until_end(&mut self) -> Option<Cause> {
        loop {
            if let Some(report) = self.session.take_report() {
                return Some(Cause::Agent(report));
            }
            if let Some(cause) = self.judge_recording() {
                return Some(cause);
            }
            self.show_presence().await;
            let last_activity = self.session.last_activity();
            let until = match self.lifetime.poll(Instant::now(), last_activity) {
                Turn::End(expiry) => return Some(Cause::Expired(expiry)),
                Turn::Notice(sentence) => {
                    self.announce(sentence);
                    continue;
                }
                Turn::Wait(until) => until,
            };
            tokio::select! {
                () = self.server_stops.cancelled() => return None,
                () = self.session.changed() => {}
                () = sleep_until(until.into()) => {}
                message = self.subscription.recv() => match message? {
                    Message::End { output } => return Some(Cause::Asked { output }),
                    Message::Completed { output } => {
                        let word = self.agent_falls_silent().await;
                        return Some(word.map_or(Cause::Completion { output }, Cause::Agent));
                    }
                    Message::Frame(_) => {}
                },
            }
        }
    }

    /// A session whose recording was lost goes on with a word to the person, or ends.
    fn judge_recording(&self) -> Option<Cause> {
        let why = self.session.take_recording_lost()?;
        let ends = self
            .session
            .tape
            .as_ref()
            .is_some_and(|tape| tape.on_loss() == LogFailure::End);
        tracing::error!(session = %self.session.id, why, ends, "a session can no longer be recorded");
        if ends {
            let output =
                format!("The session was ended because it can no longer be recorded: {why}.");
            return Some(Cause::Unrecorded { output });
        }
        self.announce(format!("This session is not recorded any more: {why}."));
        None
    }

    /// We cannot write into the stream between the two ends; our own agent can, and AWS's is told nothing.
    fn announce(&self, sentence: String) {
        let node = self.nodes.find(&self.session.node);
        if node.is_some_and(|node| node.is_ours) {
            let notice = outgoing::notice(self.clock.now_ms(), sentence);
            self.session.tell_agent(notice);
        }
    }

    /// Stores whether both ends are there, when that has changed.
    async fn show_presence(&mut self) {
        let presence = self.session.presence();
        if presence == self.shown {
            return;
        }
        let state = match presence {
            Presence::Awaited => SessionState::Connecting,
            Presence::Joined => SessionState::Connected,
            Presence::Parted => SessionState::Disconnected,
        };
        let session = self.session.id.as_str();
        match self.store.show_presence(session, state).await {
            Ok(()) => self.shown = presence,
            Err(error) => tracing::error!(session, %error, "a session's state could not be stored"),
        }
    }

    /// The completion came on the control channel; output may still be on its way on the data channel. Waits until the
    /// agent says or does the end there too, or nothing moves any more.
    async fn agent_falls_silent(&self) -> Option<AgentReport> {
        loop {
            if let Some(report) = self.session.take_report() {
                return Some(report);
            }
            if !self.session.agent_may_bring_more() {
                return None;
            }
            let moves = self.session.moves();
            tokio::select! {
                () = self.server_stops.cancelled() => return None,
                () = self.session.changed() => {}
                () = sleep(COMPLETION_STILLNESS) => {
                    if self.session.moves() == moves {
                        return None;
                    }
                }
            }
        }
    }

    /// Stores the end as far as it is known. What the agent still has to confirm becomes Terminating.
    async fn store_end(&self, cause: &Cause) -> Result<(), StoreError> {
        match cause {
            Cause::Agent(report) if report.failed => {
                self.end_stored(SessionState::Failed, &report.output).await
            }
            Cause::Agent(report) => {
                self.end_stored(SessionState::Terminated, &report.output)
                    .await
            }
            Cause::Completion { .. } | Cause::Asked { .. } => Ok(()),
            Cause::Unrecorded { output } => self
                .store
                .begin_termination(self.session.id.as_str(), output)
                .await
                .map(|_| ()),
            Cause::Expired(expiry) => {
                let sentence = expiry.sentence(self.session.node.as_str());
                if expiry.is_failure() {
                    return self.end_stored(SessionState::Failed, &sentence).await;
                }
                self.store
                    .begin_termination(self.session.id.as_str(), &sentence)
                    .await
                    .map(|_| ())
            }
        }
    }

    async fn end_stored(&self, state: SessionState, details: &str) -> Result<(), StoreError> {
        self.ends
            .end(
                self.session.id.as_str(),
                state,
                details,
                self.clock.now_ms() as i64,
            )
            .await
            .map(|_| ())
    }

    /// Tells both ends. True if the agent has nothing left to confirm.
    fn tell(&self, cause: &Cause) -> bool {
        let (output, is_agents_word) = match cause {
            Cause::Agent(report) => (report.output.clone(), true),
            Cause::Completion { output } => (output.clone(), true),
            Cause::Asked { output } | Cause::Unrecorded { output } => (output.clone(), false),
            Cause::Expired(expiry) => (expiry.sentence(self.session.node.as_str()), false),
        };
        let never_started = self.session.last_activity().is_none();
        self.session.end(Ending {
            output,
            tell_agent: !is_agents_word,
        });
        if !is_agents_word {
            // Also over the control channel: the data channel may be gone, or not be there yet.
            let closed = outgoing::channel_closed(
                self.clock.now_ms(),
                self.session.node.as_str(),
                self.session.id.as_str(),
                "",
            );
            let delivery = self.bus.publish(
                &Topic::Node(self.session.node.clone()),
                Message::Frame(closed),
            );
            tracing::debug!(session = %self.session.id, ?delivery, "told the node to close a session");
        }
        is_agents_word || never_started
    }

    /// Waits until the client was told, the agent has confirmed and both are gone; at most [`FAREWELL`] without
    /// anything moving. Terminating becomes Terminated when the agent confirms, or when we stop waiting for that: false
    /// if that could not be stored.
    async fn farewell(&mut self, mut is_confirmed: bool) -> bool {
        let mut confirmed = None;
        loop {
            if is_confirmed && confirmed.is_none() {
                confirmed = Some(self.has_stored(&self.confirm_end().await));
            }
            let is_empty =
                !self.session.is_attached(Side::Agent) && !self.session.is_attached(Side::Client);
            if is_confirmed && is_empty && self.session.client_was_told() {
                return confirmed.unwrap_or_default();
            }
            let moves = self.session.moves();
            tokio::select! {
                () = self.server_stops.cancelled() => return true,
                () = self.session.changed() => is_confirmed |= self.session.take_report().is_some(),
                Some(message) = self.subscription.recv() => is_confirmed |= matches!(message, Message::Completed { .. }),
                () = sleep(FAREWELL) => {
                    if self.session.moves() == moves {
                        return self.has_stored(&self.confirm_end().await);
                    }
                }
            }
        }
    }

    /// No effect on a session whose end is stored already.
    async fn confirm_end(&self) -> Result<(), StoreError> {
        self.end_stored(SessionState::Terminated, "").await
    }

    /// A database that was away when the session ended must not leave it live in the history: the end is stored when
    /// that is back, or when the server is.
    async fn store_at_last(&self, cause: &Cause) {
        let mut pause = STORE_AGAIN;
        loop {
            tokio::select! {
                () = self.server_stops.cancelled() => return,
                () = sleep(pause) => {}
            }
            let stored = match self.store_end(cause).await {
                Ok(()) => self.confirm_end().await,
                refused => refused,
            };
            if self.has_stored(&stored) {
                return;
            }
            pause = (pause * 2).min(STORE_AGAIN_AT_LEAST);
        }
    }

    fn has_stored(&self, outcome: &Result<(), StoreError>) -> bool {
        if let Err(error) = outcome {
            tracing::error!(session = %self.session.id, %error, "the end of a session could not be stored");
        }
        outcome.is_ok()
    }
}
