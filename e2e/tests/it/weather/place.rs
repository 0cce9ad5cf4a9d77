//! A server, a node apart from it, and the two legs between them and the people, each behind its proxy.
//!
//! The server is `usher dev --no-agent` on a fixed port, killed with SIGKILL and started again on the same data; the
//! node is `usher-agent run`. API calls of the test itself go to the server directly, in fair weather.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::proxy::Proxy;
use crate::harness::boto3::{Boto3, Call, Keys};
use crate::harness::os_users::OsUser;
use crate::harness::process::{Process, output_of};
use crate::harness::{DEADLINE, programs};

/// Ports outside the range that the kernel takes for outgoing connections: nobody else can have taken the server's
/// while it is down.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// The whole place.
pub(crate) struct Place {
    agent: Process,
    keeper: Option<thread::JoinHandle<()>>,
    orders: SyncSender<Order>,
    client_leg: Proxy,
    agent_leg: Proxy,
    boto3: Boto3,
    environment: BTreeMap<String, String>,
    admin: Keys,
    node: String,
    pub(crate) os_user: OsUser,
    directory: TempDir,
}

/// What is asked of whoever keeps the server.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    KillAndStart,
    /// Tells that all orders before this one were carried out: the server is there.
    Tell(SyncSender<()>),
    Stop,
}

/// The server's process, as often as it is started.
struct Server {
    command: Command,
    process: Option<Process>,
}

impl Server {
    fn start(&mut self) {
        let mut child = self.command.spawn().unwrap();
        until_ready(&mut child);
        self.process = Some(Process::new(child));
    }

    fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal(rustix::process::Signal::KILL);
        process.wait(DEADLINE).unwrap();
    }
}

