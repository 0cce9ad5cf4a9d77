//! Agents and clients made by hand from frames, so that they can also do what no real one does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of tests fails by panicking"
)]

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{
    Acknowledge, ChannelClosed, SessionState, SessionStateName, StartTask, TaskContent, TaskStatus,
    UsherSessionState, to_json,
};
use usher_wire::secret::Secret;
use usher_wire::sigv4::{Request, SigningCredentials, SigningScope, sign};
use uuid::Uuid;

use crate::harness::{Http, Keys, REGION, Reply, Running};
use crate::nodes::{node_of, node_with_keys};

/// Long enough for a slow machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The ClientId of a test's client.
pub(crate) const CLIENT: &str = "d7d97057-6fb4-46ee-8143-7b36654c2b7c";

/// One end of a WebSocket to the gateway.
pub(crate) struct Peer {
    socket: WebSocketStream<TcpStream>,
}

/// What the gateway said last on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    /// Frames before `channel_closed`.
    pub(crate) before: Vec<Bytes>,
    /// Its sentence; none if the socket closed without it.
    pub(crate) output: Option<String>,
}

impl Peer {
    /// Upgrades `path`; the HTTP status where that is refused.
    pub(crate) async fn upgrade(
        server: &Running,
        path: &str,
        keys: Option<&Keys>,
    ) -> Result<Self, u16> {
        let host = server.address.to_string();
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let mut request = http::Request::get(format!("ws://{host}{path}"))
            .header("host", &host)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key());
        if let Some(keys) = keys {
            let headers = [("host", host.as_bytes())];
            let unsigned = Request {
                method: "GET",
                path: bare,
                query,
                headers: &headers,
                body: b"",
            };
            let credentials = SigningCredentials {
                access_key_id: keys.id.clone(),
                secret: Secret::from(keys.secret.as_str()),
                session_token: keys.token.as_deref().map(Secret::from),
            };
            let scope = SigningScope {
                region: REGION,
                service: "ssmmessages",
                now_ms: server.now(),
            };
            for (name, value) in sign(&unsigned, &credentials, &scope).unwrap() {
                request = request.header(name, value);
            }
        }
        let stream = TcpStream::connect(server.address).await.unwrap();
        match client_async(request.body(()).unwrap(), stream).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn ping(&mut self) {
        self.socket
            .send(Message::Ping(Bytes::from_static(b"keepalive")))
            .await
            .unwrap();
    }

    /// Waits until the gateway has read what was sent so far.
    pub(crate) async fn until_read(&mut self) {
        let mark = Bytes::from_static(b"so far");
        self.socket.send(Message::Ping(mark.clone())).await.unwrap();
        let is_answer = |message: &Message| *message == Message::Pong(mark.clone());
        while !timeout(PATIENCE, self.socket.next())
            .await
            .expect("the gateway says nothing")
            .is_some_and(|message| is_answer(&message.unwrap()))
        {}
    }

    pub(crate) async fn bytes(&mut self, frame: Bytes) {
        self.socket.send(Message::Binary(frame)).await.unwrap();
    }

    pub(crate) async fn frame(&mut self, frame: &Frame) {
        self.bytes(frame.encode()).await;
    }

    /// The next frame's bytes; none once the gateway has closed.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let message = timeout(PATIENCE, self.socket.next())
                .await
                .expect("the gateway says nothing");
            match message {
                Some(Ok(Message::Binary(bytes))) => return Some(bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn next_frame(&mut self) -> Frame {
        Frame::decode(self.next().await.expect("the gateway has closed")).unwrap()
    }

    /// The next frame of this type, others skipped.
    pub(crate) async fn next_of(&mut self, kind: MessageType) -> Frame {
        loop {
            let frame = self.next_frame().await;
            if frame.message_type == kind {
                return frame;
            }
        }
    }

    /// Reads to the end.
    pub(crate) async fn farewell(&mut self) -> Farewell {
        let mut before = Vec::new();
        while let Some(bytes) = self.next().await {
            let frame = Frame::decode(bytes.clone()).unwrap();
            if frame.message_type == MessageType::ChannelClosed {
                let closed: ChannelClosed = serde_json::from_slice(&frame.payload).unwrap();
                return Farewell {
                    before,
                    output: Some(closed.output),
                };
            }
            before.push(bytes);
        }
        Farewell {
            before,
            output: None,
        }
    }

    /// The sentence of a refusal, which must be all that comes.
    pub(crate) async fn refusal(&mut self) -> String {
        let farewell = self.farewell().await;
        assert_eq!(farewell.before, Vec::<Bytes>::new());
        farewell.output.expect("closed without a word")
    }

    /// How many of these frames the gateway takes before it makes us wait.
    pub(crate) async fn send_until_stalled(&mut self, frames: &[Bytes], stall: Duration) -> usize {
        for (sent, frame) in frames.iter().enumerate() {
            if timeout(stall, self.socket.send(Message::Binary(frame.clone())))
                .await
                .is_err()
            {
                return sent;
            }
        }
        frames.len()
    }

    /// Finishes a send that was cut off by a stall.
    pub(crate) async fn flush(&mut self) {
        self.socket.flush().await.unwrap();
    }

    pub(crate) async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }
}

/// A registered node.
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) keys: Keys,
}

