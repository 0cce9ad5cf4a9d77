//! A server as an operator runs it: settings in a file, TLS alone, and a node that is its own program.
//!
//! The certificates are of two authorities made here, so that one can take the other's place.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::boto3::{Boto3, Keys};
use super::os_users::OsUser;
use super::process::{Process, output_of};
use super::{DEADLINE, programs};

/// A private certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = authority.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(authority, key);
        Self { issuer, pem }
    }

    /// A certificate for loopback and for the names by which AWS's programs look for services, and its key.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names = ["127.0.0.1", KMS, "*.usher-1.amazonaws.com"];
        let mut leaf = CertificateParams::new(names.map(str::to_owned)).unwrap();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let pem = leaf.signed_by(&key, &self.issuer).unwrap().pem();
        (pem, key.serialize_pem())
    }
}

/// Where AWS's plugin looks for KMS in the site's region, whatever endpoints are configured (client.md, trap 3).
pub(crate) const KMS: &str = "kms.usher-1.amazonaws.com";

/// A running server, and its node if there is one.
pub(crate) struct Site {
    // Before the server, so that it can say goodbye, and both before the directory.
    agent: Option<Process>,
    server: Process,
    admin: Keys,
    boto3: Boto3,
    environment: BTreeMap<String, String>,
    url: String,
    authorities: [Authority; 2],
    directory: TempDir,
}

impl Site {
    /// Makes the first administrator and starts the server, with a certificate of the first authority.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same with further lines of settings.
    pub(crate) fn start_with(further: &str) -> Self {
        let directory = TempDir::with_prefix("ushertest-").unwrap();
        let authorities = [Authority::new("First"), Authority::new("Second")];
        let path = |name: &str| directory.path().join(name);
        fs::write(path("first.pem"), &authorities[0].pem).unwrap();
        fs::write(path("second.pem"), &authorities[1].pem).unwrap();
        fs::write(
            path("both.pem"),
            authorities.each_ref().map(|a| a.pem.as_str()).concat(),
        )
        .unwrap();
        show(&directory, &authorities[0]);

        // Given back at once: the URL that clients are told has to be known before the server listens.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let url = format!("https://{address}");
        let settings = format!(
            "public_url = {url:?}\nlisten_tls = {address:?}\ncertificate_file = {:?}\ncertificate_key_file = {:?}\n\
             data_dir = {:?}\nroot_key_file = {:?}\nhosts = [{KMS:?}]\n{further}",
            path("tls.pem"),
            path("tls.key"),
            path("data"),
            path("root.key"),
        );
        fs::write(path("server.toml"), settings).unwrap();

        let made = output_of(
            Command::new(programs::usher())
                .args(["admin", "bootstrap", "--output", "json", "--config"])
                .arg(path("server.toml")),
        );
        let made: Value = serde_json::from_str(&made).unwrap();
        let text = |member: &str| made["AccessKey"][member].as_str().unwrap().to_owned();
        let admin = Keys {
            id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
        };
        let server = serve(&directory);
        let environment = environment(&directory, &url);
        Self {
            agent: None,
            server,
            admin,
            boto3: Boto3::start(&environment),
            environment,
            url,
            authorities,
            directory,
        }
    }

