//! A service made by hand, as small as the agent allows: it checks no signature, hands out grants,
//! and is itself the client of every session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use usher_aws::wall_ms;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::grant::{Grant, GrantKey, GrantedLogin, SessionKind};
use usher_wire::ids::{NodeId, OsUserName, SessionId};
use usher_wire::message::{
    ChannelClosed, NodeCredentials, StartTask, TaskAcknowledge, TaskComplete, TaskContent,
    UsherTask, to_json,
};
use usher_wire::secret::Secret;
use uuid::Uuid;

pub(crate) const NODE: &str = "mi-0123456789abcdef0";

/// Long enough for the slowest machine, short enough to fail in.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) type WebSocket = WebSocketStream<TcpStream>;

/// The service's end of everything.
pub(crate) struct Service {
    pub(crate) endpoint: String,
    key: GrantKey,
    control: mpsc::Receiver<WebSocket>,
    channel: Option<WebSocket>,
    data: Arc<Mutex<HashMap<String, mpsc::Sender<WebSocket>>>>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let key = GrantKey::from_seed(&[42; 32]).unwrap();
        let public = key.public_key().to_string();
        let (connected, control) = mpsc::channel(8);
        let data: Arc<Mutex<HashMap<String, mpsc::Sender<WebSocket>>>> = Arc::default();
        let sessions = Arc::clone(&data);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let arrival = answer(
                    stream,
                    public.clone(),
                    connected.clone(),
                    Arc::clone(&sessions),
                );
                tokio::spawn(arrival);
            }
        });
        Self {
            endpoint,
            key,
            control,
            channel: None,
            data,
        }
    }

    /// Waits for the agent's next control channel.
    pub(crate) async fn agent_connects(&mut self) {
        let channel = tokio::time::timeout(SOON, self.control.recv()).await;
        self.channel = Some(channel.unwrap().unwrap());
    }

    /// A fresh grant for one session of `login` (`None`: ssm-user).
    pub(crate) fn grant(&self, session: &str, login: Option<&str>) -> Vec<u8> {
        self.grant_with(session, login, |_| {})
    }

    /// One that is not as it should be, though signed.
    pub(crate) fn grant_with(
        &self,
        session: &str,
        login: Option<&str>,
        change: impl FnOnce(&mut Grant),
    ) -> Vec<u8> {
        // Read once: a grant that lives a millisecond longer than a minute is none.
        let now = wall_ms();
        let mut grant = Grant {
            id: *Uuid::new_v4().as_bytes(),
            session: SessionId::parse(session).unwrap(),
            node: NodeId::parse(NODE).unwrap(),
            kind: SessionKind::Shell,
            login: login.map_or(GrantedLogin::SsmUser, |name| {
                GrantedLogin::OsUser(OsUserName::parse(name).unwrap())
            }),
            subject_digest: [0; 32],
            issued_ms: now,
            expires_ms: now + 60_000,
        };
        change(&mut grant);
        grant.sign(&self.key).as_bytes().to_vec()
    }

    /// Sends the start of a session; its data channel, if it comes to one, is received from what
    /// this returns.
    pub(crate) async fn start_session(
        &mut self,
        session: &str,
        grant: &[u8],
    ) -> mpsc::Receiver<WebSocket> {
        let (sender, receiver) = mpsc::channel(4);
        self.data.lock().unwrap().insert(session.to_owned(), sender);
        self.repeat_start(session, grant).await;
        receiver
    }

    /// The same start once more, as a service repeats what it does not know to have arrived.
    pub(crate) async fn repeat_start(&mut self, session: &str, grant: &[u8]) {
        let content = TaskContent {
            document_name: "SSM-SessionManagerRunShell".to_owned(),
            document_content: json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream"}),
            session_id: SessionId::parse(session).unwrap(),
            parameters: std::collections::BTreeMap::new(),
            run_as_user: String::new(),
            session_owner: "arn:aws:iam::000000000000:user/tester".to_owned(),
            usher: Some(UsherTask {
                grant: STANDARD.encode(grant),
                credentials: NodeCredentials {
                    access_key_id: "ASIATEST".to_owned(),
                    secret_access_key: Secret::from("secret"),
                    session_token: Secret::from("token"),
                    expiration: 4e9,
                },
                terminal: None,
            }),
        };
        let task = to_json(&StartTask::wrap(&content).unwrap());
        self.send(MessageType::InteractiveShell, task).await;
    }

    /// Ends a session over the control channel.
    pub(crate) async fn close_session(&mut self, session: &str) {
        let closed = ChannelClosed::new(Uuid::new_v4(), wall_ms(), NODE, session, "");
        self.send(MessageType::ChannelClosed, to_json(&closed))
            .await;
    }

    async fn send(&mut self, message_type: MessageType, payload: Bytes) {
        let frame = Frame::unsequenced(message_type, 0, Uuid::new_v4(), wall_ms(), payload);
        let channel = self.channel.as_mut().unwrap();
        channel.send(Message::Binary(frame.encode())).await.unwrap();
    }

    /// Waits for the completion of `session` and acknowledges it.
    pub(crate) async fn completion(&mut self, session: &str) -> TaskComplete {
        self.completion_within(session, SOON).await
    }

    /// The same for one that takes long.
    pub(crate) async fn completion_within(
        &mut self,
        session: &str,
        limit: Duration,
    ) -> TaskComplete {
        let wait = async {
            loop {
                let message = self
                    .channel
                    .as_mut()
                    .unwrap()
                    .next()
                    .await
                    .unwrap()
                    .unwrap();
                let Message::Binary(bytes) = message else {
                    continue;
                };
                let frame = Frame::decode(bytes).unwrap();
                assert_eq!(frame.message_type, MessageType::AgentTaskComplete);
                let complete: TaskComplete = serde_json::from_slice(&frame.payload).unwrap();
                let receipt = TaskAcknowledge {
                    schema_version: 1,
                    message_id: frame.message_id.to_string(),
                    task_id: complete.task_id.clone(),
                    topic: complete.topic.clone(),
                };
                self.send(MessageType::AgentTaskAcknowledge, to_json(&receipt))
                    .await;
                if complete.task_id == session {
                    return complete;
                }
            }
        };
        tokio::time::timeout(limit, wait).await.unwrap()
    }
}

