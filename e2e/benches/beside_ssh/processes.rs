//! CPU time, memory and sleeps of the programs that carry a session, read from `/proc`.
//!
//! A shell and what it runs are left out, whoever started them: they are the same on every way.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The unit of times in `/proc/PID/stat`: USER_HZ, 100 a second on all of Linux.
const MS_PER_TICK: u64 = 10;

/// Programs that carry sessions, by the beginnings of their names.
const CARRIERS: [&str; 6] = [
    "usher",
    "ssh",
    "session-manager",
    "python",
    "aws",
    "ssm-session",
];

/// What one process has used up to now.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The program, and for an agent which of its kinds.
    pub(crate) name: String,
    /// Its own user and system time, in milliseconds.
    pub(crate) own_ms: u64,
    /// The same of its children that have ended, in milliseconds.
    pub(crate) children_ms: u64,
    /// The most memory it ever held, in KiB.
    pub(crate) peak_kib: u64,
    /// How often its threads have gone to sleep of themselves: what waking it cost, whatever the machine's load.
    pub(crate) sleeps: u64,
}

/// Those of `roots` and their descendants that carry sessions.
pub(crate) fn carriers(roots: &[u32]) -> Vec<Process> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let all = fs::read_dir("/proc").into_iter().flatten();
    for pid in all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()) {
        if let Some(stat) = Stat::of(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut waiting = roots.to_vec();
    while let Some(pid) = waiting.pop() {
        if let Some(process) = process(pid) {
            found.push(process);
            waiting.extend(children.get(&pid).into_iter().flatten());
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// User and system time of the children we ourselves have waited for, in milliseconds.
pub(crate) fn waited_for_ms() -> u64 {
    Stat::of(std::process::id()).map_or(0, |stat| stat.children_ms)
}

fn process(pid: u32) -> Option<Process> {
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let program = program.file_name()?.to_str()?.to_owned();
    if !CARRIERS.iter().any(|carrier| program.starts_with(carrier)) {
        return None;
    }
    let stat = Stat::of(pid)?;
    Some(Process {
        pid,
        name: kind(pid, program),
        own_ms: stat.own_ms,
        children_ms: stat.children_ms,
        peak_kib: peak_kib(pid)?,
        sleeps: sleeps(pid),
    })
}

/// Ours are told apart by their subcommand; the plugin's first argument is none.
fn kind(pid: u32, program: String) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).into_owned();
    let is_subcommand =
        |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match line.split('\0').nth(1).filter(is_subcommand) {
        Some(word) if program.starts_with("usher") => format!("{program} {word}"),
        _ => program,
    }
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status =
        fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn sleeps(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let statuses = threads
        .into_iter()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
    let count = |status: String| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok())
    };
    statuses.filter_map(count).sum()
}

struct Stat {
    parent: u32,
    own_ms: u64,
    children_ms: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; what follows is numbers after the state.
        let numbers: Vec<u64> = text
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .skip(1)
            .map(|word| word.parse().unwrap_or(0))
            .collect();
        let [parent, rest @ ..] = numbers.as_slice() else {
            return None;
        };
        // proc_pid_stat(5): fields 14 to 17, of which `rest` begins with field 5.
        let [user, system, children_user, children_system, ..] = rest.get(9..)? else {
            return None;
        };
        Some(Self {
            parent: u32::try_from(*parent).ok()?,
            own_ms: (user + system) * MS_PER_TICK,
            children_ms: (children_user + children_system) * MS_PER_TICK,
        })
    }
}
