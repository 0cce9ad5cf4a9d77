//! A running server with a clock that tests set, and the calls that most tests make.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use usher_policy::Preferences;
use usher_server::{
    Activation, Clock, CommandParameters, Config, Listener, Perimeter, Recording, RootKey, Server,
    StreamUrl,
};
use usher_wire::ids::AccountId;

pub(crate) use crate::client::{Http, Reply};
use crate::database;

pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const REGION: &str = "usher-1";
const START_MS: u64 = 1_795_337_476_000;

/// Keys as a client holds them.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// A server, the administrator's keys, and an activation made at its start.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Keys,
    pub(crate) activation: Activation,
    pub(crate) clock: Arc<AtomicU64>,
    folder: TempDir,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub(crate) fn config(folder: &Path) -> Config {
    Config {
        data_dir: folder.join("data"),
        database: database::of(folder),
        root_key: RootKey::default(),
        public_url: "http://usher.example:8480".to_owned(),
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: REGION.to_owned(),
        default_preferences: Preferences::default(),
        extra_refused_os_users: Vec::new(),
        identity_check: Duration::from_secs(1),
        recording: Recording::On,
        recording_retention: None,
        command_parameters: CommandParameters::Constrained,
        stream_url: StreamUrl::Direct,
        perimeter: Perimeter {
            bucket_domain: Some("s3.usher.example".to_owned()),
            ..Perimeter::default()
        },
        audit_webhook: None,
    }
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// With other settings; the path is that of the folder for everything.
    pub(crate) async fn start_with(change: impl FnOnce(&Path, &mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(folder.path(), &mut config);
        Self::start_in(folder, config, Arc::new(AtomicU64::new(START_MS))).await
    }

    /// Starts on what a server left in `folder`, with other settings.
    pub(crate) async fn start_again(folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(folder.path());
        change(&mut config);
        Self::start_in(folder, config, Arc::new(AtomicU64::new(START_MS))).await
    }

    async fn start_in(folder: TempDir, config: Config, clock: Arc<AtomicU64>) -> Self {
        let server = Server::open_with_clock(config, Clock::Set(Arc::clone(&clock)))
            .await
            .unwrap();
        let admin = server.bootstrap_admin("admin").await.unwrap();
        let activation = server.local_activation("web-1").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.run(vec![Listener::plain(listener)], stop.clone()));
        let admin = Keys {
            id: admin.access_key_id,
            secret: admin.secret_access_key.expose().to_owned(),
            token: None,
        };
        Self {
            address,
            admin,
            activation,
            clock,
            folder,
            stop,
            task,
        }
    }

    /// Stops the server and starts another on its data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        self.stop.cancel();
        self.task.await.unwrap();
        let mut config = config(self.folder.path());
        change(&mut config);
        Self::start_in(self.folder, config, self.clock).await
    }

    /// What `config` was made with.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server; its files stay as long as what comes back.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.task.await.unwrap();
        self.folder
    }

    /// Everything in the database, as bytes. It is read from a server that has just been started: SQLite's log is in
    /// its file then.
    pub(crate) fn stored(&self) -> Vec<u8> {
        database::dump(self.folder.path())
    }

    /// Where the server keeps its files.
    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// A JSON call to SSM, not signed.
    pub(crate) fn ssm_call(&self, operation: &str, input: &Value) -> Http {
        self.json_call(&format!("AmazonSSM.{operation}"), input)
    }

    /// A JSON call, not signed; `target` is the service's prefix, a dot, and the operation.
    pub(crate) fn json_call(&self, target: &str, input: &Value) -> Http {
        Http::post(self.address)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(&input.to_string())
    }

    pub(crate) async fn logs(&self, keys: &Keys, operation: &str, input: &Value) -> Reply {
        self.json_call(&format!("Logs_20140328.{operation}"), input)
            .signed(keys, "logs", self.now())
            .send()
            .await
    }

    pub(crate) async fn kms(&self, keys: &Keys, operation: &str, input: &Value) -> Reply {
        self.json_call(&format!("TrentService.{operation}"), input)
            .signed(keys, "kms", self.now())
            .send()
            .await
    }

    /// A query call to IAM or STS, not signed.
    pub(crate) fn query_call(
        &self,
        operation: &str,
        version: &str,
        members: &[(&str, &str)],
    ) -> Http {
        let mut body = format!("Action={operation}&Version={version}");
        for (key, value) in members {
            body.push_str(&format!("&{key}={}", encoded(value)));
        }
        Http::post(self.address)
            .header(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .body(&body)
    }

    pub(crate) async fn ssm(&self, keys: &Keys, operation: &str, input: &Value) -> Reply {
        self.ssm_call(operation, input)
            .signed(keys, "ssm", self.now())
            .send()
            .await
    }

    pub(crate) async fn iam(
        &self,
        keys: &Keys,
        operation: &str,
        members: &[(&str, &str)],
    ) -> Reply {
        self.query_call(operation, "2010-05-08", members)
            .signed(keys, "iam", self.now())
            .send()
            .await
    }

    pub(crate) async fn sts(
        &self,
        keys: &Keys,
        operation: &str,
        members: &[(&str, &str)],
    ) -> Reply {
        self.query_call(operation, "2011-06-15", members)
            .signed(keys, "sts", self.now())
            .send()
            .await
    }

    pub(crate) async fn whoami(&self, keys: &Keys) -> Reply {
        self.sts(keys, "GetCallerIdentity", &[]).await
    }

    /// A user with a key and, unless empty, one policy.
    pub(crate) async fn user(&self, name: &str, policy: &str) -> Keys {
        self.iam(&self.admin, "CreateUser", &[("UserName", name)])
            .await
            .served();
        if !policy.is_empty() {
            let members = [
                ("UserName", name),
                ("PolicyName", "p"),
                ("PolicyDocument", policy),
            ];
            self.iam(&self.admin, "PutUserPolicy", &members)
                .await
                .served();
        }
        let made = self
            .iam(&self.admin, "CreateAccessKey", &[("UserName", name)])
            .await
            .served();
        Keys {
            id: made.element("AccessKeyId"),
            secret: made.element("SecretAccessKey"),
            token: None,
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
