//! The control worker as the monitor sees it: running, or waiting to be started again.
//!
//! Owns the back-off between restarts, that a control worker that breaks the rules is killed and
//! replaced, never argued with, and that what it has no room for waits: hundreds of sessions may
//! have ended while it was away.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use usher_sys::{Pid, ServiceIds};

use crate::ipc::{Link, LinkError, ToControl, ToMonitor};

/// The first restart comes after this; each further one after twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// No restart waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A worker that lived this long was well: the next restart is again the first.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// What may wait for it: more than there are sessions. One that leaves more unread is broken.
const MOST_OWED: usize = 4096;

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
        /// Not sent yet, in order.
        owed: VecDeque<ToControl>,
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
            owed: VecDeque::new(),
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

    /// Tells it something, now or when it has room. One that is down will learn it after its start.
    pub(super) fn send(&mut self, message: ToControl) {
        if let State::Up { owed, .. } = &mut self.state {
            owed.push_back(message);
            self.send_owed();
        }
    }

    /// Where it takes what it is owed, if it is owed something.
    pub(super) fn blocked(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Up { link, owed, .. } if !owed.is_empty() => Some(link.as_fd()),
            _ => None,
        }
    }

    /// Sends what it has room for.
    pub(super) fn send_owed(&mut self) {
        let State::Up { link, owed, .. } = &mut self.state else {
            return;
        };
        while let Some(message) = owed.front() {
            match link.send(message) {
                Ok(()) => {
                    owed.pop_front();
                }
                Err(LinkError::Full) if owed.len() <= MOST_OWED => return,
                Err(error) => {
                    tracing::error!("the control process is replaced: {error}");
                    return self.stop();
                }
            }
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
    use usher_wire::ids::SessionId;

    use super::*;
    use crate::ipc::Outcome;

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

    fn ended(number: usize) -> ToControl {
        ToControl::Ended {
            session: SessionId::parse(&format!("alice-{number}")).unwrap(),
            outcome: Outcome::Success,
        }
    }

    /// One that runs, whose end of the link nobody reads yet.
    fn unread() -> (ControlProcess, Link, std::process::Child) {
        let child = std::process::Command::new("sleep")
            .arg("98776")
            .spawn()
            .unwrap();
        let (ours, theirs) = usher_sys::socket_pair().unwrap();
        usher_sys::set_nonblocking(&ours).unwrap();
        let mut control = ControlProcess::new(None);
        let pid = Pid::from_raw(child.id().cast_signed());
        control.started(pid, Link::new(ours), Instant::now());
        (control, Link::new(theirs), child)
    }

    #[test]
    fn one_that_never_reads_is_killed() {
        use std::os::unix::process::ExitStatusExt;
        let (mut control, _theirs, mut child) = unread();
        let many = (0..MOST_OWED * 4).find(|number| {
            control.send(ended(*number));
            control.link().is_none()
        });
        assert!(many.is_some_and(|many| many > MOST_OWED), "{many:?}");
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn what_it_has_no_room_for_is_told_in_order_when_it_has() {
        let (mut control, mut theirs, mut child) = unread();
        for number in 0..MOST_OWED {
            control.send(ended(number));
        }
        assert!(control.blocked().is_some());
        for number in 0..MOST_OWED {
            let told: ToControl = theirs.receive().unwrap();
            let expected = format!("{:?}", ended(number));
            assert_eq!(format!("{told:?}"), expected);
            control.send_owed();
        }
        assert!(control.blocked().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
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