impl Node {
    pub(crate) async fn register(server: &Running) -> Self {
        let (id, keys) = node_with_keys(server).await;
        Self { id, keys }
    }

    /// Registers with what CreateActivation answered.
    pub(crate) async fn register_with(server: &Running, activation: &Value) -> Self {
        let text = |member: &str| activation[member].as_str().unwrap();
        let (id, keys) = node_of(server, text("ActivationId"), text("ActivationCode")).await;
        Self { id, keys }
    }

    /// Opens the control channel as our own agent does, and waits until the node counts as connected.
    pub(crate) async fn control(&self, server: &Running) -> Peer {
        self.control_with(server, open_control).await
    }

    /// The same with another open message, made from the token.
    pub(crate) async fn control_with(&self, server: &Running, open: fn(&str) -> String) -> Peer {
        let token = token(
            server,
            &format!("/v1/control-channel/{}", self.id),
            &self.keys,
        )
        .await;
        let path = format!(
            "/v1/control-channel/{}?role=subscribe&stream=input",
            self.id
        );
        let mut peer = Peer::upgrade(server, &path, Some(&self.keys))
            .await
            .unwrap();
        peer.text(&open(&token)).await;
        let status = async || {
            let reply = server
                .ssm(
                    &server.admin,
                    "GetConnectionStatus",
                    &json!({"Target": self.id}),
                )
                .await;
            reply.served().json()["Status"] == "connected"
        };
        timeout(PATIENCE, async { while !status().await {} })
            .await
            .expect("the node does not become connected");
        peer
    }

    /// Opens the node's side of a session.
    pub(crate) async fn data(&self, server: &Running, session: &str) -> Peer {
        self.data_with(server, session, &self.keys).await
    }

    pub(crate) async fn data_with(&self, server: &Running, session: &str, keys: &Keys) -> Peer {
        let token = token(server, &format!("/v1/data-channel/{session}"), keys).await;
        let mut peer = Peer::upgrade(server, &data_path(session), Some(keys))
            .await
            .unwrap();
        peer.text(&self.open_data(&token)).await;
        peer.frame(&session_state(session, SessionStateName::Connected, None))
            .await;
        peer
    }

    pub(crate) fn open_data(&self, token: &str) -> String {
        json!({"MessageSchemaVersion": "1.0", "RequestId": Uuid::new_v4().to_string(), "TokenValue": token,
            "ClientInstanceId": self.id, "ClientId": ""})
        .to_string()
    }
}

/// A server, a connected node and its control channel.
pub(crate) async fn scene() -> (Running, Node, Peer) {
    let server = Running::start().await;
    let node = Node::register(&server).await;
    let control = node.control(&server).await;
    (server, node, control)
}

/// A session as StartSession answers it.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) token: String,
}

pub(crate) async fn start(server: &Running, keys: &Keys, node: &Node) -> Started {
    started(
        &server
            .ssm(keys, "StartSession", &json!({"Target": node.id}))
            .await
            .served()
            .json(),
    )
}

