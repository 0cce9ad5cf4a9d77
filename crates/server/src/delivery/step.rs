//! One step of a delivery: what it did, and what both sinks need for it.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::session_log;

use super::{by_node, to_logs, to_s3};
use crate::context::Context;
use crate::identity::{Caller, NodeScope, node_caller};
use crate::recording::{Place, Stretch};
use crate::store::{DeliveryRow, RecordingRow, SessionRow, Sink};

/// What a step did.
#[derive(Debug)]
pub(super) enum Step {
    /// There was nothing to deliver.
    Nothing,
    /// The delivery has come further: what is stored of it, and how it goes on.
    Further(String, Next),
}

/// How a delivery goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// At once.
    Now,
    /// After a pause of this many milliseconds.
    Later(i64),
    /// Not at all: the whole log is there.
    Done,
}

/// Takes a delivery further; the error is a sentence that names call, principal, resource and cause.
pub(super) async fn step(context: &Arc<Context>, row: &DeliveryRow) -> Result<Step, String> {
    let id = &row.session_id;
    let session = context.store.session(id).await.map_err(words)?;
    let session = session.ok_or_else(|| "the session is not known any more".to_owned())?;
    let recording = context.store.recording(id).await.map_err(words)?;
    let Some(recording) = recording.filter(|recording| !recording.sealed) else {
        return by_node::step(context, row, &session).await;
    };
    let source = Source { session, recording };
    match row.sink {
        Sink::Logs => to_logs::step(context, row, &source).await,
        Sink::S3 => to_s3::step(context, row, &source).await,
    }
}

/// What a log is made from.
pub(super) struct Source {
    /// The session.
    pub(super) session: SessionRow,
    /// Its recording.
    pub(super) recording: RecordingRow,
}

impl Source {
    /// Reads on in the recording.
    pub(super) async fn stretch(
        &self,
        context: &Context,
        place: Option<&Place>,
        most: usize,
    ) -> Result<Stretch, String> {
        let (recordings, id) = (context.recordings.clone(), self.session.session_id.clone());
        let place = place.cloned();
        spawn_blocking(move || recordings.stretch(&id, place.as_ref(), most))
            .await
            .map_err(words)?
            .map_err(|error| format!("the recording cannot be read: {error}"))
    }

    /// Whether nothing will be recorded any more.
    pub(super) fn is_closed(&self) -> bool {
        self.recording.closed.is_some()
    }

    /// As whom the log is written: the node, with the session's own credentials.
    pub(super) async fn writer(&self, context: &Context) -> Result<Caller, String> {
        writer(context, &self.session).await
    }

    /// The first line of a log that is one text, as `script` writes it (agent.md 8.2).
    pub(super) fn head(&self) -> String {
        session_log::head(&self.session.session_id, ms(self.session.created))
    }

    /// The last lines of such a log.
    pub(super) fn foot(&self) -> String {
        // The recording's end and not the session's, which may be stored later: each try writes the same.
        session_log::foot(ms(self.recording.closed.unwrap_or(self.session.created)))
    }
}

/// As whom the log of a session is written: the node, with the session's own credentials.
pub(super) async fn writer(context: &Context, session: &SessionRow) -> Result<Caller, String> {
    let scope = NodeScope {
        node: NodeId::parse(&session.node_id).map_err(words)?,
        session: Some(SessionId::parse(&session.session_id).map_err(words)?),
    };
    let caller = node_caller(context, scope).await;
    caller.map_err(|error| format!("{} cannot act: {}", session.node_id, error.message()))
}

/// Milliseconds since the epoch, as logs count them.
pub(super) fn ms(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// What goes into a sentence.
pub(super) fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
