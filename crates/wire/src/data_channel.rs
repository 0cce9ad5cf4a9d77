//! The data channel's state machine, one for both ends of a session.
//!
//! It turns a stream of payloads into numbered, acknowledged, retransmitted messages and back, and opens the session by
//! the handshake. Invariants: every payload is delivered once and in order or the session ends; a payload is
//! acknowledged when its event is taken; all memory is bounded; nothing a peer sends panics.
//!
//! Sans-io: the driver owns socket and clock. Its grammar is that of quinn's `Connection`:
//! - `handle_*` for what arrived: messages, the passing of time, a transport gained or lost;
//! - commands: [`send`](DataChannel::send), [`send_urgent`](DataChannel::send_urgent);
//! - `poll_*` for what should happen. After any of the above: take [`poll_event`](DataChannel::poll_event) until None
//!   (handing each payload to its sink before the next), then [`poll_transmit`](DataChannel::poll_transmit) until None,
//!   then sleep until [`poll_timeout`](DataChannel::poll_timeout) or the next arrival.

mod arrival;
mod delivery;
mod event;
mod handshake;
mod hole;
mod key_agreement;
mod loss;
mod message_ids;
mod opening;
mod receive_window;
mod secrecy;
mod send_buffer;
mod timers;
mod transmit;

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use crate::frame::{Frame, MessageType, PayloadType};
use crate::message::SessionType;
use delivery::Deliveries;
pub use event::{ClientHello, Counters, Event, Full, KeyDemand, KeyRandom, PeerError, Role};
use hole::Hole;
use loss::LossRecovery;
use message_ids::MessageIds;
use receive_window::ReceiveWindow;
use secrecy::Secrecy;
use send_buffer::SendBuffer;
use timers::{Timer, Timers};

/// The longest byte-stream payload toward AWS's programs, which send no longer ones themselves.
pub const PLAIN_PAYLOAD: usize = 1024;
/// The longest between two ends that both said `Usher`.
pub const USHER_PAYLOAD: usize = 32 * 1024;
/// How long the acknowledgement of a key waits for a message to travel with, most often the key's echo. Far below the
/// 200 ms after which AWS's programs repeat a message (agent.md, client.md).
pub const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(10);
/// How long an agent waits for the client's answer before it starts a stream as if it had not asked.
pub const HANDSHAKE_FALLBACK: Duration = Duration::from_secs(5);
/// How long the agent of an encrypted session waits for the keys to be agreed on: AWS's client asks KMS four times within
/// 9 s (client.md 7), and a person may have to confirm a second factor.
pub const KEYS_WITHIN: Duration = Duration::from_secs(60);

/// How long a payload of an encrypted session may be missing between Usher's own ends, while later ones come.
pub const HOLE_MENDED_WITHIN: Duration = Duration::from_secs(120);

/// How far the session has been opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing heard from the peer yet.
    Waiting,
    /// Payloads flow.
    Open,
    /// `channel_closed` was received.
    Closed,
}

/// One end of a session's stream. See the module's documentation.
#[derive(Debug)]
pub struct DataChannel {
    role: Role,
    /// What a client answers with; None at the agent.
    hello: Option<ClientHello>,
    stage: Stage,
    /// Whether the peer's handshake message was processed; a second one is ignored.
    answered: bool,
    session_type: Option<SessionType>,
    properties: Value,
    peer_version: String,
    peer_is_usher: bool,
    secrecy: Secrecy,
    /// Client: nothing opens unless it is encrypted.
    requires_encryption: bool,
    /// A payload that is missing, between Usher's own ends under KMS.
    hole: Option<Hole>,
    started: Instant,
    connected: bool,
    paused: bool,
    /// What the driver was last told about `paused`.
    reported_paused: bool,
    send: SendBuffer,
    receive: ReceiveWindow,
    deliveries: Deliveries,
    loss: LossRecovery,
    timers: Timers,
    ids: MessageIds,
    counters: Counters,
    /// Reused for every acknowledgement's JSON.
    scratch: Vec<u8>,
}

