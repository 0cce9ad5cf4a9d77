//! What the data channel tells its driver, and the values it is made from.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use thiserror::Error;

use crate::encryption::{ChallengeError, EncryptionError, NONCE_LEN, RANDOM_LEN};
use crate::frame::PayloadType;
use crate::message::{KmsParameters, Terminal};

/// Which end of a session this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On the managed node: sends `output_stream_data`.
    Agent,
    /// Near the person: sends `input_stream_data`.
    Client,
}

/// What a client says in its handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Dotted version; agents choose port multiplexing by it.
    pub client_version: String,
    /// The terminal, sent in our `Usher` member. None leaves the member out and behaves as AWS's plugin.
    pub terminal: Option<Terminal>,
}

impl ClientHello {
    /// Whether it says `Usher`.
    pub(super) fn is_usher(&self) -> bool {
        self.terminal.is_some()
    }
}

/// What the agent of an encrypted session asks of its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDemand {
    /// The KMS key, as the session document names it.
    pub key_id: String,
    /// Random bytes for the key's encryption context, so that no key of another handshake can be brought in.
    pub challenge: [u8; RANDOM_LEN],
}

impl KeyDemand {
    pub(super) fn parameters(&self) -> KmsParameters {
        KmsParameters {
            key_id: self.key_id.clone(),
            challenge: Some(STANDARD.encode(self.challenge)),
        }
    }
}

/// What the agent's driver draws at random for a session's keys.
#[derive(Clone, Copy)]
pub struct KeyRandom {
    /// Where the nonces begin to count.
    pub first_nonce: [u8; NONCE_LEN],
    /// What the client is challenged with.
    pub challenge: [u8; RANDOM_LEN],
}

impl fmt::Debug for KeyRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRandom(…)")
    }
}

/// What happened. Taking a `Payload` or `Size` acknowledges it: the driver hands it to its sink before it polls again.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// Agent: the shell may start. Comes once, before any payload.
    Opened {
        /// What our client said about its terminal.
        terminal: Option<Terminal>,
        /// Whether the client is ours.
        peer_is_usher: bool,
    },
    /// Client: the session has started. Comes once, before any payload; also when an AWS agent did not handshake and
    /// its first output stands for it, then with an empty message.
    HandshakeComplete {
        /// A line for the person, or empty.
        customer_message: String,
    },
    /// Client: the session is to be encrypted. The driver has KMS make a data key of 64 bytes under this key, and answers
    /// with [`DataChannel::offer_key`] or [`DataChannel::refuse_key`].
    ///
    /// [`DataChannel::offer_key`]: super::DataChannel::offer_key
    /// [`DataChannel::refuse_key`]: super::DataChannel::refuse_key
    KeyAsked {
        /// The key, as the session document names it.
        key_id: String,
        /// A further part of the encryption context.
        challenge: Option<String>,
    },
    /// Agent: the client sent a data key. The driver has KMS decrypt it and answers with [`DataChannel::take_key`].
    ///
    /// [`DataChannel::take_key`]: super::DataChannel::take_key
    KeyCame {
        /// As KMS made it.
        ciphertext: Bytes,
        /// A further part of the encryption context.
        challenge: Option<String>,
    },
    /// A payload of the stream, next in order.
    Payload {
        /// What it is.
        payload_type: PayloadType,
        /// The bytes.
        payload: Bytes,
    },
    /// The client's window size, next in order.
    Size {
        /// Columns, not 0.
        cols: u16,
        /// Rows, not 0.
        rows: u16,
    },
    /// Agent: the service has a sentence for the person; see [`DataChannel::send_notice`].
    ///
    /// [`DataChannel::send_notice`]: super::DataChannel::send_notice
    Notice {
        /// The sentence, without line ends.
        text: String,
    },
    /// The other end is absent; what is sent is kept.
    Paused,
    /// The other end is back.
    Resumed,
    /// The service ended the session. The last event.
    Closed {
        /// A sentence for the person, or empty.
        output: String,
    },
}

impl fmt::Debug for Event {
    /// Leaves payloads out: they are what people type and see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened {
                terminal,
                peer_is_usher,
            } => f
                .debug_struct("Opened")
                .field("terminal", terminal)
                .field("peer_is_usher", peer_is_usher)
                .finish(),
            Self::HandshakeComplete { customer_message } => f
                .debug_struct("HandshakeComplete")
                .field("customer_message", customer_message)
                .finish(),
            Self::KeyAsked { key_id, .. } => {
                f.debug_struct("KeyAsked").field("key", key_id).finish()
            }
            Self::KeyCame { .. } => f.write_str("KeyCame"),
            Self::Payload {
                payload_type,
                payload,
            } => f
                .debug_struct("Payload")
                .field("type", payload_type)
                .field("bytes", &payload.len())
                .finish(),
            Self::Size { cols, rows } => f
                .debug_struct("Size")
                .field("cols", cols)
                .field("rows", rows)
                .finish(),
            Self::Notice { text } => f.debug_struct("Notice").field("text", text).finish(),
            Self::Paused => f.write_str("Paused"),
            Self::Resumed => f.write_str("Resumed"),
            Self::Closed { output } => f.debug_struct("Closed").field("output", output).finish(),
        }
    }
}

/// There is no room: the payload comes back, to be offered again once [`DataChannel::writable`] says so.
///
/// [`DataChannel::writable`]: super::DataChannel::writable
#[derive(Clone, PartialEq, Eq, Error)]
#[error("the send buffer is full")]
pub struct Full(pub Bytes);

impl fmt::Debug for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Full({} bytes)", self.0.len())
    }
}

/// The peer did something that must end the session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerError {
    /// A handshake message of this type can't be read.
    #[error("the peer sent a {0:?} that can't be read")]
    MalformedHandshake(PayloadType),
    /// The client could not do what the session needs. The sentence is AWS's.
    #[error(
        "Encountered error while initiating handshake. {action} failed on client with status {status} error: {error}"
    )]
    ActionFailed {
        /// The requested action.
        action: String,
        /// 2 failed, 3 or 0 unsupported.
        status: i64,
        /// The client's text.
        error: String,
    },
    /// A payload, a key or a proof is not what was sealed at the other end.
    #[error("{0}")]
    Encryption(#[from] EncryptionError),
    /// The agent's proof does not fit its request.
    #[error("{0}")]
    Challenge(#[from] ChallengeError),
    /// The client answered the challenge with something else.
    #[error("the client did not prove that it has the session's key")]
    WrongAnswer,
    /// The session is to be encrypted, and the other end went on without.
    #[error(
        "the session is to be encrypted by KMS, and the other end, or somebody between, went on without"
    )]
    Unencrypted,
    /// A client that requires encryption was given a session without.
    #[error("the session is not encrypted by KMS, which this client requires")]
    NotEncrypted,
    /// A payload never came, though the peer sends on as if it had.
    #[error("an encrypted payload is missing, and was not sent again within {} s", super::HOLE_MENDED_WITHIN.as_secs())]
    Missing,
    /// The keys were not agreed in time.
    #[error("the session's keys were not agreed on within {} s", super::KEYS_WITHIN.as_secs())]
    KeysTooLate,
    /// A key was given that nobody waits for.
    #[error("a key was given to a session that waits for none")]
    KeyOutOfTurn,
}

/// What was seen so far; for metrics and tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages ignored: undecodable, of the wrong direction, or naming what never was.
    pub discarded: u64,
    /// Stream messages that had arrived before.
    pub duplicates: u64,
    /// Stream messages refused for want of room; the peer sends them again.
    pub refused: u64,
    /// Stream messages we sent again.
    pub retransmitted: u64,
}
