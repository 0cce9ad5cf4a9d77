//! A `usher dev` of the test's own, with its callers.
//!
//! It is started in the form `usher dev … -- CMD`: CMD tells the environment it was given, which is when the server
//! is ready, and then waits for its standard input to end. So the server stops when this value is dropped, and also
//! when the test program dies.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::boto3::{Boto3, Call, Keys};
use super::process::Process;
use super::terminal::Terminal;
use super::{DEADLINE, programs};

/// Tells the environment, each variable ended by a NUL, says that it was all, and waits.
const TELL_AND_WAIT: &str = r"printf '\0'; env -0; printf 'ready\0'; exec cat";

/// A running server with this machine as its node.
pub(crate) struct Dev {
    // First, so that it stops before the directory is removed.
    process: Process,
    hold: Option<ChildStdin>,
    environment: BTreeMap<String, String>,
    boto3: Boto3,
    directory: PathBuf,
    _own: Option<TempDir>,
}

/// An IAM user with one access key.
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) keys: Keys,
}

impl Dev {
    /// Starts one with an empty data directory that is removed in the end.
    pub(crate) fn start() -> Self {
        let own = TempDir::with_prefix("ushertest-").unwrap();
        let mut dev = Self::start_in(own.path());
        dev._own = Some(own);
        dev
    }

    /// Starts one in a directory that outlives it: its data, and its log beside them.
    pub(crate) fn start_in(directory: &Path) -> Self {
        Self::start_by(Command::new(programs::usher()), directory)
    }

    /// Starts one by a command that ends in `usher`.
    pub(crate) fn start_by(mut usher: Command, directory: &Path) -> Self {
        let log = directory.join("dev.log");
        let mut child = usher
            .args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.join("data"))
            .args(["--", "sh", "-c", TELL_AND_WAIT])
            // As plain root: whoever started the tests through sudo is nobody's default user.
            .env_remove("SUDO_USER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let hold = child.stdin.take();
        let told = ready(&mut child);
        let process = Process::new(child);
        let Some(told) = told else {
            panic!(
                "usher dev did not get ready:\n{}",
                fs::read_to_string(&log).unwrap()
            );
        };

        let environment = person_environment(told, directory);
        let boto3 = Boto3::start(&environment);
        Self {
            process,
            hold,
            environment,
            boto3,
            directory: directory.to_owned(),
            _own: None,
        }
    }