impl DataChannel {
    /// The agent's end. It asks for the handshake first, with our `Usher` member, and opens when the client answers,
    /// when the client's first message is something else, or (but for ports, whose framing depends on the answer)
    /// after [`HANDSHAKE_FALLBACK`]. `properties` are the document's for ports, null otherwise.
    ///
    /// `seed` makes the message ids: fresh for each machine, no secret.
    pub fn agent(
        now: Instant,
        seed: [u8; 16],
        session_type: SessionType,
        properties: Value,
    ) -> Self {
        let mut channel = Self::new(now, seed, Role::Agent);
        channel.send.push_handshake(
            PayloadType::HandshakeRequest,
            handshake::request(session_type, &properties, None),
        );
        channel.session_type = Some(session_type);
        channel.properties = properties;
        channel
    }

    /// The client's end. It answers the agent's handshake, or takes the first output as a session without one. Until
    /// then it keeps what is sent: AWS's agent acknowledges earlier input and throws it away.
    pub fn client(now: Instant, seed: [u8; 16], hello: ClientHello) -> Self {
        Self {
            hello: Some(hello),
            ..Self::new(now, seed, Role::Client)
        }
    }

    fn new(now: Instant, seed: [u8; 16], role: Role) -> Self {
        Self {
            role,
            hello: None,
            stage: Stage::Waiting,
            answered: false,
            session_type: None,
            properties: Value::Null,
            peer_version: String::new(),
            peer_is_usher: false,
            secrecy: Secrecy::default(),
            requires_encryption: false,
            hole: None,
            started: now,
            connected: true,
            paused: false,
            reported_paused: false,
            send: SendBuffer::new(),
            receive: ReceiveWindow::new(role == Role::Agent),
            deliveries: Deliveries::default(),
            loss: LossRecovery::new(),
            timers: Timers::default(),
            ids: MessageIds::new(seed),
            counters: Counters::default(),
            scratch: Vec::new(),
        }
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The session's type; for a client known once the session has started.
    pub fn session_type(&self) -> Option<SessionType> {
        self.session_type
    }

    /// The session's properties: for ports, what to connect to and how. Null before and otherwise.
    pub fn properties(&self) -> &Value {
        &self.properties
    }

    /// The version the peer gave in its handshake; empty without one.
    pub fn peer_version(&self) -> &str {
        &self.peer_version
    }

    /// Whether both ends said `Usher`.
    pub fn peer_is_usher(&self) -> bool {
        self.peer_is_usher
    }

    /// The longest payload that goes out in one message. Longer `Output` and `StdErr` are cut on the way.
    pub fn max_payload(&self) -> usize {
        if self.peer_is_usher {
            USHER_PAYLOAD
        } else {
            PLAIN_PAYLOAD
        }
    }

    /// Whether [`DataChannel::send`] takes a payload now; when not, the driver stops reading its source.
    pub fn writable(&self) -> bool {
        self.stage != Stage::Closed && self.send.writable()
    }

    /// Whether there is room for what the peer sends; when not, the driver may leave the socket unread until it has
    /// taken events. What arrives all the same is refused and sent again by the peer.
    pub fn readable(&self) -> bool {
        self.deliveries.has_room()
    }

    /// Whether everything sent so far was delivered to the other end.
    pub fn all_acknowledged(&self) -> bool {
        self.send.is_idle()
    }

    /// What was seen so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes one binary message from the transport. What can't be read is counted and ignored; an error is a breach
    /// after which the driver ends the session.
    pub fn handle_message(&mut self, now: Instant, message: Bytes) -> Result<(), PeerError> {
        if self.stage == Stage::Closed {
            return Ok(());
        }
        let Ok(frame) = Frame::decode(message) else {
            self.counters.discarded += 1;
            return Ok(());
        };
        match frame.message_type {
            MessageType::Acknowledge => self.handle_acknowledge(now, &frame.payload),
            MessageType::ChannelClosed => self.handle_closed(&frame.payload),
            MessageType::UsherNotice => self.handle_notice(&frame.payload),
            MessageType::PausePublication => self.pause(),
            MessageType::StartPublication => {
                self.resume(now);
                self.repeat_everything();
            }
            kind if kind == self.incoming() => {
                self.resume(now);
                return self.handle_stream(now, frame);
            }
            _ => self.counters.discarded += 1,
        }
        Ok(())
    }

    /// Time has reached [`DataChannel::poll_timeout`]. An error is a reason to end the session, as in
    /// [`DataChannel::handle_message`].
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), PeerError> {
        if self.timers.expire(Timer::HandshakeFallback, now) && self.stage == Stage::Waiting {
            if self.secrecy.is_pending() {
                return Err(PeerError::KeysTooLate);
            }
            self.open_agent(None);
        }
        if self.timers.expire(Timer::Hole, now) {
            self.look_at_hole(now)?;
        }
        if self.timers.expire(Timer::Acknowledge, now) {
            self.deliveries.send_receipts();
        }
        if self.timers.expire(Timer::Retransmit, now) {
            let count = self.loss.expired(self.send.unacknowledged());
            self.send.repeat_oldest(count);
        }
        Ok(())
    }

