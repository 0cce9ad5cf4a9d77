//! The table of sessions: who runs for each, and who has ended but is not reported yet.
//!
//! Owns that a session is reported once, after both of its processes are gone, and that the table is
//! bounded whatever control asks for.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use usher_sys::{ExitStatus, Pid};
use usher_wire::ids::SessionId;

use super::launcher::{LaunchError, Launcher};
use super::outcome;
use crate::ipc::{Asked, FromLogin, Link, LinkError, Outcome, ToLogin};
use crate::session::FINISH_WITHIN;

/// Live and unreported sessions together; AWS's agent serves as many.
const MAX_SESSIONS: usize = 1000;

/// What starting processes, and a message with its descriptors, take for a moment. Without them the monitor could not
/// tell a lack of its own from a control process that breaks the rules.
const SPARE_DESCRIPTORS: usize = 32;

/// Login gets two seconds to hang up and some to kill; then the monitor ends both processes.
const END_WITHIN: Duration = Duration::from_secs(8);

/// Name service and PAM together get this long to let a person in.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// What the session worker gets after that to deliver the last output of a session that the service has ended, and the
/// end of its log: nobody may be there to take it. It ends sooner by itself where it writes no log.
const WORKER_ENDS_WITHIN: Duration = FINISH_WITHIN.saturating_add(Duration::from_secs(10));

/// The same where the monitor itself ends.
const WORKER_ENDS_WITH_US_WITHIN: Duration = Duration::from_secs(5);

/// One session.
#[derive(Debug)]
struct Session {
    login: Pid,
    link: Option<Link>,
    /// Kept until login has accepted; then the session worker gets both.
    waiting: Option<(OwnedFd, OwnedFd)>,
    worker: Option<Pid>,
    refusal: Option<String>,
    login_status: Option<ExitStatus>,
    worker_status: Option<ExitStatus>,
    /// Whom login waits for, and until when it may: `None` once it has answered.
    asks: Asked,
    answers_by: Option<Instant>,
    /// The service has ended it, so however its processes end is as it should be.
    told_to_end: bool,
    /// What the worker gets once login is gone.
    worker_ends_within: Duration,
    kill_at: Option<Instant>,
    ended: Option<Outcome>,
}

/// All sessions of this monitor.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    table: BTreeMap<SessionId, Session>,
}

impl Sessions {
    /// Starts a login for the session. A session that is known already is left as it is: the service
    /// repeats itself after a lost channel.
    pub(super) fn start(
        &mut self,
        launcher: &Launcher,
        id: &SessionId,
        grant: Vec<u8>,
        task: OwnedFd,
    ) -> Result<(), Outcome> {
        if self.table.contains_key(id) {
            return Ok(());
        }
        if self.table.len() >= MAX_SESSIONS {
            return Err(Outcome::Failed(format!(
                "The node serves {MAX_SESSIONS} sessions already; end some of them first."
            )));
        }
        if usher_sys::free_descriptors() < SPARE_DESCRIPTORS {
            return Err(Outcome::Failed(
                "The session could not start: the node's agent may open no further descriptor. End some sessions, or raise \
                 its limit (LimitNOFILE of its unit)."
                    .to_owned(),
            ));
        }
        let login = launcher.login().map_err(|error| failed(&error))?;
        let session = id.clone();
        let sent = login.link.send(&ToLogin::Check { session, grant });
        if let Err(error) = sent {
            usher_sys::kill(login.pid);
            tracing::error!(session = %id, "login could not be asked: {error}");
        }
        let session = Session {
            login: login.pid,
            link: Some(login.link),
            waiting: Some((login.for_session, task)),
            worker: None,
            refusal: None,
            login_status: None,
            worker_status: None,
            asks: Asked::AccountDatabase,
            answers_by: Some(Instant::now() + ANSWERS_WITHIN),
            told_to_end: false,
            worker_ends_within: WORKER_ENDS_WITHIN,
            kill_at: None,
            ended: None,
        };
        self.table.insert(id.clone(), session);
        Ok(())
    }

    /// The service has ended the session.
    pub(super) fn end(&mut self, id: &SessionId, now: Instant) {
        if let Some(session) = self.table.get_mut(id) {
            session.end(now);
        }
    }

    pub(super) fn end_all(&mut self, now: Instant) {
        for session in self.table.values_mut() {
            session.worker_ends_within = WORKER_ENDS_WITH_US_WITHIN;
            session.end(now);
            let latest = now + WORKER_ENDS_WITH_US_WITHIN.max(END_WITHIN);
            session.kill_at = session.kill_at.map(|at| at.min(latest));
        }
    }

    /// Forgets a session whose end the service has acknowledged.
    pub(super) fn forget(&mut self, id: &SessionId) -> bool {
        let has_ended = |session: &Session| session.ended.is_some();
        self.table.get(id).is_some_and(has_ended) && self.table.remove(id).is_some()
    }

