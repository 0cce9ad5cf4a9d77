//! The control worker as the monitor sees it: running, or waiting to be started again.
//!
//! Owns the back-off between restarts, and that a control worker that breaks the rules is killed and
//! replaced, never argued with.

use std::time::{Duration, Instant};

use usher_sys::{Pid, ServiceIds};

use crate::ipc::{Link, ToControl, ToMonitor};

/// The first restart comes after this; each further one after twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// No restart waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A worker that lived this long was well: the next restart is again the first.
const WELL_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct ControlProcess {
    ids: Option<ServiceIds>,
    state: State,
    wait: Duration,
}

#[derive(Debug)]
enum State {
    Down {
        due: Instant,
    },
    Up {
        pid: Pid,
        link: Link,
        since: Instant,
    },
    /// Killed by us and not reaped yet.
    Dying {
        pid: Pid,
        since: Instant,
    },
}

impl ControlProcess {
    /// Due at once.
    pub(super) fn new(ids: Option<ServiceIds>) -> Self {
        Self {
            ids,
            state: State::Down {
                due: Instant::now(),
            },
            wait: FIRST_WAIT,
        }
    }

    pub(super) fn ids(&self) -> Option<ServiceIds> {
        self.ids
    }

    /// When it is to be started; `None` while it runs.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Down { due } => Some(due),
            State::Up { .. } | State::Dying { .. } => None,
        }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// It could not be started: the next try comes after a while, as after its end.
    pub(super) fn postponed(&mut self, now: Instant) {
        self.state = State::Down {
            due: now + self.wait,
        };
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    pub(super) fn started(&mut self, pid: Pid, link: Link, now: Instant) {
        self.state = State::Up {
            pid,
            link,
            since: now,
        };
    }

    /// Takes note of a child's end; answers whether it was this one.
    pub(super) fn ended(&mut self, pid: Pid, now: Instant) -> bool {
        let since = match self.state {
            State::Up {
                pid: own, since, ..
            }
            | State::Dying { pid: own, since }
                if own == pid =>
            {
                since
            }
            _ => return false,
        };
        if now.saturating_duration_since(since) >= WELL_AFTER {
            self.wait = FIRST_WAIT;
        }
        self.postponed(now);
        true
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Up { pid, .. } | State::Dying { pid, .. } => Some(pid),
            State::Down { .. } => None,
        }
    }

    pub(super) fn link(&self) -> Option<&Link> {
        match &self.state {
            State::Up { link, .. } => Some(link),
            State::Down { .. } | State::Dying { .. } => None,
        }
    }

    /// What it asks for, if a whole message is there.
    pub(super) fn next(&mut self) -> Option<ToMonitor> {
        let State::Up { link, .. } = &mut self.state else {
            return None;
        };
        match link.next_ready() {
            Ok(asked) => asked,
            Err(error) => {
                tracing::error!("the control process is replaced: {error}");
                self.stop();
                None
            }
        }
    }

    /// Tells it something. One that is down, or stuck, will learn it after its restart.
    pub(super) fn send(&self, message: &ToControl) {
        if let State::Up { pid, link, .. } = &self.state
            && let Err(error) = link.send(message)
        {
            tracing::error!("the control process is killed: {error}");
            usher_sys::kill(*pid);
        }
    }

    /// Kills it.
    pub(super) fn stop(&mut self) {
        if let State::Up { pid, since, .. } = self.state {
            usher_sys::kill(pid);
            self.state = State::Dying { pid, since };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link::new(usher_sys::socket_pair().unwrap().0)
    }

    #[test]
    fn a_control_process_that_breaks_the_rules_is_killed_whatever_it_says() {
        use std::io::Write;
        use std::os::unix::process::ExitStatusExt;
        use std::process::Command;

        let broken: [&[u8]; 8] = [
            // Longer than any message, of another version, of no kind, without a field, with one too many.
            &[0xff, 0xff, 0xff, 0xff, 1],
            &[0, 1, 0, 1, 1],
            &[0, 0, 0, 1, 2, 1],
            &[0, 0, 0, 1, 1, 9],
            &[0, 0, 0, 1, 1, 2],
            &[0, 0, 0, 7, 1, 2, 0, 0, 0, 1, b'a', 0],
            // A session that is no name but a path; a start without its task.
            &[0, 0, 0, 8, 1, 2, 0, 0, 0, 3, b'.', b'.', b'/'],
            &[0, 0, 0, 10, 1, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 0],
        ];
        for bytes in broken {
            let mut child = Command::new("sleep").arg("98777").spawn().unwrap();
            let pid = Pid::from_raw(child.id().cast_signed());
            let (ours, theirs) = usher_sys::socket_pair().unwrap();
            let mut control = ControlProcess::new(None);
            control.started(pid, Link::new(ours), Instant::now());
            std::fs::File::from(theirs).write_all(bytes).unwrap();
            assert!(control.next().is_none(), "{bytes:?}");
            assert!(control.link().is_none(), "{bytes:?}");
            assert_eq!(child.wait().unwrap().signal(), Some(9), "{bytes:?}");
            assert!(control.ended(pid, Instant::now()));
        }
    }

    #[test]
    fn one_that_could_not_be_started_is_tried_again_later() {
        let mut control = ControlProcess::new(None);
        let now = Instant::now();
        control.postponed(now);
        assert!(!control.is_due(now));
        assert!(control.is_due(now + FIRST_WAIT));
    }

    #[test]
    fn restarts_wait_longer_each_time_until_one_lives_long_enough() {
        let pid = Pid::from_raw(4_000_000);
        let mut control = ControlProcess::new(None);
        let mut now = Instant::now();
        assert!(control.is_due(now));
        let mut restart_after = |lives: Duration, waits: Duration| {
            control.started(pid, link(), now);
            assert_eq!(control.due(), None);
            now += lives;
            assert!(!control.ended(Pid::from_raw(4_000_001), now));
            assert!(control.ended(pid, now));
            assert_eq!(control.due(), Some(now + waits));
            now += waits;
        };
        for waits in [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            restart_after(Duration::from_secs(1), Duration::from_millis(waits));
        }
        restart_after(WELL_AFTER, FIRST_WAIT);
    }
}