/// Waits for the line that says so, and goes on reading, so that the server never waits for us.
fn until_ready(child: &mut Child) {
    let output = BufReader::new(child.stderr.take().unwrap());
    let (tell, told) = sync_channel(1);
    thread::spawn(move || {
        let mut said = String::new();
        for line in output.lines().map_while(Result::ok) {
            if line.contains("usher dev is ready") {
                let _ = tell.send(Ok(()));
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = tell.send(Err(said));
    });
    told.recv_timeout(DEADLINE)
        .unwrap()
        .unwrap_or_else(|said| panic!("usher dev did not get ready:\n{said}"));
}

impl Place {
    /// Starts everything in fair weather. Run As is on with one OS user for all.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_logging(name, "info")
    }

    /// The same with a server that logs from this level on.
    pub(crate) fn start_logging(name: &str, level: &str) -> Self {
        let directory = TempDir::with_prefix("ushertest-").unwrap();
        let os_user = OsUser::with_home(name, "/bin/bash", &[]);
        let address = free_address();
        let data = directory.path().join("data");
        let mut command = Command::new(programs::usher());
        command
            .args([
                "dev",
                "--no-agent",
                "--listen",
                &address.to_string(),
                "--data-dir",
            ])
            .arg(&data)
            .env("RUST_LOG", level)
            .env_remove("SUDO_USER")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut server = Server {
            command,
            process: None,
        };
        server.start();

        let (orders, ordered) = sync_channel(4);
        let client_leg = Proxy::start(address, orders.clone());
        let agent_leg = Proxy::start(address, orders.clone());
        let mut environment = environment(&data, directory.path());
        let boto3 = Boto3::start(&environment);
        let admin = Keys {
            id: environment["AWS_ACCESS_KEY_ID"].clone(),
            secret: environment["AWS_SECRET_ACCESS_KEY"].clone(),
        };
        let endpoint = format!("http://{}", client_leg.address());
        environment.insert("AWS_ENDPOINT_URL".to_owned(), endpoint);

        let config = directory.path().join("agent.toml");
        let (agent, node) = start_agent(&config, address, &agent_leg, &boto3, &admin);
        let place = Self {
            agent,
            keeper: Some(thread::spawn(move || keep(server, &ordered))),
            orders,
            client_leg,
            agent_leg,
            boto3,
            environment,
            admin,
            node,
            os_user,
            directory,
        };
        place.save_run_as(place.os_user.name());
        place.until_connected();
        place
    }

    /// A file for the OS user to read.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = Path::new(&self.os_user.home()).join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A file for the test alone.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn client_leg(&self) -> &Proxy {
        &self.client_leg
    }

    pub(crate) fn agent_leg(&self) -> &Proxy {
        &self.agent_leg
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    pub(crate) fn admin(&self) -> &Keys {
        &self.admin
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

    /// An IAM user with everything allowed.
    pub(crate) fn user(&self, name: &str) -> Keys {
        let iam = |operation: &str, arguments: Value| {
            self.call(&self.admin, "iam", operation, &arguments).must()
        };
        iam("create_user", json!({"UserName": name}));
        let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        self.allow(name, &allow);
        let key = iam("create_access_key", json!({"UserName": name}));
        let text = |member: &str| key["AccessKey"][member].as_str().unwrap().to_owned();
        Keys {
            id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
        }
    }

    /// Replaces what the IAM user may do by one statement.
    pub(crate) fn allow(&self, user: &str, statement: &Value) {
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let arguments =
            json!({"UserName": user, "PolicyName": "allowed", "PolicyDocument": policy});
        self.call(&self.admin, "iam", "put_user_policy", &arguments)
            .must();
    }

    /// Tags the IAM user with the OS user its sessions run as.
    pub(crate) fn tag_run_as(&self, user: &str, os_user: &str) {
        let tag = json!({"Key": "SSMSessionRunAs", "Value": os_user});
        let arguments = json!({"UserName": user, "Tags": [tag]});
        self.call(&self.admin, "iam", "tag_user", &arguments).must();
    }

    /// From here on sessions are encrypted under a key of the embedded KMS.
    pub(crate) fn encrypt(&self) {
        self.encrypt_with(json!({}));
    }

    /// The same, with these preferences beside.
    pub(crate) fn encrypt_with(&self, mut inputs: Value) {
        let made = self
            .call(&self.admin, "kms", "create_key", &json!({}))
            .must();
        inputs["kmsKeyId"] = made["KeyMetadata"]["KeyId"].clone();
        self.prefer(inputs);
    }

    /// From here on the logs of sessions go to this bucket and this log group, both made here.
    pub(crate) fn log_to(&self, bucket: &str, group: &str) {
        self.make_sinks(bucket, group);
        self.prefer(json!({
            "s3BucketName": bucket, "cloudWatchLogGroupName": group, "cloudWatchEncryptionEnabled": false,
        }));
    }

    /// Makes a bucket and a log group.
    pub(crate) fn make_sinks(&self, bucket: &str, group: &str) {
        let made = json!({"Bucket": bucket});
        self.call(&self.admin, "s3", "create_bucket", &made).must();
        let made = json!({"logGroupName": group});
        self.call(&self.admin, "logs", "create_log_group", &made)
            .must();
    }

    /// The text of an object, by its `s3://` address.
    pub(crate) fn object(&self, url: &str) -> String {
        let mut copy = self.command(&self.admin, "aws");
        output_of(copy.args(["s3", "cp", "--only-show-errors", url, "-"]))
    }

    /// Sets these preferences beside Run As.
    fn prefer(&self, mut inputs: Value) {
        inputs["runAsEnabled"] = json!(true);
        inputs["runAsDefaultUser"] = json!(self.os_user.name());
        let content =
            json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
            "DocumentVersion": "$LATEST", "DocumentFormat": "JSON",
        });
        self.call(&self.admin, "ssm", "update_document", &arguments)
            .must();
    }

    fn save_run_as(&self, default_user: &str) {
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
        self.call(&self.admin, "ssm", "create_document", &arguments)
            .must();
    }

    /// Waits until a session can be started: after a kill the node takes a moment to come back.
    pub(crate) fn until_connected(&self) {
        let started = Instant::now();
        let arguments = json!({"Target": self.node});
        let status = || {
            self.call(&self.admin, "ssm", "get_connection_status", &arguments)
                .send()
        };
        while !status().is_ok_and(|answer| answer["Status"] == "connected") {
            assert!(
                started.elapsed() < DEADLINE,
                "the node does not come back:\n{}",
                self.agent_log()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the server and, without waiting for the next one, the agent's monitor, with which its control process ends;
    /// starts both again.
    pub(crate) fn kill_server_and_agent(&mut self) {
        self.orders.send(Order::KillAndStart).unwrap();
        self.agent.signal(rustix::process::Signal::KILL);
        self.agent.wait(DEADLINE).unwrap();
        self.agent = run_agent(self.directory.path());
    }

    /// Kills the server, which starts again.
    pub(crate) fn kill_server(&self) {
        self.orders.send(Order::KillAndStart).unwrap();
    }

    /// Waits until the server is there after every kill so far.
    pub(crate) fn await_server(&self) {
        let (tell, told) = sync_channel(1);
        self.orders.send(Order::Tell(tell)).unwrap();
        told.recv().unwrap();
    }

    /// How many sessions history shows that ended so.
    pub(crate) fn ended(&self, status: &str) -> usize {
        let arguments = json!({"State": "History"});
        let told = self
            .call(&self.admin, "ssm", "describe_sessions", &arguments)
            .must();
        let sessions = told["Sessions"].as_array().unwrap();
        let ended = |session: &&Value| session["Status"] == status;
        sessions.iter().filter(ended).count()
    }

    /// A program in the environment of a person with these keys, whose calls go through the client's leg.
    pub(crate) fn command(&self, keys: &Keys, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.environment)
            .env("AWS_ACCESS_KEY_ID", &keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret);
        command
    }

    /// The process id of the agent's monitor.
    pub(crate) fn agent_process(&self) -> i32 {
        self.agent.pid().as_raw_nonzero().get()
    }

    /// The process id of the server, as long as it is up.
    pub(crate) fn server_process(&self) -> Option<i32> {
        let data = self.directory.path().join("data");
        let of_server = format!("--data-dir\0{}\0", data.display());
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|pid| {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&line).contains(&of_server)
            })
    }

    /// What the agent and its sessions have logged.
    pub(crate) fn agent_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("agent.log")).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log of the agent\n{}", self.agent_log());
        }
        self.agent.signal(rustix::process::Signal::TERM);
        self.agent.wait(DEADLINE);
        let _ = self.orders.send(Order::Stop);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        // Sessions outlive their agent by design; here nobody would come back for them.
        end_workers_of(self.directory.path());
    }
}

