//! AWS's amazon-ssm-agent, unmodified, as a node of a site.
//!
//! Its paths are fixed, it runs as root and it makes accounts and sudo rules: so it has mount and process namespaces of
//! its own, and when this value is dropped no process of it is left and nothing that it wrote.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::os_users::copy_etc;
use super::process::{Process, child_of, output_of};
use super::site::Site;
use super::{DEADLINE, programs};

/// The programs that have to stand side by side.
pub(crate) const PROGRAM: &str = "amazon-ssm-agent";

/// Argument: the directory with what stands in the place of the machine's. The first process inherits that nobody waits
/// for children, so those that the agent leaves behind are gone when they end, as under an init system.
const NAMESPACE: &str = r#"
set -eu
mount --bind "$1/etc" /etc
mount --bind "$1/home" /home
mount --bind "$1/lib" /var/lib
mount --bind "$1/log" /var/log
trap '' CHLD
echo ready
exec sleep infinity
"#;

/// A registered node, connected unless it was stopped.
pub(crate) struct AwsNode {
    // Before the namespaces, whose end kills whatever is left.
    agent: Option<Process>,
    first: Pid,
    namespaces: Process,
    directory: PathBuf,
    authority: PathBuf,
    id: String,
}

impl AwsNode {
    /// Registers with the site and runs until it is connected. Accounts of the machine are those of this moment.
    pub(crate) fn join(site: &Site) -> Self {
        let directory = site.path("aws-node");
        for name in ["home", "lib", "log"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        copy_etc(&directory.join("etc"));
        let settings = directory.join("etc/amazon/ssm");
        fs::create_dir_all(&settings).unwrap();
        fs::write(
            settings.join("amazon-ssm-agent.json"),
            configuration(site.url()),
        )
        .unwrap();

        let mut child = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "--mount-proc"])
            .args(["--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", NAMESPACE, "sh"])
            .arg(&directory)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("namespaces.log")).unwrap())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert_eq!(ready, "ready\n", "the node's namespaces were not made");
        let namespaces = Process::new(child);
        let first = child_of(namespaces.pid());
        let mut node = Self {
            agent: None,
            first,
            namespaces,
            directory,
            authority: site.path("first.pem"),
            id: String::new(),
        };

        let (id, code) = site.activation();
        let mut register = node.command();
        register.args([
            "-register",
            "-id",
            &id,
            "-code",
            &code,
            "-region",
            "usher-1",
        ]);
        output_of(register.arg("-y"));
        let registered = fs::read_to_string(node.path("lib/amazon/ssm/registration")).unwrap();
        let registered: Value = serde_json::from_str(&registered).unwrap();
        node.id = registered["ManagedInstanceID"].as_str().unwrap().to_owned();
        node.start(site);
        node
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Starts the agent and waits until it is connected.
    pub(crate) fn start(&mut self, site: &Site) {
        let log = File::create(self.directory.join("agent.log")).unwrap();
        let mut run = self.command();
        let child = run.stdout(log.try_clone().unwrap()).stderr(log).spawn();
        self.agent = Some(Process::new(child.unwrap()));
        site.wait_for(&self.id, "connected", || self.log());
    }

    /// Stops the agent as an init system does that spares the programs it started: live sessions go on.
    pub(crate) fn stop(&mut self, site: &Site) {
        let mut entered = self.agent.take().unwrap();
        kill_process(child_of(entered.pid()), Signal::TERM).unwrap();
        entered.wait(DEADLINE).unwrap();
        site.wait_for(&self.id, "notconnected", || self.log());
    }

    /// A file as the node has it, such as `/var/lib/amazon/ssm/…` below `lib`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What the agent has logged so far.
    pub(crate) fn log(&self) -> String {
        let written = self.directory.join("log/amazon/ssm/amazon-ssm-agent.log");
        [written, self.directory.join("agent.log")]
            .map(|path| fs::read_to_string(path).unwrap_or_default())
            .concat()
    }

    fn command(&self) -> Command {
        let program = programs::directory_of(PROGRAM).unwrap().join(PROGRAM);
        let mut agent = Command::new("nsenter");
        agent
            .arg(format!("--target={}", self.first.as_raw_nonzero()))
            .args(["--mount", "--pid", "--"])
            .arg(program)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", &self.directory)
            .env("SSL_CERT_FILE", &self.authority)
            .stdin(Stdio::null());
        agent
    }
}

impl Drop for AwsNode {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(40)..];
            eprintln!("--- log of amazon-ssm-agent\n{}", tail.join("\n"));
        }
        // The first process of the namespace takes all others with it, and only then can the directory be removed.
        let _ = kill_process(self.first, Signal::KILL);
        self.namespaces.wait(DEADLINE);
    }
}

/// As docs/existing-agents.md has it.
fn configuration(url: &str) -> String {
    let here = json!({"Endpoint": url});
    json!({
        "Agent": {"Region": "usher-1"},
        "Mgs": {"Region": "usher-1", "Endpoint": url},
        "Ssm": here, "Mds": here, "Kms": here, "S3": here,
    })
    .to_string()
}
