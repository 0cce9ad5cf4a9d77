//! Watches, by `strace`, what the agent's processes start and which users they become.
//!
//! It is attached to every running process of the agent before the test makes its call and follows all their
//! children, so nothing they do can be missed; the kernel stops them at each call until it was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::Signal;

use super::DEADLINE;
use super::dev::Dev;
use super::process::Process;

/// Starting a program, and every way to become somebody else.
const WATCHED: &str = "trace=execve,execveat,setuid,setreuid,setresuid,setfsuid,setgid,setregid,setresgid,setfsgid,setgroups";

/// Lines as strace writes them, and whether it has ended.
type Record = Arc<(Mutex<(Vec<String>, bool)>, Condvar)>;

/// An observer at work.
pub(crate) struct Observer {
    record: Record,
    strace: Process,
}

/// What was seen, as the calls in strace's own words.
pub(crate) struct Sight {
    calls: Vec<String>,
}

impl Observer {
    /// Attaches to the agent of this server; returns once every one of its processes is watched.
    pub(crate) fn watch(dev: &Dev) -> Self {
        let agents = agent_processes(dev.pid());
        assert!(!agents.is_empty(), "usher dev runs no agent");
        let mut strace = Command::new("strace");
        strace.args(["--follow-forks", "--string-limit=200", "-e", WATCHED]);
        agents.iter().for_each(|pid| {
            strace.args(["--attach", &pid.to_string()]);
        });
        let mut child = strace.stderr(Stdio::piped()).spawn().unwrap();
        let record = Record::default();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let writer = Arc::clone(&record);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writer.0.lock().unwrap().0.push(line);
                writer.1.notify_all();
            }
            writer.0.lock().unwrap().1 = true;
            writer.1.notify_all();
        });
        let observer = Self {
            record,
            strace: Process::new(child),
        };
        observer.wait("every process to be attached to", |lines| {
            agents.iter().all(|pid| {
                let told = format!("strace: Process {pid} attached");
                lines.iter().any(|line| line.starts_with(&told))
            })
        });
        observer
    }

    /// What has been seen by now, once every process that was started while watching has ended.
    pub(crate) fn after_the_started_have_ended(&self) -> Sight {
        self.wait("what was started to end", |lines| {
            let mut running = BTreeSet::new();
            for line in lines {
                if let Some((pid, call)) = of_process(line) {
                    if call.starts_with("execve") {
                        running.insert(pid);
                    } else if call.starts_with("+++ ") {
                        running.remove(pid);
                    }
                }
            }
            running.is_empty()
        });
        self.seen()
    }

    /// Everything seen from the first line on.
    pub(crate) fn seen(&self) -> Sight {
        let record = self.record.0.lock().unwrap();
        let calls = record
            .0
            .iter()
            .filter(|line| line.contains('(') && !line.starts_with("strace: "))
            // A process that was killed before strace could read what it was about to call. It called nothing.
            .filter(|line| !of_process(line).is_some_and(|(_, call)| call.starts_with("???(")));
        Sight {
            calls: calls.cloned().collect(),
        }
    }

    fn wait(&self, what: &str, done: impl Fn(&[String]) -> bool) {
        let (record, changed) = &*self.record;
        let waiting = |record: &mut (Vec<String>, bool)| !record.1 && !done(&record.0);
        let (record, timeout) = changed
            .wait_timeout_while(record.lock().unwrap(), DEADLINE, waiting)
            .unwrap();
        let text = record.0.join("\n");
        assert!(
            !timeout.timed_out() && !record.1,
            "the observer waited in vain for {what}:\n{text}"
        );
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        // Detaches and lets the watched processes go on; a killed strace would do so too.
        self.strace.signal(Signal::INT);
        self.strace.wait(DEADLINE);
    }
}

impl Sight {
    /// The calls that a session which is refused must never cause: starting anything but the agent's own program,
    /// and becoming another user or group, whether that succeeded or not.
    pub(crate) fn of_a_login(&self) -> Vec<&str> {
        let calls = self.calls.iter().map(String::as_str);
        calls
            .filter(|call| !call.contains(r#"execve("/proc/self/exe","#))
            .collect()
    }

    /// Whether this program was started under this first argument.
    pub(crate) fn has_started(&self, program: &str, argument: &str) -> bool {
        let call = format!(r#"execve("{program}", ["{argument}""#);
        self.calls.iter().any(|line| line.contains(&call))
    }

    /// The calls themselves, for a test that failed.
    pub(crate) fn text(&self) -> String {
        self.calls.join("\n")
    }
}

/// Splits `[pid 12] call…` into the process and what it did.
fn of_process(line: &str) -> Option<(&str, &str)> {
    let (pid, call) = line.strip_prefix("[pid ")?.split_once(']')?;
    Some((pid.trim(), call.trim_start()))
}

/// Every descendant of this process that runs the agent's program.
pub(crate) fn agent_processes(ancestor: i32) -> Vec<i32> {
    let parents: BTreeMap<i32, i32> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect();
    let descends = |pid: &i32| {
        let mut up = Some(*pid);
        while let Some(pid) = up {
            if pid == ancestor {
                return true;
            }
            up = parents.get(&pid).copied();
        }
        false
    };
    let runs_agent = |pid: &i32| {
        fs::read_link(format!("/proc/{pid}/exe"))
            .is_ok_and(|program| program.ends_with("usher-agent"))
    };
    parents
        .keys()
        .filter(|pid| descends(pid) && runs_agent(pid))
        .copied()
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))?
        .trim()
        .parse()
        .ok()
}