/// Kills the processes whose command line names something in `directory`.
fn end_workers_of(directory: &Path) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let names = String::from_utf8_lossy(&line).contains(&*directory.to_string_lossy());
        let pid = entry.file_name().to_str().and_then(|pid| pid.parse().ok());
        if let (true, Some(pid)) = (names, pid.and_then(rustix::process::Pid::from_raw)) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Kills the server when it is asked to, and starts it again but for the last time.
fn keep(mut server: Server, ordered: &Receiver<Order>) {
    loop {
        match ordered.recv() {
            Ok(Order::KillAndStart) => {
                server.kill();
                server.start();
            }
            Ok(Order::Tell(tell)) => {
                let _ = tell.send(());
            }
            Ok(Order::Stop) | Err(_) => return server.kill(),
        }
    }
}

fn free_address() -> SocketAddr {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}

/// Registers the node with the server itself and runs its agent behind the proxy.
fn start_agent(
    config: &Path,
    server: SocketAddr,
    leg: &Proxy,
    boto3: &Boto3,
    admin: &Keys,
) -> (Process, String) {
    let directory = config.parent().unwrap();
    let write = |endpoint: SocketAddr| {
        let [state, run] = ["state", "run"].map(|name| directory.join(name));
        let text =
            format!("endpoint = \"http://{endpoint}\"\nstate_dir = {state:?}\nrun_dir = {run:?}\n");
        fs::write(config, text).unwrap();
    };

    let arguments =
        json!({"IamRole": "service-role/UsherManagedNode", "DefaultInstanceName": "weather"});
    let activation = boto3
        .call(admin, "ssm", "create_activation", &arguments)
        .must();
    let text = |member: &str| activation[member].as_str().unwrap().to_owned();
    let code = directory.join("code");
    File::create(&code)
        .unwrap()
        .write_all(text("ActivationCode").as_bytes())
        .unwrap();
    write(server);
    let mut register = agent_program();
    register.arg("register").arg("--config").arg(config);
    register
        .args([
            "--activation-id",
            &text("ActivationId"),
            "--activation-code-file",
        ])
        .arg(&code);
    output_of(&mut register);

    write(leg.address());
    let process = run_agent(directory);
    let registration = fs::read_to_string(directory.join("state/registration.json")).unwrap();
    let registration: Value = serde_json::from_str(&registration).unwrap();
    (process, registration["NodeId"].as_str().unwrap().to_owned())
}

/// Runs the registered agent; a second one goes on in the same log.
fn run_agent(directory: &Path) -> Process {
    let log = File::options()
        .create(true)
        .append(true)
        .open(directory.join("agent.log"))
        .unwrap();
    let mut run = agent_program();
    run.args(["run", "--config"])
        .arg(directory.join("agent.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    Process::new(run.spawn().unwrap())
}

fn agent_program() -> Command {
    let mut command = Command::new(programs::usher().with_file_name("usher-agent"));
    command.env_remove("SUDO_USER");
    command
}

/// What `DATA/env.sh` says, in the environment of a person at a terminal.
fn environment(data: &Path, home: &Path) -> BTreeMap<String, String> {
    let show = format!(". {}/env.sh && env -0", data.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &show]).env_clear();
    // Behind the server's own entry, which has to come first.
    let aws = programs::aws().unwrap();
    shell.env(
        "PATH",
        format!("{}:/usr/local/bin:/usr/bin:/bin", aws.display()),
    );
    let mut environment: BTreeMap<String, String> = output_of(&mut shell)
        .split('\0')
        .filter_map(|variable| variable.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    environment.insert("HOME".to_owned(), home.display().to_string());
    environment
}
