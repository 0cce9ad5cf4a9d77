//! A channel to the service that comes back: token call, signed upgrade, first text, and all of it
//! again after every loss.
//!
//! Shared by the control worker and the session workers, whose loops see one stream of arrivals and
//! never a socket. It never gives up by itself: the owner decides what a refusal means.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use usher_aws::{
    Arrival, CallError, Channel, ConnectError, Credentials, Identity, JsonClient, Socket,
    SocketError, UpgradeSigner, connect, create_channel,
};
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::secret::Secret;
use uuid::Uuid;

use crate::back_off::BackOff;

/// The longest wait before a node calls its service again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The same for a session, at whose other end a person waits: as long as our client's.
const LONGEST_SESSION_WAIT: Duration = Duration::from_secs(5);

/// Whose channel this is.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// The node's own.
    Control(NodeId),
    /// One session's.
    Data(SessionId),
}

impl Purpose {
    fn channel(&self) -> Channel<'_> {
        match self {
            Purpose::Control(node) => Channel::Control(node),
            Purpose::Data(session) => Channel::Data(session),
        }
    }

    fn back_off(&self) -> BackOff {
        BackOff::new(match self {
            Purpose::Control(_) => LONGEST_WAIT,
            Purpose::Data(_) => LONGEST_SESSION_WAIT,
        })
    }
}

/// How a channel is opened.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) client: JsonClient,
    pub(crate) purpose: Purpose,
    /// Always the newest credentials; `None` until there are some.
    pub(crate) credentials: watch::Receiver<Option<Credentials>>,
    /// The first text of the channel, made from its token.
    pub(crate) first_text: fn(&NodeId, Secret) -> Bytes,
    pub(crate) node: NodeId,
}

