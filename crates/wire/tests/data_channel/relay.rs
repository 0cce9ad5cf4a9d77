//! An encrypted session through a relay that is not to be trusted: it sees and writes every message between the ends.

use std::time::Instant;

use bytes::Bytes;
use usher_wire::data_channel::{ClientHello, DataChannel, Event, KeyDemand, KeyRandom, PeerError};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{SessionType, Terminal};
use uuid::Uuid;

use super::peer::WALL_MS;
use super::world::epoch;

/// What a relay makes of one message: any number of others.
type Meddle<'a> = dyn FnMut(Frame) -> Vec<Frame> + 'a;

/// What a relay does that does nothing.
pub(crate) fn honest(frame: Frame) -> Vec<Frame> {
    vec![frame]
}

/// Both ends, and what they got.
pub(crate) struct Relay {
    pub(crate) client: DataChannel,
    pub(crate) agent: DataChannel,
    pub(crate) now: Instant,
    /// What each end's driver was given, in order.
    pub(crate) shown: Vec<u8>,
    pub(crate) typed: Vec<u8>,
    /// Whether each end has opened.
    pub(crate) open: [bool; 2],
    /// What KMS decrypts, in place of what it made.
    pub(crate) decrypted: [u8; 64],
}

pub(crate) const DATA_KEY: [u8; 64] = [7; 64];

impl Relay {
    /// An encrypted session whose client is Usher's, or says nothing of it.
    pub(crate) fn new(is_usher: bool) -> Self {
        let now = epoch();
        let hello = ClientHello {
            client_version: "1.2.900.0".to_owned(),
            terminal: is_usher.then(Terminal::default),
        };
        let demand = KeyDemand {
            key_id: "alias/sessions".to_owned(),
            challenge: [5; 16],
        };
        let session_type = SessionType::StandardStream;
        Self {
            client: DataChannel::client(now, [1; 16], hello),
            agent: DataChannel::encrypted_agent(now, [2; 16], session_type, &demand),
            now,
            shown: Vec::new(),
            typed: Vec::new(),
            open: [false; 2],
            decrypted: DATA_KEY,
        }
    }

    /// The same with both ends open.
    pub(crate) fn open(is_usher: bool) -> Self {
        let mut relay = Self::new(is_usher);
        relay.run(&mut honest).unwrap();
        assert_eq!(relay.open, [true; 2]);
        relay
    }

    /// Carries messages until nobody has more to say; the first breach that an end finds.
    pub(crate) fn run(&mut self, meddle: &mut Meddle<'_>) -> Result<(), PeerError> {
        loop {
            let from_agent = drain(&mut self.agent, self.now);
            let from_client = drain(&mut self.client, self.now);
            if from_agent.is_empty() && from_client.is_empty() {
                return Ok(());
            }
            for frame in from_agent.into_iter().flat_map(&mut *meddle) {
                self.client.handle_message(self.now, frame.encode())?;
            }
            for frame in from_client.into_iter().flat_map(&mut *meddle) {
                self.agent.handle_message(self.now, frame.encode())?;
            }
            self.take_events()?;
        }
    }

    /// What the agent says first.
    pub(crate) fn requests(&mut self) -> Vec<Bytes> {
        let frames = drain(&mut self.agent, self.now);
        frames.into_iter().map(|frame| frame.encode()).collect()
    }

    fn take_events(&mut self) -> Result<(), PeerError> {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::KeyAsked { .. } => self.client.offer_key(&DATA_KEY, b"blob", [1; 12])?,
                Event::HandshakeComplete { .. } => self.open[0] = true,
                Event::Payload { payload, .. } => self.shown.extend_from_slice(&payload),
                _ => {}
            }
        }
        while let Some(event) = self.agent.poll_event() {
            match event {
                Event::KeyCame { .. } => {
                    let random = KeyRandom {
                        first_nonce: [2; 12],
                        challenge: [3; 16],
                    };
                    self.agent.take_key(&self.decrypted, random)?;
                }
                Event::Opened { .. } => self.open[1] = true,
                Event::Payload { payload, .. } => self.typed.extend_from_slice(&payload),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn show(&mut self, text: &'static str) {
        self.agent
            .send(PayloadType::Output, Bytes::from_static(text.as_bytes()))
            .unwrap();
    }

    pub(crate) fn press(&mut self, text: &'static str) {
        self.client
            .send(PayloadType::Output, Bytes::from_static(text.as_bytes()))
            .unwrap();
    }
}

fn drain(channel: &mut DataChannel, now: Instant) -> Vec<Frame> {
    let messages = std::iter::from_fn(|| channel.poll_transmit(now, WALL_MS));
    messages
        .map(|message| Frame::decode(message).unwrap())
        .collect()
}

/// Whether the frame is a payload of the session, from either end.
pub(crate) fn is_stream(frame: &Frame) -> bool {
    matches!(
        frame.message_type,
        MessageType::OutputStreamData | MessageType::InputStreamData
    )
}

/// The same message under another number, as a new one.
pub(crate) fn renumbered(frame: &Frame, sequence: i64) -> Frame {
    Frame {
        sequence,
        message_id: Uuid::from_u128(1_000_000 + sequence as u128),
        ..frame.clone()
    }
}
