//! The real agent in a directory of its own, registered, running, and stopped on drop.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::machine::Machine;
use crate::service::Service;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_usher-agent");

/// A running agent.
pub(crate) struct Agent {
    child: Child,
    config: PathBuf,
    directory: TempDir,
    /// Where it runs, if not on this very machine.
    machine: Option<Machine>,
}

impl Agent {
    /// Registers with `service`, starts with `policy` (lines of agent.toml) and waits for the
    /// control channel. A journal makes its sessions end with it.
    pub(crate) async fn start(service: &mut Service, policy: &str) -> Self {
        Self::start_as(service, policy, None).await
    }

    /// The same on a machine of its own.
    pub(crate) async fn start_on(service: &mut Service, policy: &str, machine: Machine) -> Self {
        Self::start_at(service, policy, None, Some(machine)).await
    }

    /// The same as an ordinary user.
    pub(crate) async fn start_as(
        service: &mut Service,
        policy: &str,
        ids: Option<(u32, u32)>,
    ) -> Self {
        Self::start_at(service, policy, ids, None).await
    }

    async fn start_at(
        service: &mut Service,
        policy: &str,
        ids: Option<(u32, u32)>,
        machine: Option<Machine>,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("agent.toml");
        let path = |name: &str| directory.path().join(name).display().to_string();
        let text = format!(
            "endpoint = {:?}\nstate_dir = {:?}\nrun_dir = {:?}\njournal = {:?}\n[policy]\n{policy}\n",
            service.endpoint,
            path("state"),
            path("run"),
            path("journal"),
        );
        fs::write(&config, text).unwrap();
        if let Some((uid, gid)) = ids {
            std::os::unix::fs::chown(directory.path(), Some(uid), Some(gid)).unwrap();
        }
        register(&config, ids, machine.as_ref()).await;
        let child = command(&config, "run", ids, machine.as_ref())
            .spawn()
            .unwrap();
        let agent = Self {
            child,
            config,
            directory,
            machine,
        };
        service.agent_connects().await;
        agent
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The monitor's process id.
    pub(crate) fn monitor(&self) -> u32 {
        self.child.id()
    }

    /// A path as the agent sees it, from outside its namespace.
    pub(crate) fn sees(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.child.id(), path.display()))
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// As on a node for good: without a journal, so that sessions outlive the agent.
    pub(crate) fn forget_journal(&self) {
        let text = fs::read_to_string(&self.config).unwrap();
        let kept = text.lines().filter(|line| !line.starts_with("journal"));
        fs::write(&self.config, kept.collect::<Vec<_>>().join("\n")).unwrap();
    }

    /// Kills the monitor alone; its control process leaves by itself.
    pub(crate) fn kill_monitor(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops the monitor alone, as a unit with `KillMode=process` does.
    pub(crate) fn stop_monitor(&mut self) {
        self.ask_to_stop();
        self.child.wait().unwrap();
    }

    /// Starts a successor and waits for its control channel.
    pub(crate) async fn start_again(&mut self, service: &mut Service) {
        self.child = command(&self.config, "run", None, self.machine.as_ref())
            .spawn()
            .unwrap();
        service.agent_connects().await;
    }

    /// Asks the agent to stop and returns at once.
    pub(crate) fn ask_to_stop(&self) {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(asked.unwrap().success());
    }

    /// Removes what the agent made on this machine.
    pub(crate) fn undo(&self) {
        let undone = command(&self.config, "undo", None, self.machine.as_ref())
            .status()
            .unwrap();
        assert!(undone.success());
    }

    /// The agent's own processes of one kind, by their subcommand.
    pub(crate) fn workers(&self, subcommand: &str) -> Vec<i32> {
        children_of(self.child.id())
            .into_iter()
            .filter(|pid| {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                line.split(|byte| *byte == 0).nth(1) == Some(subcommand.as_bytes())
            })
            .collect()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.ask_to_stop();
        let _ = self.child.wait();
    }
}

async fn register(config: &Path, ids: Option<(u32, u32)>, machine: Option<&Machine>) {
    let mut command = command(config, "register", ids, machine);
    command
        .args(["--activation-id", "b5b3ed2c-0000-4000-8000-000000000000"])
        .args(["--activation-code-file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut code = child.stdin.take().unwrap();
    code.write_all(b"a-code-of-twenty-letters\n").unwrap();
    drop(code);
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
    assert!(ended.await.unwrap().success());
}

fn command(
    config: &Path,
    subcommand: &str,
    ids: Option<(u32, u32)>,
    machine: Option<&Machine>,
) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = match (ids, machine) {
        (None, None) => Command::new(PROGRAM),
        (None, Some(machine)) => machine.command(Path::new(PROGRAM)),
        (Some(_), _) => Command::new(program_beside(config)),
    };
    command
        .arg(subcommand)
        .arg("--config")
        .arg(config)
        .env("RUST_LOG", "warn")
        .env("USHERTEST_SECRET", "must not reach a shell");
    if let Some((uid, gid)) = ids {
        command.uid(uid).gid(gid);
    }
    command
}

/// The program where every user can reach it: the build directory may be below a home that is closed to others.
fn program_beside(config: &Path) -> PathBuf {
    let program = config.with_file_name("usher-agent");
    if !program.exists() {
        fs::copy(PROGRAM, &program).unwrap();
    }
    program
}

/// Processes whose parent is `parent`.
pub(crate) fn children_of(parent: u32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            rest.split_ascii_whitespace().nth(1) == Some(&parent.to_string())
        })
        .collect()
}

/// Whether any process runs this command line.
pub(crate) fn runs(command_line: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap();
    processes.filter_map(Result::ok).any(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.trim_end() == command_line
    })
}

/// What [`processes_of`] has to be where nobody was logged in.
pub(crate) const NOBODY: [String; 0] = [];

/// The processes with this real uid, by what `/proc` says of them.
pub(crate) fn processes_of(uid: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let statuses =
        processes.map(|entry| fs::read_to_string(entry.path().join("status")).unwrap_or_default());
    let uids = format!("Uid:\t{uid}\t");
    statuses
        .filter(|status| status.lines().any(|line| line.starts_with(&uids)))
        .collect()
}

/// Waits until `gone` holds.
pub(crate) async fn eventually(what: &str, gone: impl Fn() -> bool) {
    let until = tokio::time::Instant::now() + crate::service::SOON;
    while !gone() {
        assert!(tokio::time::Instant::now() < until, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
