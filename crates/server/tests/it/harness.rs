//! A running server with a clock that tests set, and a client so plain that it can also misbehave.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use usher_policy::Preferences;
use usher_server::{Activation, Clock, Config, Listener, Perimeter, RootKey, Server};
use usher_wire::ids::AccountId;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{Request, SigningCredentials, SigningScope, sign};

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
        root_key: RootKey::default(),
        public_url: "http://usher.example:8480".to_owned(),
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: REGION.to_owned(),
        default_preferences: Preferences::default(),
        extra_refused_os_users: Vec::new(),
        perimeter: Perimeter::default(),
    }
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_in(
            tempfile::tempdir().unwrap(),
            Arc::new(AtomicU64::new(START_MS)),
        )
        .await
    }

    async fn start_in(folder: TempDir, clock: Arc<AtomicU64>) -> Self {
        let server = Server::open_with_clock(config(folder.path()), Clock::Set(Arc::clone(&clock)))
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
        self.stop.cancel();
        self.task.await.unwrap();
        Self::start_in(self.folder, self.clock).await
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
        Http::post(self.address)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", &format!("AmazonSSM.{operation}"))
            .body(&input.to_string())
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

    pub(crate) async fn whoami(&self, keys: &Keys) -> Reply {
        self.query_call("GetCallerIdentity", "2011-06-15", &[])
            .signed(keys, "sts", self.now())
            .send()
            .await
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

/// One request, to the byte.
#[derive(Clone)]
pub(crate) struct Http {
    address: SocketAddr,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
    chunked: bool,
    path: String,
    method: &'static str,
}

impl Http {
    pub(crate) fn post(address: SocketAddr) -> Self {
        let headers = vec![("host".to_owned(), address.to_string())];
        Self {
            address,
            headers,
            content: Vec::new(),
            chunked: false,
            path: "/".to_owned(),
            method: "POST",
        }
    }

    pub(crate) fn get(address: SocketAddr, path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            ..Self::post(address)
        }
    }

    pub(crate) fn at(self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.content = body.as_bytes().to_vec();
        self
    }

    /// Sends the body as AWS's agent does, without saying how long it is.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Hands the request to a signer of `usher_wire` and adds the headers it returns.
    pub(crate) fn add_headers(
        mut self,
        signer: impl FnOnce(&Request<'_>) -> Vec<(&'static str, String)>,
    ) -> Self {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let request = Request {
            method: self.method,
            path: &self.path,
            query: "",
            headers: &headers,
            body: &self.content,
        };
        let added = signer(&request);
        self.headers.extend(
            added
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        self
    }

    pub(crate) fn signed(self, keys: &Keys, service: &str, now_ms: u64) -> Self {
        self.signed_for(keys, service, REGION, now_ms)
    }

    pub(crate) fn signed_for(self, keys: &Keys, service: &str, region: &str, now_ms: u64) -> Self {
        let credentials = SigningCredentials {
            access_key_id: keys.id.clone(),
            secret: Secret::from(keys.secret.as_str()),
            session_token: keys.token.as_deref().map(Secret::from),
        };
        self.add_headers(|request| {
            sign(
                request,
                &credentials,
                &SigningScope {
                    region,
                    service,
                    now_ms,
                },
            )
            .unwrap()
        })
    }

    pub(crate) async fn send(self) -> Reply {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nconnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.content.len();
        let content = match self.chunked {
            false => {
                head.push_str(&format!("content-length: {length}\r\n"));
                self.content
            }
            true => {
                head.push_str("transfer-encoding: chunked\r\n");
                [
                    format!("{length:x}\r\n").as_bytes(),
                    &self.content,
                    b"\r\n0\r\n\r\n",
                ]
                .concat()
            }
        };
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer and close before it has read a body it refuses.
        let _ = stream.write_all(&content).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Reply::parse(&answer)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The text of the first XML element `name`.
    pub(crate) fn element(&self, name: &str) -> String {
        self.find(name)
            .unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    pub(crate) fn find(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    }

    /// Status and AWS error code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = match self.body.starts_with('{') {
            true => self.json()["__type"]
                .as_str()
                .unwrap_or("no code")
                .to_owned(),
            false => self.find("Code").unwrap_or_else(|| "no code".to_owned()),
        };
        (self.status, code)
    }

    pub(crate) fn message(&self) -> String {
        match self.body.starts_with('{') {
            true => self.json()["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            false => self.find("Message").unwrap_or_default(),
        }
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.refusal(), (status, code.to_owned()), "{}", self.body);
        assert!(self.header("x-amzn-requestid").is_some(), "{}", self.head);
        assert!(self.header("date").is_some(), "{}", self.head);
    }

    #[track_caller]
    pub(crate) fn served(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.header("x-amzn-requestid").is_some(), "{}", self.head);
        assert!(self.header("date").is_some(), "{}", self.head);
        self
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