    /// A new transport carries the channel: everything unacknowledged goes out again at once, in order. Not needed for
    /// the first one.
    pub fn handle_connected(&mut self, now: Instant) {
        self.connected = true;
        self.resume(now);
        self.arm_fallback(now);
        self.repeat_everything();
    }

    /// The transport is gone. Nothing is transmitted until [`DataChannel::handle_connected`].
    pub fn handle_disconnected(&mut self) {
        self.connected = false;
        self.timers.stop_all();
    }

    /// Sends a payload. `Output` and `StdErr` may have any length; an empty payload says nothing and is not sent.
    /// Without room, or once the channel is closed, the payload comes back.
    pub fn send(&mut self, payload_type: PayloadType, payload: Bytes) -> Result<(), Full> {
        if payload.is_empty() {
            return Ok(());
        }
        if self.stage == Stage::Closed {
            return Err(Full(payload));
        }
        self.send.push(payload_type, payload)
    }

    /// Sends a payload ahead of everything that has not been transmitted yet, through a small lane of its own: Ctrl-C,
    /// flags, window sizes (of which only the newest waits).
    pub fn send_urgent(&mut self, payload_type: PayloadType, payload: Bytes) -> Result<(), Full> {
        if payload.is_empty() {
            return Ok(());
        }
        if self.stage == Stage::Closed {
            return Err(Full(payload));
        }
        self.send.push_urgent(payload_type, payload)
    }

    /// Forgets what has not been transmitted yet, urgent payloads aside: a person who interrupts takes back what they
    /// pasted. What has a number was sent, and stays sent.
    pub fn discard_waiting(&mut self) {
        self.send.discard_waiting();
    }

    /// Sends output that is the service's and no sign of life of the program: it goes in order with the rest of the
    /// output, marked so that the service does not count it as activity. At most [`PLAIN_PAYLOAD`] bytes.
    pub fn send_notice(&mut self, text: Bytes) -> Result<(), Full> {
        if self.stage == Stage::Closed || text.len() > PLAIN_PAYLOAD {
            return Err(Full(text));
        }
        self.send.push_notice(text)
    }

    /// The next message for the transport, one whole binary message. `wall_ms` is the time of day in milliseconds since
    /// the epoch, which frames carry.
    pub fn poll_transmit(&mut self, now: Instant, wall_ms: u64) -> Option<Bytes> {
        if !self.connected || self.stage == Stage::Closed {
            return None;
        }
        let created_ms = wall_ms.max(1);
        if let Some(receipt) = self.deliveries.take_receipt() {
            return Some(self.acknowledgement(receipt, created_ms));
        }
        let message = self.poll_stream(now, created_ms);
        if message.is_some() {
            self.arm_fallback(now);
            self.deliveries.send_receipts();
        } else {
            self.arm_acknowledge(now);
        }
        message
    }

    /// When [`DataChannel::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The next event. Taking a payload acknowledges it.
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.reported_paused != self.paused {
            self.reported_paused = self.paused;
            return Some(if self.paused {
                Event::Paused
            } else {
                Event::Resumed
            });
        }
        self.deliveries.take()
    }

    fn incoming(&self) -> MessageType {
        match self.role {
            Role::Agent => MessageType::InputStreamData,
            Role::Client => MessageType::OutputStreamData,
        }
    }

    fn outgoing(&self) -> MessageType {
        match self.role {
            Role::Agent => MessageType::OutputStreamData,
            Role::Client => MessageType::InputStreamData,
        }
    }
}