/// One connection: a WebSocket is handed on after its first text, all else is one call.
async fn answer(
    mut stream: TcpStream,
    grant_key: String,
    control: mpsc::Sender<WebSocket>,
    data: Arc<Mutex<HashMap<String, mpsc::Sender<WebSocket>>>>,
) {
    let mut peeked = [0; 4096];
    let head = loop {
        let count = stream.peek(&mut peeked).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        let head = String::from_utf8_lossy(&peeked[..count]).into_owned();
        if head.contains("\r\n\r\n") {
            break head;
        }
        tokio::task::yield_now().await;
    };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    if head.starts_with("GET ") {
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let Some(Ok(Message::Text(text))) = socket.next().await else {
            return;
        };
        let opened: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(opened["TokenValue"], "the-token");
        let session = path.split(['/', '?']).nth(3).unwrap().to_owned();
        let receiver = if path.starts_with("/v1/control-channel/") {
            assert_eq!(opened["Usher"]["Version"], 1);
            Some(control)
        } else {
            data.lock().unwrap().get(&session).cloned()
        };
        receiver.unwrap().send(socket).await.unwrap();
        return;
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0_usize);
    let mut request = vec![0; head.find("\r\n\r\n").unwrap() + 4 + length];
    stream.read_exact(&mut request).await.unwrap();
    let (status, body) = call(&path, &head, &grant_key);
    let response = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(response.as_bytes()).await;
}

fn call(path: &str, head: &str, grant_key: &str) -> (u16, String) {
    if path.starts_with("/v1/") {
        let xml = "<R><MessageSchemaVersion>1.0</MessageSchemaVersion><TokenValue>the-token</TokenValue></R>";
        return (201, xml.to_owned());
    }
    let answer = if head.contains("RegisterManagedInstance") {
        json!({"InstanceId": NODE, "Usher": {"GrantPublicKey": grant_key}})
    } else if head.contains("RequestManagedInstanceRoleToken") {
        json!({"AccessKeyId": "ASIANODE", "SecretAccessKey": "s", "SessionToken": "t",
            "TokenExpirationDate": 4e9, "UpdateKeyPair": false})
    } else {
        json!({})
    };
    (200, answer.to_string())
}