/// Why a channel could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{0}")]
    Token(#[from] CallError),
    #[error("{0}")]
    Upgrade(#[from] ConnectError),
    #[error("{0}")]
    Socket(#[from] SocketError),
    #[error("no credentials can be had any more")]
    NoCredentials,
    #[error("the first message of the channel is not text")]
    FirstText,
}

impl OpenError {
    /// Whether the service has answered, and the answer was no: trying again soon is of no use.
    pub(crate) fn is_refusal(&self) -> bool {
        let refuses = |status: u16| (400..500).contains(&status) && status != 408 && status != 429;
        match self {
            Self::Token(CallError::Refused(error)) => refuses(error.status),
            Self::Upgrade(ConnectError::Refused { status, .. }) => refuses(*status),
            Self::NoCredentials => true,
            Self::Token(_) | Self::Upgrade(_) | Self::Socket(_) | Self::FirstText => false,
        }
    }
}

impl Opening {
    async fn open(mut self) -> Result<Socket, OpenError> {
        let credentials = self
            .credentials
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|current| current.clone())
            .ok_or(OpenError::NoCredentials)?;
        let channel = self.purpose.channel();
        let request_id = Uuid::new_v4().to_string();
        // The agent's side has no client id: AWS's agent sends an empty one.
        let identity = Identity::Keys(&credentials);
        let token = create_channel(&self.client, identity, channel, &request_id, "").await?;
        let url = self
            .client
            .endpoint()
            .websocket_url(&channel.websocket_path());
        let signer = UpgradeSigner {
            credentials: &credentials,
            region: self.client.region(),
        };
        let mut socket = connect(&url, Some(signer), self.client.trust()).await?;
        let text = (self.first_text)(&self.node, token);
        let text = std::str::from_utf8(&text).map_err(|_| OpenError::FirstText)?;
        socket.feed_text(text)?;
        Ok(socket)
    }
}

/// What [`Transport::next`] saw.
#[derive(Debug)]
pub(crate) enum Sight {
    /// The channel is open; whatever was unacknowledged may be sent again.
    Up,
    /// It is lost; a new one is being opened.
    Down,
    /// A try to open it failed; the next follows after the back-off.
    Failed(OpenError),
    /// A whole message.
    Message(Bytes),
    /// There is room to send again.
    Room,
}

/// A channel that is open, or being opened.
pub(crate) struct Transport {
    opening: Opening,
    back_off: BackOff,
    state: State,
}

type Pending = Pin<Box<dyn Future<Output = Result<Socket, OpenError>>>>;

enum State {
    Open { socket: Box<Socket>, since: Instant },
    Opening(Pending),
}

impl Transport {
    /// Begins to open the channel with the first [`Transport::next`].
    pub(crate) fn new(opening: Opening) -> Self {
        let pending = Box::pin(opening.clone().open());
        Self {
            back_off: opening.purpose.back_off(),
            opening,
            state: State::Opening(pending),
        }
    }

    /// Whether a message can be fed now.
    pub(crate) fn has_room(&self) -> bool {
        match &self.state {
            State::Open { socket, .. } => socket.has_room(),
            State::Opening(_) => false,
        }
    }

    /// Hands over a message that leaves with the next [`Transport::next`]. On a lost channel the
    /// message is lost too; its owner sends it again after [`Sight::Up`].
    pub(crate) fn feed(&mut self, message: Bytes) {
        if let State::Open { socket, .. } = &mut self.state
            && let Err(error) = socket.feed(message)
        {
            // The broken socket says so again at once in `next`, which begins the reopening.
            tracing::debug!("a message was not taken: {error}");
        }
    }

    /// Sends what was fed, as far as the kernel takes it at once.
    pub(crate) fn flush_now(&mut self) {
        if let State::Open { socket, .. } = &mut self.state {
            socket.flush_now();
        }
    }

    /// Flushes what was fed and waits for what happens next. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> Sight {
        match &mut self.state {
            State::Open { socket, .. } => match socket.next().await {
                Ok(Arrival::Message(message)) => {
                    self.back_off.was_good();
                    Sight::Message(message)
                }
                Ok(Arrival::Room) => Sight::Room,
                Ok(Arrival::Closed { code, reason }) => {
                    tracing::debug!(code, reason, "the service closed the channel");
                    self.reopen();
                    Sight::Down
                }
                Err(error) => {
                    tracing::debug!("the channel is lost: {error}");
                    self.reopen();
                    Sight::Down
                }
            },
            State::Opening(pending) => match pending.await {
                Ok(socket) => {
                    self.state = State::Open {
                        socket: Box::new(socket),
                        since: Instant::now(),
                    };
                    Sight::Up
                }
                Err(error) => {
                    self.reopen();
                    Sight::Failed(error)
                }
            },
        }
    }

    /// Says goodbye if the channel is open.
    pub(crate) async fn close(self) {
        if let State::Open { socket, .. } = self.state {
            // A peer that is gone already needs no goodbye.
            let _ = socket.close().await;
        }
    }

    fn reopen(&mut self) {
        let held = match &self.state {
            State::Open { since, .. } => since.elapsed(),
            State::Opening(_) => Duration::ZERO,
        };
        let not_before = Instant::now() + self.back_off.next(held, random_fraction());
        let opening = self.opening.clone();
        self.state = State::Opening(Box::pin(async move {
            sleep_until(not_before).await;
            opening.open().await
        }));
    }
}

/// Between 0 and 1: nodes that lost the same gateway must not return as one.
pub(crate) fn random_fraction() -> f64 {
    let [byte, other, ..] = *Uuid::new_v4().as_bytes();
    f64::from(u16::from_be_bytes([byte, other])) / f64::from(u16::MAX)
}

/// The first text of a control channel, with the member that says this agent is ours.
pub(crate) fn control_text(_node: &NodeId, token: Secret) -> Bytes {
    use usher_wire::message::{OpenControlChannel, UsherVersion, to_json};
    to_json(&OpenControlChannel {
        cookie: None,
        message_schema_version: "1.0".to_owned(),
        request_id: Uuid::new_v4().to_string(),
        token_value: token,
        agent_version: usher_wire::version::AGENT_VERSION.to_owned(),
        platform_type: std::env::consts::OS.to_owned(),
        usher: Some(UsherVersion::default()),
    })
}

/// The first text of a data channel; the node's id tells the service which side this is.
pub(crate) fn data_text(node: &NodeId, token: Secret) -> Bytes {
    use usher_wire::message::{OpenDataChannel, to_json};
    to_json(&OpenDataChannel {
        message_schema_version: "1.0".to_owned(),
        request_id: Uuid::new_v4().to_string(),
        token_value: token,
        client_id: String::new(),
        client_version: None,
        client_instance_id: Some(node.as_str().to_owned()),
    })
}
