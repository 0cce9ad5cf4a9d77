//! A child process that is waited for with a deadline and never outlives its handle.

use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A started process. Dropping it kills it, if it still runs.
pub(crate) struct Process {
    pid: Pid,
    // In a lock only so that tests can share a server: nobody else ever holds it.
    exit: Mutex<Receiver<ExitStatus>>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Takes over a child whose pipes have been taken out already.
    pub(crate) fn new(mut child: Child) -> Self {
        let pid = Pid::from_child(&child);
        let (tell, exit) = sync_channel(1);
        std::thread::spawn(move || {
            let _ = tell.send(child.wait().unwrap());
        });
        Self {
            pid,
            exit: Mutex::new(exit),
            ended: None,
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for the end; `None` when the deadline passes first.
    pub(crate) fn wait(&mut self, deadline: Duration) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.exit.get_mut().unwrap().recv_timeout(deadline).ok();
        }
        self.ended
    }

    /// Sends a signal to the process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.ended.is_none() {
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.wait(Duration::ZERO).is_none() {
            self.signal(Signal::KILL);
        }
    }
}

/// The only child of a process, which has started it by now.
pub(crate) fn child_of(parent: Pid) -> Pid {
    let parent = parent.as_raw_nonzero().to_string();
    let processes = std::fs::read_dir("/proc").unwrap();
    let mut children = processes.filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split_ascii_whitespace().nth(1)? == parent).then(|| Pid::from_raw(pid))?
    });
    children.next().unwrap()
}

/// Runs a command to its end and hands back its standard output; a failure is the test's.
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
