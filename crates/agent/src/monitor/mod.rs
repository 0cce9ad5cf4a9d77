//! The one process that stays root: it starts the others, carries their few words to each other,
//! and buries them.
//!
//! Single-threaded, one poll loop, no network, no JSON from outside, no name service. It never waits
//! for a peer: a socket that is full is a peer that broke. Dying, it leaves live sessions running for
//! its successor to find, unless a journal says that what this agent made is to be removed afterwards.

mod adopted;
mod control_process;
mod explanations;
mod launcher;
mod left_behind;
mod outcome;
mod sessions;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use usher_sys::{Exited, Pid, Signal, SignalPipe, wait_ready};
use usher_wire::ids::SessionId;

use crate::config::{Config, ConfigError};
use crate::identities::Identities;
use crate::ipc::{Outcome, ToControl, ToMonitor};
use crate::registration::{Registration, RegistrationError, StateDir, make_directory};
use crate::running::Running;
use adopted::Adopted;
use control_process::ControlProcess;
use explanations::{Answer, Explanations};
use launcher::{LaunchError, Launcher};
pub(crate) use outcome::SessionEnd;
use sessions::Sessions;

/// An agent that stops waits this long for the service to acknowledge how its sessions ended.
const REPORT_WITHIN: Duration = Duration::from_secs(5);

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MonitorError {
    #[error("{0}")]
    Authorities(#[from] ConfigError),
    #[error("{0}")]
    Registration(#[from] RegistrationError),
    #[error("{0}")]
    Launch(#[from] LaunchError),
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The command `run`.
pub(crate) fn run(config_path: &Path, config: &Config) -> Result<(), MonitorError> {
    let signals = SignalPipe::install(&[Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD])?;
    usher_sys::adopt_orphans()?;
    if config.journal.is_some() {
        // Who keeps a journal removes what we make: outliving them, we would make it again.
        usher_sys::end_with_parent()?;
    }
    let identities = Identities::resolve()?;
    announce(identities);

    let control_ids = identities.map(|identities| identities.control);
    let state = StateDir::new(&config.state_dir);
    let registration = state.load()?;
    state.prepare(control_ids)?;
    make_directory(&config.run_dir, 0o700)?;

    let running = Running::new(&config.run_dir);
    let mut monitor = Monitor {
        launcher: Launcher::new(config_path, identities)?,
        control: ControlProcess::new(control_ids),
        sessions: Sessions::default(),
        explanations: Explanations::default(),
        adopted: Adopted::find(running.clone())?,
        running,
        signals,
        config,
        state,
        registration,
        authorities: config.authorities()?,
        ends_sessions: config.journal.is_some(),
        stopping: false,
        stop_by: None,
        orphans: false,
    };
    monitor.serve()
}

fn announce(identities: Option<Identities>) {
    match identities {
        Some(Identities { control, session }) => tracing::info!(
            control_uid = control.uid.as_raw(),
            session_uid = session.uid.as_raw(),
            "the agent starts"
        ),
        None => tracing::warn!(
            "the agent starts as an ordinary user: its processes are not separated from each other, and it serves \
             sessions as that user only"
        ),
    }
}

struct Monitor<'a> {
    launcher: Launcher,
    control: ControlProcess,
    sessions: Sessions,
    explanations: Explanations,
    adopted: Adopted,
    running: Running,
    signals: SignalPipe,
    config: &'a Config,
    state: StateDir,
    registration: Registration,
    authorities: Option<String>,
    /// Whether sessions end with the monitor.
    ends_sessions: bool,
    stopping: bool,
    /// Set when all sessions have ended: how long the service has to acknowledge it.
    stop_by: Option<Instant>,
    /// A login died and left processes that are our children now.
    orphans: bool,
}

/// Whose input is waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Signals,
    Control,
    /// Not input: control takes what it is owed.
    RoomForControl,
    Login(SessionId),
    AdoptedLogin(SessionId),
    Explanation(String),
}

impl Monitor<'_> {
    fn serve(&mut self) -> Result<(), MonitorError> {
        loop {
            let now = Instant::now();
            if self.stopping && self.may_stop(now) {
                self.control.stop();
                return Ok(());
            }
            if !self.stopping && self.control.is_due(now) {
                match self.start_control(now) {
                    // Sessions go on without it, and whatever is exhausted now may be there again later.
                    Err(MonitorError::Launch(error)) => {
                        tracing::error!("{error}; it is tried again");
                        self.control.postponed(now);
                    }
                    started => started?,
                }
            }
            for source in self.wait(now)? {
                match source {
                    Source::Signals => self.on_signals(),
                    Source::Control => self.on_control(),
                    Source::RoomForControl => self.control.send_owed(),
                    Source::Login(session) => self.sessions.on_login(&self.launcher, &session),
                    Source::AdoptedLogin(session) => {
                        if self.adopted.on_login(&session) {
                            self.report(&session);
                        }
                    }
                    Source::Explanation(request) => {
                        if let Some(answer) = self.explanations.on_login(&request) {
                            self.explained(answer);
                        }
                    }
                }
            }
            let now = Instant::now();
            self.sessions.kill_overdue(now);
            for answer in self.explanations.overdue(now) {
                self.explained(answer);
            }
        }
    }

    /// Sessions that must not outlive this process are ended first, and the service is told.
    fn may_stop(&mut self, now: Instant) -> bool {
        let none_is_left = self.sessions.is_empty() && self.adopted.is_empty();
        if !self.ends_sessions || none_is_left {
            return true;
        }
        if self.sessions.all_ended() && self.adopted.all_ended() {
            let by = *self.stop_by.get_or_insert(now + REPORT_WITHIN);
            return by <= now;
        }
        false
    }

    fn wait(&self, now: Instant) -> io::Result<Vec<Source>> {
        let mut sources = vec![Source::Signals];
        let mut watched: Vec<BorrowedFd<'_>> = vec![self.signals.as_fd()];
        let mut ready_now = vec![false];
        if let Some(link) = self.control.link() {
            sources.push(Source::Control);
            watched.push(link.as_fd());
            ready_now.push(link.holds_message());
        }
        for (id, link) in self.sessions.links() {
            sources.push(Source::Login(id.clone()));
            watched.push(link.as_fd());
            ready_now.push(link.holds_message());
        }
        for (id, link) in self.adopted.links() {
            sources.push(Source::AdoptedLogin(id.clone()));
            watched.push(link.as_fd());
            ready_now.push(link.holds_message());
        }
        for (request, link) in self.explanations.links() {
            sources.push(Source::Explanation(request.clone()));
            watched.push(link.as_fd());
            ready_now.push(link.holds_message());
        }
        let control_due = self.control.due().filter(|_| !self.stopping);
        let next = [
            self.sessions.next_kill(),
            self.explanations.next_overdue(),
            control_due,
            self.stop_by,
        ]
        .into_iter()
        .flatten()
        .min();
        let timeout = if ready_now.contains(&true) {
            Some(Duration::ZERO)
        } else {
            next.map(|at| at.saturating_duration_since(now))
        };
        let (readable, has_room) = wait_ready(&watched, self.control.blocked(), timeout)?;
        let ready = readable.into_iter().zip(ready_now).map(|(a, b)| a || b);
        let waiting = sources.into_iter().zip(ready);
        Ok(waiting
            .filter_map(|(source, ready)| ready.then_some(source))
            .chain(has_room.then_some(Source::RoomForControl))
            .collect())
    }

    fn start_control(&mut self, now: Instant) -> Result<(), MonitorError> {
        let (key, fingerprint) = self.state.open_key(self.control.ids())?;
        let configure = ToControl::Configure {
            endpoint: self.config.endpoint.clone(),
            region: self.registration.region.clone(),
            node: self.registration.node_id.as_str().to_owned(),
            fingerprint,
            authorities: self.authorities.clone(),
            key: key.into(),
        };
        let (pid, link) = self.launcher.control()?;
        self.control.started(pid, link, now);
        self.control.send(configure);
        let unreported: Vec<ToControl> = self.unreported().map(ended).collect();
        for message in unreported {
            self.control.send(message);
        }
        Ok(())
    }

    fn on_signals(&mut self) {
        for signal in self.signals.arrived() {
            if matches!(signal, Signal::SIGTERM | Signal::SIGINT) && !self.stopping {
                tracing::info!("the agent stops");
                self.stopping = true;
                if self.ends_sessions {
                    self.sessions.end_all(Instant::now());
                    self.adopted.end_all();
                }
            }
        }
        while let Some(exited) = usher_sys::reap() {
            self.on_exit(exited);
        }
        if self.orphans {
            self.kill_orphans();
        }
    }

    fn on_exit(&mut self, exited: Exited) {
        let Exited { pid, status } = exited;
        if self.control.ended(pid, Instant::now()) {
            if !self.stopping {
                tracing::error!(?status, "the control process ended; it is started again");
            }
            return;
        }
        let Some(ended) = self.sessions.on_exit(pid, status) else {
            return;
        };
        if ended.left_orphans {
            left_behind::kill(&self.running, &ended.session);
            // Where sessions may leave processes running, those of others are our children too.
            self.orphans |= !self.config.policy.linger;
        }
        if let Some(session) = ended.over {
            self.report(&session);
        }
    }

    fn unreported(&self) -> impl Iterator<Item = (&SessionId, &Outcome)> {
        self.sessions.unreported().chain(self.adopted.unreported())
    }

    /// Tells control about an end; a control that is down is told when it is back.
    fn report(&mut self, session: &SessionId) {
        let unreported = self.unreported().find(|(id, _)| *id == session);
        if let Some(outcome) = unreported.map(|(_, outcome)| outcome.clone()) {
            tracing::info!(%session, ?outcome, "the session has ended");
            self.control.send(ended((session, &outcome)));
        }
    }

    /// Children that belong to no live session were left by a login that died; each killed one may
    /// leave its own children to us, until there is none.
    fn kill_orphans(&mut self) {
        let spared: Vec<Pid> = self
            .sessions
            .processes()
            .chain(self.explanations.processes())
            .chain(self.control.pid())
            .collect();
        match usher_sys::kill_children(None, &spared) {
            Ok(found) => self.orphans = found,
            Err(error) => tracing::error!("orphaned processes cannot be listed: {error}"),
        }
    }

    fn on_control(&mut self) {
        let Some(asked) = self.control.next() else {
            return;
        };
        match asked {
            ToMonitor::Start {
                session,
                grant,
                task,
            } => {
                // A session that is known already is left as it is: the service repeats itself.
                if self.stopping || self.adopted.contains(&session) {
                    return;
                }
                if let Err(outcome) = self.sessions.start(&self.launcher, &session, grant, task) {
                    self.refuse(session, outcome);
                }
            }
            ToMonitor::End { session } => {
                self.sessions.end(&session, Instant::now());
                self.adopted.end(&session);
            }
            ToMonitor::Explain { request, user } => {
                if let Some(answer) = self.explanations.ask(&self.launcher, request, user) {
                    self.explained(answer);
                }
            }
            ToMonitor::Reported { session } => {
                if self.sessions.forget(&session) || self.adopted.forget(&session) {
                    left_behind::remove(&self.running, &session);
                    self.running.forget(&session);
                }
            }
        }
    }

    fn explained(&mut self, answer: Answer) {
        let Answer { request, refusal } = answer;
        self.control.send(ToControl::Explained { request, refusal });
    }

    /// A start that made no process ends at once; control repeats it to the service by itself.
    fn refuse(&mut self, session: SessionId, outcome: Outcome) {
        self.control.send(ToControl::Ended { session, outcome });
    }
}

fn ended((session, outcome): (&SessionId, &Outcome)) -> ToControl {
    ToControl::Ended {
        session: session.clone(),
        outcome: outcome.clone(),
    }
}
