//! What the figures depend on and are written down with: the machine, how busy it was, and the commit.

use std::fs;
use std::process::Command;

/// The machine at one moment.
#[derive(Debug)]
pub(crate) struct Machine {
    /// UTC.
    pub(crate) time: String,
    pub(crate) commit: String,
    pub(crate) cpus: usize,
    pub(crate) model: String,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
    /// Runnable processes, averaged over a minute.
    pub(crate) load: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let commit = line("git", &["describe", "--always", "--abbrev=12", "--dirty"]);
        Self {
            time: line("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
            commit,
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            model: entry("/proc/cpuinfo", "model name").unwrap_or_default(),
            memory_mib: entry("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            kernel: line("uname", &["-sr"]),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| text.split(' ').next().map(str::to_owned))
                .unwrap_or_default(),
        }
    }
}

fn line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}

fn entry(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
}
