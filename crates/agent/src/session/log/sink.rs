//! One sink of a log: takes from its spool, puts, tries again until it is there, and tells how it stands.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use usher_aws::{CallError, Credentials, Identity, SessionLogReport, Ssm};

use super::spool::{Piece, Spool};
use super::to_logs::{self, ToLogs};
use super::to_s3::{self, ToS3};
use crate::back_off::BackOff;
use crate::transport::random_fraction;

/// A sink that has not answered within this takes nothing.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// A sink that cannot be reached is worth a word, or the session, after this. The service that keeps the log carries the
/// session as well: while it is started anew, both wait.
const OUTAGE: Duration = Duration::from_secs(60);
/// The longest wait before another try.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why something was not put.
#[derive(Debug)]
pub(super) struct Failure {
    /// A sentence that names call, resource and cause.
    pub(super) sentence: String,
    /// Nobody answered.
    pub(super) is_outage: bool,
}

impl Failure {
    /// What a call was meant to do, and why it did not.
    pub(super) fn of(what: &str, cause: &CallError) -> Self {
        Self {
            sentence: format!("{what} failed: {cause}"),
            is_outage: matches!(
                cause,
                CallError::Unreachable { .. } | CallError::TimedOut { .. }
            ),
        }
    }
}

/// Where to.
pub(super) enum Target {
    S3(ToS3),
    Logs(ToLogs),
}

pub(super) struct Sink {
    pub(super) target: Target,
    pub(super) spool: Arc<Spool>,
    /// The first sentence of each failure.
    pub(super) problems: mpsc::Sender<String>,
    pub(super) ssm: Ssm,
    pub(super) credentials: Credentials,
    pub(super) session: String,
}

impl Sink {
    /// Takes everything there, then says so.
    pub(super) async fn run(mut self) {
        let (most, within) = self.target.pace();
        while let Some(piece) = self.spool.next(most, within).await {
            self.target.load(piece);
            self.deliver().await;
        }
        let mut back_off = BackOff::new(LONGEST_WAIT);
        while let Err(error) = self.report(None, true).await {
            if !error.is_passing() {
                tracing::warn!(
                    session = self.session,
                    "the end of the log was not taken: {error}"
                );
                return;
            }
            wait(&mut back_off).await;
        }
    }

    async fn deliver(&mut self) {
        let mut back_off = BackOff::new(LONGEST_WAIT);
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            let put = timeout(ANSWERS_WITHIN, self.target.put()).await;
            let Err(failure) = put.unwrap_or_else(|_| Err(self.target.silence())) else {
                break;
            };
            self.spool.set_failing(true);
            if !is_told && (!failure.is_outage || begun.elapsed() >= OUTAGE) {
                is_told = true;
                let problem = failure.sentence;
                tracing::warn!(
                    session = self.session,
                    "the log cannot be written: {problem}"
                );
                // A session that does not take it has one to read already.
                let _ = self.problems.try_send(problem.clone());
                self.tell(Some(problem)).await;
            }
            wait(&mut back_off).await;
        }
        self.spool.set_failing(false);
        if is_told {
            self.tell(None).await;
        }
    }

    /// Where the service does not hear it, it has other things to worry about.
    async fn tell(&self, problem: Option<String>) {
        if let Err(error) = self.report(problem, false).await {
            tracing::debug!(
                session = self.session,
                "the state of the log was not told: {error}"
            );
        }
    }

    async fn report(&self, problem: Option<String>, is_complete: bool) -> Result<(), CallError> {
        let report = SessionLogReport {
            session_id: self.session.clone(),
            sink: self.target.name(),
            problem,
            is_complete,
        };
        self.ssm
            .report_session_log(Identity::Keys(&self.credentials), &report)
            .await
    }
}

impl Target {
    fn name(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::Logs(_) => "logs",
        }
    }

    /// The bytes of a piece, and how long after its first byte it is put.
    fn pace(&self) -> (usize, Duration) {
        match self {
            Self::S3(_) => (to_s3::PIECE, to_s3::WITHIN),
            Self::Logs(_) => (to_logs::PIECE, to_logs::WITHIN),
        }
    }

    fn load(&mut self, piece: Piece) {
        match self {
            Self::S3(s3) => s3.load(piece),
            Self::Logs(logs) => logs.load(&piece),
        }
    }

    async fn put(&mut self) -> Result<(), Failure> {
        match self {
            Self::S3(s3) => s3.put().await,
            Self::Logs(logs) => logs.put().await,
        }
    }

    fn silence(&self) -> Failure {
        let service = match self {
            Self::S3(_) => "S3",
            Self::Logs(_) => "CloudWatch Logs",
        };
        Failure {
            sentence: format!(
                "{service} did not answer within {} s",
                ANSWERS_WITHIN.as_secs()
            ),
            is_outage: true,
        }
    }
}

async fn wait(back_off: &mut BackOff) {
    sleep_until(Instant::now() + back_off.next(Duration::ZERO, random_fraction())).await;
}