pub(crate) fn started(reply: &Value) -> Started {
    let text = |member: &str| {
        reply[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {reply}"))
            .to_owned()
    };
    Started {
        id: text("SessionId"),
        token: text("TokenValue"),
    }
}

/// Opens the person's side of a session, unsigned.
pub(crate) async fn client(server: &Running, session: &str, token: &str) -> Peer {
    client_named(server, session, token, CLIENT).await
}

pub(crate) async fn client_named(
    server: &Running,
    session: &str,
    token: &str,
    client_id: &str,
) -> Peer {
    let mut peer = Peer::upgrade(server, &data_path(session), None)
        .await
        .unwrap();
    peer.text(&open_client(token, client_id)).await;
    peer
}

pub(crate) fn open_client(token: &str, client_id: &str) -> String {
    json!({"MessageSchemaVersion": "1.0", "RequestId": Uuid::new_v4().to_string(), "TokenValue": token,
        "ClientId": client_id, "ClientVersion": "1.2.0.0"})
    .to_string()
}

pub(crate) fn open_control(token: &str) -> String {
    json!({"Cookie": null, "MessageSchemaVersion": "1.0", "RequestId": Uuid::new_v4().to_string(), "TokenValue": token,
        "AgentVersion": "3.3.9999.0", "PlatformType": "linux", "Usher": {"Version": 1}})
    .to_string()
}

pub(crate) fn data_path(session: &str) -> String {
    format!("/v1/data-channel/{session}?role=publish_subscribe")
}

/// Asks for a channel's token.
pub(crate) async fn ask_token(server: &Running, path: &str, keys: &Keys) -> Reply {
    let body =
        json!({"MessageSchemaVersion": "1.0", "RequestId": Uuid::new_v4().to_string()}).to_string();
    let call = Http::post(server.address)
        .at(path)
        .header("content-type", "application/json")
        .body(&body);
    call.signed(keys, "ssmmessages", server.now()).send().await
}

pub(crate) async fn token(server: &Running, path: &str, keys: &Keys) -> String {
    let reply = ask_token(server, path, keys).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.element("TokenValue")
}

/// The session as DescribeSessions shows it.
pub(crate) async fn described(server: &Running, state: &str, session: &str) -> Option<Value> {
    let input = json!({"State": state, "Filters": [{"key": "SessionId", "value": session}]});
    let reply = server
        .ssm(&server.admin, "DescribeSessions", &input)
        .await
        .served()
        .json();
    reply["Sessions"].as_array().unwrap().first().cloned()
}

/// The task inside a start frame.
pub(crate) fn task_in(frame: &Frame) -> TaskContent {
    assert_eq!(frame.message_type, MessageType::InteractiveShell);
    serde_json::from_slice::<StartTask>(&frame.payload)
        .unwrap()
        .unwrap_content()
        .unwrap()
}

/// The session's own keys, which our agent gets with the task.
pub(crate) fn keys_in(task: TaskContent) -> Keys {
    let keys = task.usher.unwrap().credentials;
    Keys {
        id: keys.access_key_id,
        secret: keys.secret_access_key.expose().to_owned(),
        token: Some(keys.session_token.expose().to_owned()),
    }
}

fn stream(kind: MessageType, sequence: i64, payload: &[u8]) -> Frame {
    let mut frame = Frame::unsequenced(kind, 0, Uuid::new_v4(), 1, Bytes::copy_from_slice(payload));
    frame.sequence = sequence;
    frame.payload_type = PayloadType::Output;
    frame
}

pub(crate) fn output(sequence: i64, payload: &[u8]) -> Frame {
    stream(MessageType::OutputStreamData, sequence, payload)
}

pub(crate) fn input(sequence: i64, payload: &[u8]) -> Frame {
    stream(MessageType::InputStreamData, sequence, payload)
}

pub(crate) fn acknowledge(of: &Frame) -> Frame {
    let payload = to_json(&Acknowledge {
        message_type: of.message_type,
        message_id: of.message_id,
        sequence: of.sequence,
        is_sequential: true,
    });
    Frame::unsequenced(MessageType::Acknowledge, 3, Uuid::new_v4(), 1, payload)
}

pub(crate) fn session_state(
    session: &str,
    state: SessionStateName,
    ours: Option<(TaskStatus, &str)>,
) -> Frame {
    let usher = ours.map(|(status, output)| UsherSessionState {
        status,
        output: output.into(),
        exit_code: None,
    });
    let state = SessionState {
        schema_version: 1,
        session_state: state,
        session_id: session.into(),
        usher,
    };
    Frame::unsequenced(
        MessageType::AgentSessionState,
        3,
        Uuid::new_v4(),
        1,
        to_json(&state),
    )
}

pub(crate) fn completion(session: &str, status: &str, output: &str) -> Frame {
    let payload = json!({"SchemaVersion": 1, "TaskId": session, "Topic": "agent_task_complete",
        "FinalTaskStatus": status, "Output": output, "S3Bucket": "logs", "S3UrlSuffix": "x.log", "RetryNumber": 1});
    Frame::unsequenced(
        MessageType::AgentTaskComplete,
        0,
        Uuid::new_v4(),
        1,
        payload.to_string(),
    )
}
