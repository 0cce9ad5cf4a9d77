//! A log's way to CloudWatch Logs: whole lines, as text or as events of JSON, in the batches that one call may hold.
//!
//! Each batch has its number as token, so that our service takes one that is sent again once.

use std::mem;
use std::time::Duration;

use usher_aws::{CallError, Credentials, Identity, JsonClient, LogStream, Logs, wall_ms};
use usher_wire::session_log::{
    Lines, LogSubject, STREAMED_EVENT, UPLOADED_EVENT, foot, head, one_call,
};

use super::sink::Failure;
use super::spool::Piece;

/// Bytes taken at a time.
pub(super) const PIECE: usize = 256 * 1024;
/// AWS's agent streams once a second (agent.md 8.4).
pub(super) const WITHIN: Duration = Duration::from_secs(1);

pub(super) struct ToLogs {
    logs: Logs,
    credentials: Credentials,
    stream: LogStream,
    subject: LogSubject,
    streaming: bool,
    started: u64,
    has_begun: bool,
    stream_is_there: bool,
    /// The beginning of a line whose rest has not come.
    rest: Vec<u8>,
    at: u64,
    pending: Vec<(u64, String)>,
    /// Batches that are there.
    batches: u64,
}

impl ToLogs {
    pub(super) fn new(
        client: &JsonClient,
        credentials: &Credentials,
        group: String,
        streaming: bool,
        subject: LogSubject,
    ) -> Self {
        Self {
            logs: Logs::new(client.clone()),
            credentials: credentials.clone(),
            stream: LogStream {
                group,
                name: subject.session.clone(),
            },
            subject,
            streaming,
            started: wall_ms(),
            has_begun: false,
            stream_is_there: false,
            rest: Vec::new(),
            at: 0,
            pending: Vec::new(),
            batches: 0,
        }
    }

    pub(super) fn load(&mut self, piece: &Piece) {
        let most = match self.streaming {
            true => STREAMED_EVENT,
            false => UPLOADED_EVENT,
        };
        let mut lines = Lines::after(mem::take(&mut self.rest), self.at.max(self.started), most);
        if !mem::replace(&mut self.has_begun, true) && !self.streaming {
            lines.say(&head(&self.subject.session, self.started));
        }
        lines.take(piece.at, &piece.text);
        if piece.is_last && !self.streaming {
            lines.say(&foot(wall_ms()));
        }
        let (pieces, rest, at) = lines.finish(piece.is_last);
        (self.rest, self.at) = (rest, at);
        self.pending.extend(pieces.into_iter().map(|(at, text)| {
            let message = match self.streaming {
                true => self.subject.event(at, &text),
                false => text,
            };
            (at, message)
        }));
    }

    /// Puts what was loaded; after an error it may be tried again.
    pub(super) async fn put(&mut self) -> Result<(), Failure> {
        let identity = Identity::Keys(&self.credentials);
        let group = &self.stream.group;
        let failed = |operation: &str, cause: &CallError| {
            Failure::of(&format!("logs:{operation} on the log group {group}"), cause)
        };
        if !self.stream_is_there {
            let made = self.logs.create_stream(identity, &self.stream).await;
            made.map_err(|cause| failed("CreateLogStream", &cause))?;
            self.stream_is_there = true;
        }
        while !self.pending.is_empty() {
            let count = one_call(&self.pending);
            let batch = self.pending.get(..count).unwrap_or_default();
            let token = self.batches.to_string();
            self.logs
                .put_events(identity, &self.stream, Some(&token), batch)
                .await
                .map_err(|cause| failed("PutLogEvents", &cause))?;
            self.pending.drain(..count);
            self.batches += 1;
        }
        Ok(())
    }
}
