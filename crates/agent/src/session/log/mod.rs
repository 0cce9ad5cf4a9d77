//! The log of a session that KMS encrypts: written by its agent, since nobody else sees what is shown.
//!
//! Owns two promises: what the program says is kept for each sink before it is sent to the person, in bounded memory, and
//! goes out in small pieces while the session lasts; and a sink that cannot be reached holds nobody up, but the person is
//! told or the session ends, as the preferences say. What is typed is never looked at: where a terminal echoes it, the
//! output holds it. It knows no terminals and no channels.

mod sink;
mod spool;
mod to_logs;
mod to_s3;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use usher_aws::{Credentials, JsonClient, Ssm, wall_ms};

use sink::{Sink, Target};
use spool::Spool;
use to_logs::ToLogs;
use to_s3::ToS3;
pub(super) use wanted::Wanted;

/// How long the end of a log is tried when its session is over. Monitor and service wait longer.
pub(crate) const FINISH_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Sentences that wait for the session.
const PROBLEMS: usize = 4;

/// The log of one session, which may go nowhere.
#[derive(Debug)]
pub(super) struct SessionLog {
    spools: Vec<Arc<Spool>>,
    sinks: JoinSet<()>,
    problems: mpsc::Receiver<String>,
    ends: bool,
}

/// What the session is to know.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LogNews {
    /// There is room again for what the program says.
    Room,
    /// It cannot be written now, as this sentence says; the session goes on.
    Problem(String),
    /// It cannot be written, and so the session ends.
    End(String),
}

impl SessionLog {
    /// Begins the log, if one is wanted.
    pub(super) fn begin(
        wanted: Option<Wanted>,
        client: &JsonClient,
        credentials: &Credentials,
    ) -> Self {
        let (sender, problems) = mpsc::channel(PROBLEMS);
        let mut log = Self {
            spools: Vec::new(),
            sinks: JoinSet::new(),
            problems,
            ends: wanted.as_ref().is_some_and(|wanted| wanted.ends),
        };
        let Some(wanted) = wanted else {
            return log;
        };
        let session = &wanted.subject.session;
        let to_s3 = wanted.s3.map(|(bucket, prefix)| {
            Target::S3(ToS3::new(client, credentials, bucket, &prefix, session))
        });
        let to_logs = wanted.group.map(|group| {
            let (streaming, subject) = (wanted.streaming, wanted.subject.clone());
            Target::Logs(ToLogs::new(client, credentials, group, streaming, subject))
        });
        for target in to_s3.into_iter().chain(to_logs) {
            let spool = Arc::new(Spool::default());
            log.spools.push(Arc::clone(&spool));
            let sink = Sink {
                target,
                spool,
                problems: sender.clone(),
                ssm: Ssm::new(client.clone()),
                credentials: credentials.clone(),
                session: session.clone(),
            };
            log.sinks.spawn(sink.run());
        }
        log
    }

    /// Keeps what the person is about to see.
    pub(super) fn take(&self, shown: &[u8]) {
        let at = wall_ms();
        for spool in &self.spools {
            spool.take(at, shown);
        }
    }

    /// Whether the program may say more now.
    pub(super) fn has_room(&self) -> bool {
        self.spools.iter().all(|spool| spool.has_room())
    }

    /// Waits for news. May be dropped at any time.
    pub(super) async fn next(&mut self) -> LogNews {
        let full = self.spools.iter().find(|spool| !spool.has_room());
        tokio::select! {
            Some(problem) = self.problems.recv() => match self.ends {
                true => LogNews::End(problem),
                false => LogNews::Problem(problem),
            },
            () = room(full) => LogNews::Room,
        }
    }

    /// Waits until all of it is where it belongs, or for as long as that makes sense.
    pub(super) async fn finish(mut self) {
        for spool in &self.spools {
            spool.close();
        }
        let all = async { while self.sinks.join_next().await.is_some() {} };
        if timeout(FINISH_WITHIN, all).await.is_err() {
            tracing::error!("the end of a session's log could not be written and is lost");
        }
    }
}

async fn room(full: Option<&Arc<Spool>>) {
    match full {
        Some(spool) => spool.room().await,
        None => std::future::pending().await,
    }
}
