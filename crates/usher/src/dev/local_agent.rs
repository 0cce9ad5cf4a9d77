//! This machine's agent: the program beside ours, its configuration, and its life from registration to removal of
//! what it made on the host.
//!
//! The program is never looked for anywhere else, because as root it runs as root.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use usher_server::Activation;
use usher_wire::ids::NodeId;

use super::DevError;
use super::REGION;
use super::data_dir::{DataDir, append};

const PROGRAM: &str = "usher-agent";

/// For its sessions to end.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// What is said of a program's output in an error.
const SHOWN_OUTPUT: usize = 2000;

/// The agent's program and files.
#[derive(Debug)]
pub(super) struct LocalAgent {
    program: PathBuf,
    data: DataDir,
    folder: PathBuf,
    log: PathBuf,
}

/// `agent.toml`, as far as we set it.
#[derive(Serialize)]
struct AgentConfig<'a> {
    endpoint: &'a str,
    region: &'a str,
    state_dir: PathBuf,
    run_dir: PathBuf,
    journal: PathBuf,
}

/// What `register` leaves behind, as far as we read it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Registration {
    node_id: NodeId,
}

impl LocalAgent {
    /// The agent beside our own executable.
    pub(super) fn find(data: &DataDir) -> Result<Self, DevError> {
        let ours = std::env::current_exe()
            .and_then(fs::canonicalize)
            .map_err(|source| DevError::Data {
                path: PROGRAM.into(),
                source,
            })?;
        let program = ours.with_file_name(PROGRAM);
        if !program.is_file() {
            return Err(DevError::NoAgent { path: program });
        }
        let folder = data.agent()?;
        Ok(Self {
            program,
            data: data.clone(),
            log: folder.join("agent.log"),
            folder,
        })
    }

    /// Where it writes what it does.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    fn config(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// Points it at the server, whose port may have changed since the last start.
    pub(super) fn write_config(&self, endpoint: &str) -> Result<(), DevError> {
        let config = AgentConfig {
            endpoint,
            region: REGION,
            state_dir: self.state(),
            run_dir: self.folder.join("run"),
            journal: self.journal(),
        };
        let failed = |source| DevError::Data {
            path: self.config(),
            source,
        };
        let text = toml::to_string(&config).map_err(|e| failed(io::Error::other(e)))?;
        self.data.write_private("agent/agent.toml", text.as_bytes())
    }

    /// The node this machine is registered as, if it is.
    pub(super) fn node(&self) -> Result<Option<NodeId>, DevError> {
        let path = self.state().join("registration.json");
        let failed = |source| DevError::Data {
            path: path.clone(),
            source,
        };
        match fs::read(&path) {
            Ok(json) => {
                let registration: Registration =
                    serde_json::from_slice(&json).map_err(|e| failed(e.into()))?;
                Ok(Some(registration.node_id))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Registers this machine; the code goes through a pipe, never through the arguments.
    pub(super) async fn register(&self, activation: &Activation) -> Result<(), DevError> {
        let mut command = self.command("register");
        command.args([
            "--activation-id",
            &activation.id,
            "--activation-code-file",
            "-",
        ]);
        self.run("register", command, activation.code.expose().as_bytes())
            .await
    }

    /// Removes what the journal lists: after a stop, and at the start what a crash left.
    pub(super) async fn undo(&self) -> Result<(), DevError> {
        if !self.journal().exists() {
            return Ok(());
        }
        self.run("undo", self.command("undo"), b"").await
    }

    /// Starts it in a process group of its own: a Ctrl-C of the terminal is ours to answer, in order.
    pub(super) fn start(&self) -> Result<Process, DevError> {
        let log = append(&self.log)?;
        let failed = |source| DevError::Data {
            path: self.program.clone(),
            source,
        };
        let mut command = self.command("run");
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        Ok(Process(command.spawn().map_err(failed)?))
    }

    /// It gets none of our environment but what says how much to log: the person's keys are not its business.
    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(subcommand)
            .arg("--config")
            .arg(self.config())
            .kill_on_drop(true)
            .env_clear();
        let kept = ["PATH", "RUST_LOG", "TZ"]
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        // Its log is a file, and what it says on failure is quoted.
        command.envs(kept).env("NO_COLOR", "1");
        command
    }

    async fn run(
        &self,
        subcommand: &'static str,
        mut command: Command,
        input: &[u8],
    ) -> Result<(), DevError> {
        let failed = |source| DevError::Data {
            path: self.program.clone(),
            source,
        };
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that ends without reading says why in its status.
            let _ = stdin.write_all(input).await;
        }
        let output = child.wait_with_output().await.map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let output_text = said.trim().chars().take(SHOWN_OUTPUT).collect();
        Err(DevError::AgentFailed {
            subcommand,
            status: output.status,
            output: output_text,
        })
    }
}

/// The running agent.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Waits for it to end by itself; how it did. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> String {
        self.0
            .wait()
            .await
            .map_or_else(|e| e.to_string(), |status| status.to_string())
    }

    /// Asks it to end, which ends its sessions, and waits.
    pub(super) async fn stop(mut self) {
        terminate(&self.0);
        if tokio::time::timeout(STOPS_WITHIN, self.0.wait())
            .await
            .is_err()
        {
            let _ = self.0.kill().await;
        }
    }
}

/// SIGTERM, to this process alone; nothing if it has ended.
pub(super) fn terminate(child: &Child) {
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
    }
}
