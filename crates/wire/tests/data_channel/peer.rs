//! A hand-driven peer: one machine, a clock, and messages written by the test.

use std::time::{Duration, Instant};

use bytes::Bytes;
use usher_wire::data_channel::{
    ACKNOWLEDGE_WITHIN, ClientHello, DataChannel, Event, PeerError, Role,
};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{Acknowledge, ChannelClosed, SessionType, Terminal, to_json};
use uuid::Uuid;

use super::world::epoch;

pub(crate) const WALL_MS: u64 = 1_700_000_000_000;

pub(crate) struct Bench {
    pub(crate) channel: DataChannel,
    pub(crate) now: Instant,
}

impl Bench {
    pub(crate) fn agent(session_type: SessionType) -> Self {
        let now = epoch();
        let channel = DataChannel::agent(now, [1; 16], session_type, serde_json::Value::Null);
        Self { channel, now }
    }

    /// An agent whose session is open toward a peer without handshake, with the request acknowledged.
    pub(crate) fn open_agent() -> Self {
        let mut bench = Self::agent(SessionType::StandardStream);
        bench.sent();
        bench.acknowledge(0);
        bench.pass(5000);
        assert!(matches!(bench.events().as_slice(), [Event::Opened { .. }]));
        bench
    }

    pub(crate) fn client(terminal: Option<Terminal>) -> Self {
        let now = epoch();
        let hello = ClientHello {
            client_version: "1.2.900.0".to_owned(),
            terminal,
        };
        Self {
            channel: DataChannel::client(now, [2; 16], hello),
            now,
        }
    }

    /// A client whose session was opened by a first output, which was taken and acknowledged.
    pub(crate) fn open_client() -> Self {
        let mut bench = Self::client(None);
        bench.receive(0, PayloadType::Output, b"$ ");
        bench.events();
        assert_eq!(bench.sent_acknowledgements(), [0]);
        bench
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.channel.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.channel.handle_timeout(at).unwrap();
        }
        self.now = end;
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.channel.poll_event()).collect()
    }

    /// What the machine wants to transmit.
    pub(crate) fn sent(&mut self) -> Vec<Frame> {
        let now = self.now;
        let messages = std::iter::from_fn(|| self.channel.poll_transmit(now, WALL_MS));
        messages
            .map(|message| Frame::decode(message).unwrap())
            .collect()
    }

    /// Transmitted stream messages as number and payload; acknowledgements aside.
    pub(crate) fn sent_data(&mut self) -> Vec<(i64, Bytes)> {
        let data = self
            .sent()
            .into_iter()
            .filter(|frame| frame.message_type != MessageType::Acknowledge);
        data.map(|frame| (frame.sequence, frame.payload)).collect()
    }

    /// The numbers that acknowledgements confirm, those that wait for company included.
    pub(crate) fn sent_acknowledgements(&mut self) -> Vec<i64> {
        let mut frames = self.sent();
        self.pass(ACKNOWLEDGE_WITHIN.as_millis() as u64);
        frames.extend(self.sent());
        frames
            .into_iter()
            .filter(|frame| frame.message_type == MessageType::Acknowledge)
            .map(|frame| Acknowledge::number(&frame.payload).unwrap())
            .collect()
    }

    pub(crate) fn receive(&mut self, sequence: i64, payload_type: PayloadType, payload: &[u8]) {
        self.receive_as(
            Uuid::from_u128(sequence as u128),
            sequence,
            payload_type,
            payload,
        )
        .unwrap();
    }

    pub(crate) fn receive_as(
        &mut self,
        message_id: Uuid,
        sequence: i64,
        payload_type: PayloadType,
        payload: &[u8],
    ) -> Result<(), PeerError> {
        let message_type = match self.channel.role() {
            Role::Agent => MessageType::InputStreamData,
            Role::Client => MessageType::OutputStreamData,
        };
        let payload = Bytes::copy_from_slice(payload);
        let created_ms = WALL_MS;
        let frame = Frame {
            message_type,
            created_ms,
            sequence,
            flags: 0,
            message_id,
            payload_type,
            payload,
        };
        self.channel.handle_message(self.now, frame.encode())
    }

    pub(crate) fn acknowledge(&mut self, sequence: i64) {
        let message_type = MessageType::InputStreamData;
        let acknowledge = Acknowledge {
            message_type,
            message_id: Uuid::nil(),
            sequence,
            is_sequential: true,
        };
        self.control(MessageType::Acknowledge, to_json(&acknowledge));
    }

    pub(crate) fn close(&mut self, output: &str) {
        let closed = ChannelClosed::new(Uuid::nil(), WALL_MS, "mi-779936683e2154b23", "s", output);
        self.control(MessageType::ChannelClosed, to_json(&closed));
    }

    /// A message outside the stream.
    pub(crate) fn control(&mut self, message_type: MessageType, payload: impl Into<Bytes>) {
        let frame = Frame::unsequenced(message_type, 0, Uuid::nil(), WALL_MS, payload);
        self.channel
            .handle_message(self.now, frame.encode())
            .unwrap();
    }
}

pub(crate) fn output(text: &str) -> Event {
    Event::Payload {
        payload_type: PayloadType::Output,
        payload: Bytes::copy_from_slice(text.as_bytes()),
    }
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
