//! The shell or command of an accepted login: opened when the session says so, watched, and cleaned up after.
//!
//! Owns that the shell's processes never outlive their session: whatever ends first (the shell, the
//! session worker, the service's patience), its cgroup and every descendant are killed before the end is reported,
//! unless the node lets them linger.
//! A monitor may go and another one come through the door; the session does not notice.
//! Escapes that no process tree can see are services outside it: cron, `systemd --user`, sudo to one.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use usher_sys::{ExitStatus, Pid, Signal, SignalPipe, wait_readable};
use usher_wire::ids::SessionId;

use super::LoginError;
use super::opened::OpenedLogin;
use super::program;
use crate::ipc::{FromLogin, FromShell, Link, LinkError, Open, ToLogin, ToShell};
use crate::monitor::SessionEnd;
use crate::running::Door;

/// What a program gets between the hang-up and the kill when the service ends a session.
const PATIENCE: Duration = Duration::from_secs(2);

/// Killing goes on for this long; a process that is stuck in the kernel is then left behind.
const KILL_WITHIN: Duration = Duration::from_secs(5);

/// What stands for the exit code of a session worker that said none: no code a worker ends with.
const UNEXPLAINED: u8 = u8::MAX;

/// Who is at the other ends of a login.
pub(super) struct Ends {
    pub(super) monitor: Link,
    pub(super) session: Link,
    pub(super) door: Door,
}

/// Waits for the session's word, runs the shell and stays until all of it is gone, the session worker
/// included: a monitor that did not start the worker learns of its end by ours.
pub(super) fn serve(
    opened: OpenedLogin,
    id: &SessionId,
    ends: Ends,
    lingers: bool,
) -> Result<(), LoginError> {
    let mut watch = Watch {
        opened,
        lingers,
        signals: SignalPipe::install(&[Signal::SIGCHLD])?,
        monitor: Some(ends.monitor),
        session: ends.session,
        door: ends.door,
        shell: None,
        leader: None,
        kill_at: None,
        told_to_end: false,
        worker_code: None,
    };
    usher_sys::adopt_orphans()?;
    let ended = watch.until_the_end(id)?;
    let killed = watch.kill_everything()?;
    let status = ended.or(killed);
    // A session that is gone already needs no report.
    let told = status.is_some_and(|status| {
        let exited = FromShell::Exited { status };
        watch.session.send(&exited).is_ok()
    });
    watch.opened.close();
    if told {
        watch.until_the_worker_leaves()?;
    }
    Ok(watch.leave()?)
}

struct Watch {
    opened: OpenedLogin,
    /// What the shell leaves running goes on after the session.
    lingers: bool,
    signals: SignalPipe,
    /// `None` once the monitor has gone: the session goes on without it.
    monitor: Option<Link>,
    session: Link,
    /// Where another monitor comes in.
    door: Door,
    /// The shell while it lives.
    shell: Option<Pid>,
    /// The shell, ended or not: what it started is found by its number where there is no cgroup.
    leader: Option<Pid>,
    kill_at: Option<Instant>,
    /// The service has ended the session, so however it ends is as it should be.
    told_to_end: bool,
    worker_code: Option<u8>,
}

enum Next {
    Continue,
    End(Option<ExitStatus>),
}

impl Watch {
    /// The shell's exit status; `None` when the session ended before its shell.
    fn until_the_end(&mut self, id: &SessionId) -> Result<Option<ExitStatus>, LoginError> {
        loop {
            let left = self
                .kill_at
                .map(|at| at.saturating_duration_since(Instant::now()));
            let [signal, session, door, monitor] = self.wait(left)?;
            let mut next = Next::Continue;
            if door {
                self.on_door();
            }
            if signal {
                next = self.on_child();
            }
            if monitor && matches!(next, Next::Continue) {
                next = self.on_monitor();
            }
            if session && matches!(next, Next::Continue) {
                next = self.on_session(id)?;
            }
            if let Next::End(status) = next {
                return Ok(status);
            }
            if self.kill_at.is_some_and(|at| at <= Instant::now()) {
                return Ok(None);
            }
        }
    }

