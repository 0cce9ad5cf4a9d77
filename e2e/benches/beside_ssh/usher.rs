//! A `usher dev` as root whose sessions run as the bench's account.
//!
//! It is started as through sudo by that account, which turns Run As on with it as the default user: no call has to
//! be made before the first session.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::account::Account;
use crate::error::BenchError;

/// Tells the environment it is given, which is when the server is ready, and then waits for its input to end.
const TELL_AND_WAIT: &str = r"env -0; printf 'ready\0'; exec cat >/dev/null";

/// A running server with this machine as its node. Dropping it stops both.
pub(crate) struct Usher {
    server: Child,
    /// Its end tells the server to stop.
    hold: Option<ChildStdin>,
    environment: BTreeMap<String, String>,
    programs: PathBuf,
}

impl Usher {
    /// Starts the programs beside this one's profile folder, with everything they keep in `folder`.
    pub(crate) fn start(folder: &Path, account: &Account) -> Result<Self, BenchError> {
        let programs = programs()?;
        let log = folder.join("usher.log");
        let stderr = File::create(&log).map_err(|source| BenchError::File {
            path: log.clone(),
            source,
        })?;
        let mut command = Command::new(programs.join("usher"));
        command
            .args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("data"))
            .args(["--", "sh", "-c", TELL_AND_WAIT])
            .env("SUDO_USER", account.name())
            .env("SUDO_UID", account.uid()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        eprintln!("+ {command:?}");
        let mut server = command.spawn().map_err(|source| BenchError::NotStarted {
            line: format!("{command:?}"),
            source,
        })?;
        let hold = server.stdin.take();
        let told = server.stdout.take().and_then(|output| {
            let variables = BufReader::new(output).split(b'\0').map_while(Result::ok);
            told(variables)
        });
        let mut usher = Self {
            server,
            hold,
            environment: BTreeMap::new(),
            programs,
        };
        usher.environment = told.ok_or_else(|| BenchError::NotReady {
            program: "usher dev",
            log: fs::read_to_string(&log).unwrap_or_default(),
        })?;
        Ok(usher)
    }

    /// The process id of the server, whose child the agent is.
    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    /// `usher start-session` on this machine's node.
    pub(crate) fn client(&self) -> Command {
        let mut client = self.person(self.programs.join("usher").as_ref());
        client.arg("start-session").arg(self.node());
        client
    }

    /// `aws ssm start-session` by this `aws`, which finds the plugin in `plugin`, or ours.
    pub(crate) fn aws(&self, aws: &Path, plugin: Option<&Path>) -> Command {
        let mut client = self.person(aws);
        client.args(["ssm", "start-session", "--target", self.node()]);
        if let Some(plugin) = plugin {
            let path = self.variable("PATH");
            client.env("PATH", format!("{}:{path}", plugin.display()));
        }
        client
    }

    fn person(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let variables = self.environment.iter().filter(|(name, _)| {
            name.starts_with("AWS_") || name.starts_with("USHER_") || *name == "PATH"
        });
        command.envs(variables);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn node(&self) -> &str {
        self.variable("USHER_NODE")
    }

    fn variable(&self, name: &str) -> &str {
        self.environment.get(name).map_or("", String::as_str)
    }
}

impl Drop for Usher {
    fn drop(&mut self) {
        self.hold.take();
        let _ = self.server.wait();
    }
}

/// The variables up to the word that says they were all.
fn told(variables: impl Iterator<Item = Vec<u8>>) -> Option<BTreeMap<String, String>> {
    let mut environment = BTreeMap::new();
    for variable in variables {
        let text = String::from_utf8_lossy(&variable);
        if text == "ready" {
            return Some(environment);
        }
        if let Some((name, value)) = text.split_once('=') {
            environment.insert(name.to_owned(), value.to_owned());
        }
    }
    None
}

/// `TARGET/release`: this program stands in its `deps`.
pub(crate) fn programs() -> Result<PathBuf, BenchError> {
    let ours = std::env::current_exe()?;
    Ok(ours.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned())
}