    /// The sessions that have ended, until they are forgotten.
    pub(super) fn unreported(&self) -> impl Iterator<Item = (&SessionId, &Outcome)> {
        self.table
            .iter()
            .filter_map(|(id, session)| Some((id, session.ended.as_ref()?)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn all_ended(&self) -> bool {
        self.table.values().all(|session| session.ended.is_some())
    }

    /// The processes of all sessions.
    pub(super) fn processes(&self) -> impl Iterator<Item = Pid> {
        self.table.values().flat_map(|session| {
            let login = session.login_status.is_none().then_some(session.login);
            let worker = session.worker_status.is_none().then_some(session.worker);
            login.into_iter().chain(worker.flatten())
        })
    }

    /// The links to be watched, each with its session.
    pub(super) fn links(&self) -> impl Iterator<Item = (&SessionId, &Link)> {
        self.table
            .iter()
            .filter_map(|(id, session)| Some((id, session.link.as_ref()?)))
    }

    /// Login has something to say about the session.
    pub(super) fn on_login(&mut self, launcher: &Launcher, id: &SessionId) {
        let Some(session) = self.table.get_mut(id) else {
            return;
        };
        let Some(link) = &mut session.link else {
            return;
        };
        match link.next_ready() {
            Ok(None) => {}
            Ok(Some(FromLogin::Asks(asked))) => session.asks = asked,
            Ok(Some(FromLogin::Accepted)) => session.accepted(launcher, id),
            Ok(Some(FromLogin::Refused { sentence })) => {
                session.answers_by = None;
                session.refusal = Some(sentence);
            }
            Err(LinkError::Closed) => session.link = None,
            Err(error) => {
                tracing::error!(session = %id, "{error}");
                session.link = None;
                usher_sys::kill(session.login);
            }
        }
    }

    /// One of the processes has ended. Answers which session is over with it, and whether it was a
    /// login that died without cleaning up.
    pub(super) fn on_exit(&mut self, pid: Pid, status: ExitStatus) -> Option<Ended> {
        let (id, session) = self
            .table
            .iter_mut()
            .find(|(_, session)| session.login == pid || session.worker == Some(pid))?;
        let was_login = session.login == pid && session.login_status.is_none();
        if was_login {
            session.login_status = Some(status);
            session.hear_last_words();
            // Without a login there is nothing left to hand the worker.
            session.waiting = None;
            if session.told_to_end {
                session.kill_at = Some(Instant::now() + session.worker_ends_within);
            }
        } else {
            session.worker_status = Some(status);
        }
        Some(Ended {
            session: id.clone(),
            over: session.settle().then(|| id.clone()),
            left_orphans: was_login && status != ExitStatus::Code(0),
        })
    }

    /// When the next session that was told to end is killed.
    pub(super) fn next_kill(&self) -> Option<Instant> {
        self.table
            .values()
            .flat_map(|session| [session.kill_at, session.answers_by])
            .flatten()
            .min()
    }

    /// Kills what was told to end and did not.
    pub(super) fn kill_overdue(&mut self, now: Instant) {
        for session in self.table.values_mut() {
            if session.kill_at.is_some_and(|at| at <= now) {
                session.kill_at = None;
                session.kill();
            }
            if session.answers_by.is_some_and(|by| by <= now) {
                session.answers_by = None;
                session.refusal = Some(outcome::unanswered(session.asks, ANSWERS_WITHIN));
                session.kill();
            }
        }
    }
}

/// What the end of a process meant.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) session: SessionId,
    pub(super) over: Option<SessionId>,
    pub(super) left_orphans: bool,
}

impl Session {
    fn accepted(&mut self, launcher: &Launcher, id: &SessionId) {
        self.answers_by = None;
        let Some((for_session, task)) = self.waiting.take() else {
            return;
        };
        match launcher.session(for_session.as_fd(), task.as_fd()) {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => {
                tracing::error!(session = %id, "{error}");
                self.refusal = Some(format!("The session could not start: {error}."));
                usher_sys::kill(self.login);
            }
        }
    }

    /// Login has ended, and word of that may have come before what it said last.
    fn hear_last_words(&mut self) {
        let Some(mut link) = self.link.take() else {
            return;
        };
        while let Ok(Some(said)) = link.next_ready() {
            if let FromLogin::Refused { sentence } = said {
                self.refusal = Some(sentence);
            }
        }
    }

    fn end(&mut self, now: Instant) {
        if self.ended.is_some() || self.told_to_end {
            return;
        }
        self.told_to_end = true;
        let told = self.link.as_ref().map(|link| link.send(&ToLogin::End));
        let patience = match told {
            Some(Ok(())) => END_WITHIN,
            // The worker is at the end of its own.
            _ if self.login_status.is_some() => self.worker_ends_within,
            // Nobody is left to hang up politely.
            Some(Err(_)) | None => Duration::ZERO,
        };
        self.kill_at = Some(now + patience);
    }

    /// A login that is killed leaves its worker the time that it would have had.
    fn kill(&mut self) {
        if self.login_status.is_none() {
            usher_sys::kill(self.login);
            self.kill_at = self
                .worker
                .map(|_| Instant::now() + self.worker_ends_within);
        } else if let (Some(worker), None) = (self.worker, self.worker_status) {
            usher_sys::kill(worker);
        }
    }

    /// Whether this was the last process of the session.
    fn settle(&mut self) -> bool {
        let worker_is_gone = self.worker.is_none() || self.worker_status.is_some();
        let Some(login) = self.login_status.filter(|_| worker_is_gone) else {
            return false;
        };
        self.kill_at = None;
        self.answers_by = None;
        self.ended = Some(if self.told_to_end {
            Outcome::Success
        } else {
            outcome::judge(self.refusal.take(), login, self.worker_status)
        });
        true
    }
}

fn failed(error: &LaunchError) -> Outcome {
    tracing::error!("{error}");
    Outcome::Failed(format!("The session could not start: {error}."))
}