    /// The shell is gone; its last output may still be on its way to the person.
    fn until_the_worker_leaves(&mut self) -> io::Result<()> {
        while !self.told_to_end {
            let [_, session, door, monitor] = self.wait(None)?;
            self.signals.arrived();
            if door {
                self.on_door();
            }
            if monitor {
                self.on_monitor();
            }
            if session {
                match self.session.next_ready() {
                    Ok(None | Some(ToShell::Open(_) | ToShell::Signal { .. })) => {}
                    Ok(Some(ToShell::Leaving { code })) => self.worker_code = Some(code),
                    Err(_) => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// Leaves word of the end for whichever monitor there is then.
    fn leave(self) -> io::Result<()> {
        let code = if self.told_to_end {
            SessionEnd::Success as u8
        } else {
            self.worker_code.unwrap_or(UNEXPLAINED)
        };
        self.door.close(code)
    }

    fn wait(&self, left: Option<Duration>) -> io::Result<[bool; 4]> {
        let mut watched: Vec<BorrowedFd<'_>> = vec![
            self.signals.as_fd(),
            self.session.as_fd(),
            self.door.as_fd(),
        ];
        watched.extend(self.monitor.as_ref().map(AsFd::as_fd));
        let session = self.session.holds_message();
        let monitor = self.monitor.as_ref().is_some_and(Link::holds_message);
        let left = if session || monitor {
            Some(Duration::ZERO)
        } else {
            left
        };
        let ready = wait_readable(&watched, left)?;
        let at = |index: usize| ready.get(index).copied().unwrap_or(false);
        Ok([at(0), session || at(1), at(2), monitor || at(3)])
    }

    /// A successor of the monitor that started us; what the old one still had to say is obsolete.
    fn on_door(&mut self) {
        if let Some(monitor) = self.door.answer() {
            self.monitor = Some(Link::new(monitor));
        }
    }

    fn on_child(&mut self) -> Next {
        self.signals.arrived();
        let mut ended = Next::Continue;
        while let Some(exited) = usher_sys::reap() {
            if self.shell == Some(exited.pid) {
                self.shell = None;
                ended = Next::End(Some(exited.status));
            }
        }
        ended
    }

    /// The service has ended the session, or the monitor is gone, which changes nothing here.
    fn on_monitor(&mut self) -> Next {
        let Some(monitor) = &mut self.monitor else {
            return Next::Continue;
        };
        match monitor.next_ready() {
            Ok(None) => Next::Continue,
            Ok(Some(ToLogin::End)) => match self.shell {
                _ if self.told_to_end => Next::Continue,
                Some(shell) => {
                    self.told_to_end = true;
                    usher_sys::hang_up(shell);
                    self.kill_at.get_or_insert(Instant::now() + PATIENCE);
                    Next::Continue
                }
                None => {
                    self.told_to_end = true;
                    Next::End(None)
                }
            },
            Ok(Some(ToLogin::Check { .. } | ToLogin::Explain { .. })) | Err(_) => {
                self.monitor = None;
                Next::Continue
            }
        }
    }

    fn on_session(&mut self, id: &SessionId) -> Result<Next, LoginError> {
        match self.session.next_ready() {
            Ok(None) => Ok(Next::Continue),
            Ok(Some(ToShell::Open(open))) if self.shell.is_none() => self.open(id, &open),
            Ok(Some(ToShell::Signal { number })) => {
                self.signal(number);
                Ok(Next::Continue)
            }
            Ok(Some(ToShell::Leaving { code })) => {
                self.worker_code = Some(code);
                Ok(Next::Continue)
            }
            // A session that asks twice, breaks the rules or is gone has no shell any more.
            Ok(Some(ToShell::Open(_))) | Err(_) => Ok(Next::End(None)),
        }
    }

    fn open(&mut self, id: &SessionId, open: &Open) -> Result<Next, LoginError> {
        match program::start(&mut self.opened, id, open) {
            Ok((shell, started)) => {
                self.shell = Some(shell);
                self.leader = Some(shell);
                match self.session.send(&started) {
                    Ok(()) => Ok(Next::Continue),
                    Err(LinkError::Closed) => Ok(Next::End(None)),
                    Err(error) => Err(error.into()),
                }
            }
            Err(sentence) => {
                tracing::error!(session = %id, "{sentence}");
                // The history has to say why as well, and the worker may not live to tell it.
                if let Some(monitor) = &self.monitor {
                    let sentence = sentence.clone();
                    let _ = monitor.send(&FromLogin::Refused { sentence });
                }
                self.session.send(&FromShell::Failed { sentence })?;
                Ok(Next::End(None))
            }
        }
    }

    /// What a person without a terminal types as Ctrl-C.
    fn signal(&self, number: u8) {
        let signal = match number {
            1 => Signal::SIGHUP,
            2 => Signal::SIGINT,
            3 => Signal::SIGQUIT,
            15 => Signal::SIGTERM,
            _ => return,
        };
        if let Some(shell) = self.shell {
            usher_sys::signal_group(shell, signal);
        }
    }

    /// Kills and reaps until no descendant is left, or, where they linger, only the shell; the shell's status if it
    /// had not ended before.
    fn kill_everything(&mut self) -> io::Result<Option<ExitStatus>> {
        let until = Instant::now() + KILL_WITHIN;
        let mut status = None;
        if let Some(cgroup) = self.opened.cgroup().filter(|_| !self.lingers)
            && let Err(error) = cgroup.kill()
        {
            tracing::warn!("the session's cgroup could not be killed: {error}");
        }
        loop {
            while let Some(exited) = usher_sys::reap() {
                if self.shell == Some(exited.pid) {
                    status = Some(exited.status);
                    self.shell = None;
                }
            }
            let left_alive = if self.lingers {
                self.shell
                    .inspect(|shell| usher_sys::kill(*shell))
                    .is_some()
            } else {
                usher_sys::kill_children(self.leader, &[])?
            };
            // A shell that was just killed is waited for: its status is the session's.
            if !left_alive && self.shell.is_none() {
                return Ok(status);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("a process of the session could not be killed and is left behind");
                return Ok(status);
            }
            wait_readable(&[self.signals.as_fd()], Some(left))?;
            self.signals.arrived();
        }
    }
}