    /// A file of this site: `first.pem`, `second.pem` and `both.pem` are the authorities.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where it is served.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its address and port.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("https://")
    }

    /// Shows a certificate of the second authority from now on, in place.
    pub(crate) fn replace_certificate(&self) {
        show(&self.directory, &self.authorities[1]);
    }

    /// A program in the environment of the administrator, who trusts the first authority.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.environment)
            .env("AWS_ACCESS_KEY_ID", &self.admin.id)
            .env("AWS_SECRET_ACCESS_KEY", &self.admin.secret);
        command
    }

    /// What a variable of that environment holds.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// A call of the administrator's, which must succeed.
    pub(crate) fn call(&self, service: &str, operation: &str, arguments: &Value) -> Value {
        self.boto3
            .call(&self.admin, service, operation, arguments)
            .must()
    }

    /// Saves preferences that turn Run As on, with this default OS user: on this machine no account may be made.
    pub(crate) fn save_run_as(&self, default_user: &OsUser) {
        let content = json!({
            "schemaVersion": "1.0", "sessionType": "Standard_Stream",
            "inputs": {"runAsEnabled": true, "runAsDefaultUser": default_user.name()},
        });
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
            "DocumentType": "Session", "DocumentFormat": "JSON",
        });
        self.call("ssm", "create_document", &arguments);
    }

    /// `usher-agent register`, which believes the authorities in that file alone.
    pub(crate) fn register(&self, authorities: &str) -> Output {
        self.register_under("", authorities)
    }

    /// The same with rules of the node's own, a table `[policy]`.
    fn register_under(&self, policy: &str, authorities: &str) -> Output {
        let config = format!(
            "endpoint = {:?}\nca_file = {:?}\nstate_dir = {:?}\nrun_dir = {:?}\njournal = {:?}\n{policy}",
            self.url,
            self.path(authorities),
            self.path("agent/state"),
            self.path("agent/run"),
            self.path("agent/journal"),
        );
        fs::create_dir_all(self.path("agent")).unwrap();
        fs::write(self.path("agent.toml"), config).unwrap();
        let (id, code) = self.activation();
        let mut child = self
            .agent_command("register")
            .args(["--activation-id", &id])
            .args(["--activation-code-file", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(code.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Registers, runs the agent and waits until the node is connected; hands back its id.
    pub(crate) fn join(&mut self, authorities: &str) -> String {
        self.join_under("", authorities)
    }

    /// The same with rules of the node's own, a table `[policy]`.
    pub(crate) fn join_under(&mut self, policy: &str, authorities: &str) -> String {
        let registered = self.register_under(policy, authorities);
        let said = String::from_utf8_lossy(&registered.stderr).into_owned();
        assert!(registered.status.success(), "{said}");
        let node = String::from_utf8(registered.stdout)
            .unwrap()
            .trim_end()
            .to_owned();
        let log = File::create(self.path("agent.log")).unwrap();
        self.agent = Some(Process::new(
            self.agent_command("run").stderr(log).spawn().unwrap(),
        ));
        self.wait_for(&node, "connected", || {
            fs::read_to_string(self.path("agent.log")).unwrap()
        });
        node
    }

    /// A new activation for one node: its id and its code.
    pub(crate) fn activation(&self) -> (String, String) {
        let role = json!({"IamRole": NODE_ROLE});
        let made = self.call("ssm", "create_activation", &role);
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        (text("ActivationId"), text("ActivationCode"))
    }

    /// Waits until the node is `connected` or `notconnected`; `log` is shown if it is not in time. Each question is a
    /// whole call, which paces the asking.
    pub(crate) fn wait_for(&self, node: &str, status: &str, log: impl FnOnce() -> String) {
        let started = Instant::now();
        while self.call("ssm", "get_connection_status", &json!({"Target": node}))["Status"]
            != status
        {
            if started.elapsed() > DEADLINE {
                panic!("{node} is not {status}:\n{}", log());
            }
        }
    }

    /// Kills the server as a crash would, and starts it again.
    pub(crate) fn crash(&mut self) {
        self.server.signal(Signal::KILL);
        self.server.wait(DEADLINE).unwrap();
        self.server = serve(&self.directory);
    }

    fn agent_command(&self, subcommand: &str) -> Command {
        let mut agent = Command::new(programs::usher().with_file_name("usher-agent"));
        agent
            .arg(subcommand)
            .arg("--config")
            .arg(self.path("agent.toml"));
        agent
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        agent
    }

    /// Stops node and server as an init system does, and hands back the server's status.
    pub(crate) fn stop(mut self) -> ExitStatus {
        if let Some(mut agent) = self.agent.take() {
            agent.signal(Signal::TERM);
            agent.wait(DEADLINE).unwrap();
        }
        self.server.signal(Signal::TERM);
        self.server.wait(DEADLINE).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            agent.signal(Signal::TERM);
            agent.wait(DEADLINE);
        }
    }
}

/// The one role that nodes have.
const NODE_ROLE: &str = "service-role/UsherManagedNode";

/// The key first: the server looks at both when either has changed, and takes no pair that does not fit.
fn show(directory: &TempDir, authority: &Authority) {
    let (certificate, key) = authority.issue();
    for (name, content) in [("tls.key", key), ("tls.pem", certificate)] {
        let fresh = directory.path().join(format!("{name}.fresh"));
        fs::write(&fresh, content).unwrap();
        fs::set_permissions(&fresh, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&fresh, directory.path().join(name)).unwrap();
    }
}

/// Starts the server and waits until it says that it is ready.
fn serve(directory: &TempDir) -> Process {
    let mut child = Command::new(programs::usher())
        .args(["server", "--config"])
        .arg(directory.path().join("server.toml"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let mut before = Vec::new();
        let ready = lines.by_ref().any(|line| {
            before.push(line);
            before
                .last()
                .is_some_and(|line| line.starts_with("usher server is ready: "))
        });
        let _ = tell.send(ready.then_some(()).ok_or(before));
        // The rest of the log has to be read, or the server would wait for room.
        lines.for_each(drop);
    });
    let process = Process::new(child);
    told.recv_timeout(DEADLINE).unwrap().unwrap();
    process
}

fn environment(directory: &TempDir, url: &str) -> BTreeMap<String, String> {
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["session-manager-plugin", "usher"] {
        symlink(programs::usher(), bin.join(name)).unwrap();
    }
    let aws = programs::aws().unwrap();
    let path = std::env::join_paths([bin, aws, "/usr/bin".into(), "/bin".into()]).unwrap();
    let authority = directory.path().join("first.pem");
    [
        ("PATH", path.to_str().unwrap()),
        ("HOME", directory.path().to_str().unwrap()),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_CA_BUNDLE", authority.to_str().unwrap()),
        ("AWS_REGION", "usher-1"),
        ("AWS_DEFAULT_REGION", "usher-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_PAGER", ""),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