    /// Stops it as a person would, by ending the command it runs for, and hands back its status.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.hold.take();
        self.process
            .wait(DEADLINE)
            .unwrap_or_else(|| panic!("usher dev did not stop:\n{}", self.log()))
    }

    /// The process id of `usher dev`.
    pub(crate) fn pid(&self) -> i32 {
        self.process.pid().as_raw_nonzero().get()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// One of the variables the server names itself by, such as `USHER_NODE`.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.environment
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in the environment"))
    }

    /// Where the same is served over TLS, as it was printed.
    pub(crate) fn tls_endpoint(&self) -> String {
        let log = self.log();
        let told = log.split_once("the same over TLS: ").unwrap().1;
        told.split_whitespace().next().unwrap().to_owned()
    }

    /// This machine's node id.
    pub(crate) fn node(&self) -> &str {
        self.variable("USHER_NODE")
    }

    /// The keys of the administrator.
    pub(crate) fn admin(&self) -> Keys {
        let variable = |name| self.variable(name).to_owned();
        Keys {
            id: variable("AWS_ACCESS_KEY_ID"),
            secret: variable("AWS_SECRET_ACCESS_KEY"),
        }
    }

    /// Prepares a boto3 call with these keys.
    pub(crate) fn call(
        &self,
        keys: &Keys,
        service: &str,
        operation: &str,
        arguments: &Value,
    ) -> Call<'_> {
        self.boto3.call(keys, service, operation, arguments)
    }

    /// Makes an IAM user with one allowing statement for each (action, resource); with none, it has no policy.
    pub(crate) fn principal(&self, name: &str, allowed: &[(&str, &str)]) -> Principal {
        let admin = self.admin();
        let iam = |operation: &str, arguments: Value| {
            self.call(&admin, "iam", operation, &arguments).must()
        };
        iam("create_user", json!({"UserName": name}));
        if !allowed.is_empty() {
            let statements: Vec<Value> = allowed
                .iter()
                .map(|(action, resource)| json!({"Effect": "Allow", "Action": action, "Resource": resource}))
                .collect();
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            iam(
                "put_user_policy",
                json!({"UserName": name, "PolicyName": "allowed", "PolicyDocument": policy}),
            );
        }
        let key = iam("create_access_key", json!({"UserName": name}));
        let text = |member: &str| key["AccessKey"][member].as_str().unwrap().to_owned();
        Principal {
            name: name.to_owned(),
            keys: Keys {
                id: text("AccessKeyId"),
                secret: text("SecretAccessKey"),
            },
        }
    }

    /// Tags the IAM user with the OS user its sessions run as.
    pub(crate) fn tag_run_as(&self, principal: &Principal, os_user: &str) {
        let tag = json!({"Key": "SSMSessionRunAs", "Value": os_user});
        let arguments = json!({"UserName": principal.name, "Tags": [tag]});
        self.call(&self.admin(), "iam", "tag_user", &arguments)
            .must();
    }

    /// Saves preferences that turn Run As on, with a default OS user or none.
    pub(crate) fn save_run_as(&self, default_user: &str) {
        let content = json!({
            "schemaVersion": "1.0",
            "description": "Document to hold regional settings for Session Manager",
            "sessionType": "Standard_Stream",
            "inputs": {"runAsEnabled": true, "runAsDefaultUser": default_user},
        });
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
            "DocumentType": "Session", "DocumentFormat": "JSON",
        });
        self.call(&self.admin(), "ssm", "create_document", &arguments)
            .must();
    }

    /// A program of the PATH that the server tells, in the environment of a person with these keys.
    pub(crate) fn command(&self, keys: &Keys, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment);
        command
            .env("AWS_ACCESS_KEY_ID", &keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret);
        command
    }

    /// `aws ssm start-session` on this machine's node, on a terminal.
    pub(crate) fn start_session(&self, keys: &Keys) -> Terminal {
        let mut aws = self.command(keys, "aws");
        aws.args(["ssm", "start-session", "--target", self.node()]);
        Terminal::start(&aws, 80, 24)
    }

    /// The ended session, once the history has its last state: the agent may have something left to do after the
    /// person was let go. Each question is a whole call, which paces the asking.
    pub(crate) fn history(&self, session: &str) -> Value {
        let arguments =
            json!({"State": "History", "Filters": [{"key": "SessionId", "value": session}]});
        let started = Instant::now();
        loop {
            let told = self
                .call(&self.admin(), "ssm", "describe_sessions", &arguments)
                .must();
            let kept = &told["Sessions"][0];
            if ["Terminated", "Failed"]
                .iter()
                .any(|last| kept["Status"] == *last)
            {
                return kept.clone();
            }
            assert!(
                started.elapsed() < DEADLINE,
                "{session} has not ended: {told}\n{}",
                self.log()
            );
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("dev.log")).unwrap_or_default()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.hold.take();
        self.process.wait(DEADLINE);
        if std::thread::panicking() {
            eprintln!("--- log of usher dev\n{}", self.log());
        }
    }
}

/// Waits until the command that the server runs has told its environment.
fn ready(child: &mut Child) -> Option<BTreeMap<String, String>> {
    let mut output = child.stdout.take()?;
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..length]);
            if bytes.ends_with(b"\0ready\0") {
                let _ = tell.send(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    });
    let text = told.recv_timeout(DEADLINE).ok()?;
    let variables = text
        .split('\0')
        .filter_map(|variable| variable.split_once('='));
    Some(
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}

/// The environment of a person at a terminal: what the server told, and little else.
fn person_environment(told: BTreeMap<String, String>, home: &Path) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = told
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with("AWS_") || name.starts_with("USHER_") || name == "PATH"
        })
        .collect();
    if let Some(aws) = programs::aws() {
        let path = environment.remove("PATH").unwrap_or_default();
        // Behind the server's own entry, which has to come first, and before any other aws.
        let (first, rest) = path.split_once(':').unwrap_or((&path, ""));
        environment.insert(
            "PATH".to_owned(),
            format!("{first}:{}:{rest}", aws.display()),
        );
    }
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("AWS_PAGER", ""),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    environment.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
    environment.insert("HOME".to_owned(), home.display().to_string());
    environment
}
