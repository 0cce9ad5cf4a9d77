//! How a session opens: by the handshake, or without one when the peer does not know it.
//!
//! Invariant: `Opened` (agent) and `HandshakeComplete` (client) are announced once and before any payload, and what a
//! client sends leaves only after it. The messages themselves are made and read in `handshake`.

use std::time::Instant;

use bytes::Bytes;

use super::arrival::size_event;
use super::event::{ClientHello, Event, PeerError};
use super::handshake::{self, AgentRequest, ClientAnswer};
use super::send_buffer::INTERACTIVE_FLIGHT_BYTES;
use super::timers::Timer;
use super::{DataChannel, HANDSHAKE_FALLBACK, KEYS_WITHIN, Role, Stage};
use crate::frame::PayloadType;
use crate::message::{SessionType, Terminal};

impl DataChannel {
    /// Agent: a late response, after the fallback, is still completed, and a late terminal becomes a window size.
    pub(super) fn handle_response(
        &mut self,
        now: Instant,
        payload: &[u8],
    ) -> Result<(), PeerError> {
        if self.answered {
            self.counters.discarded += 1;
            return Ok(());
        }
        let ClientAnswer {
            client_version,
            is_usher,
            terminal,
            key,
        } = handshake::read_response(payload)?;
        self.answered = true;
        self.peer_version = client_version;
        self.set_peer_is_usher(is_usher);
        if let Some(terminal) = self.key_came(key, terminal)? {
            self.complete(now, terminal);
        }
        Ok(())
    }

    /// Agent: nothing is missing any more.
    pub(super) fn complete(&mut self, now: Instant, terminal: Option<Terminal>) {
        let elapsed = now.saturating_duration_since(self.started);
        let complete = handshake::complete(elapsed, self.is_encrypted());
        self.send
            .push_handshake(PayloadType::HandshakeComplete, complete);
        if self.stage == Stage::Waiting {
            self.open_agent(terminal);
        } else if let Some(event) =
            terminal.and_then(|terminal| size_event(terminal.cols, terminal.rows))
        {
            self.deliveries.announce(event);
        }
    }

    pub(super) fn handle_request(&mut self, payload: Bytes) -> Result<(), PeerError> {
        if self.answered {
            self.counters.discarded += 1;
            return Ok(());
        }
        let AgentRequest {
            agent_version,
            announced,
            session_type,
            properties,
            processed,
            key,
        } = handshake::answer(&payload)?;
        if key.is_none() {
            self.may_open()?;
        }
        self.answered = true;
        self.peer_version = agent_version;
        self.session_type = session_type;
        self.properties = properties;
        match key {
            // Who the agent is, its challenge will prove.
            Some(wish) => self.key_asked(payload, announced, processed, wish),
            None => {
                let says_so = self.hello.as_ref().is_some_and(ClientHello::is_usher);
                self.set_peer_is_usher(announced && says_so);
                self.respond(processed);
            }
        }
        Ok(())
    }

    pub(super) fn set_peer_is_usher(&mut self, is_usher: bool) {
        self.peer_is_usher = is_usher;
        if is_usher {
            self.receive.trust_numbers();
        }
    }

    /// Agent: starts the wait for an answer, from the first transmission on and anew whenever the client is back. Ports
    /// wait without end: how their bytes are framed depends on the answer. Encrypted sessions wait longer, since both
    /// ends ask KMS, and end when nothing came.
    pub(super) fn arm_fallback(&mut self, now: Instant) {
        let asks = self.role == Role::Agent
            && self.stage == Stage::Waiting
            && self.session_type != Some(SessionType::Port);
        let heard = self.connected && !self.paused;
        if asks && heard && !self.timers.is_running(Timer::HandshakeFallback) {
            let wait = if self.secrecy.is_pending() {
                KEYS_WITHIN
            } else {
                HANDSHAKE_FALLBACK
            };
            self.timers.set(Timer::HandshakeFallback, now + wait);
        }
    }

    /// The peer's first message was neither question nor answer: it is already the stream.
    pub(super) fn open_without_handshake(&mut self) -> Result<(), PeerError> {
        self.may_open()?;
        match self.role {
            Role::Agent => self.open_agent(None),
            Role::Client => self.open_client(String::new()),
        }
        Ok(())
    }

    pub(super) fn open_agent(&mut self, terminal: Option<Terminal>) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Open;
        self.timers.stop(Timer::HandshakeFallback);
        self.send.release();
        self.deliveries.announce(Event::Opened {
            terminal,
            peer_is_usher: self.peer_is_usher,
        });
    }

    pub(super) fn open_client(&mut self, customer_message: String) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Open;
        if !self.answered {
            self.session_type = Some(SessionType::StandardStream);
        }
        if matches!(
            self.session_type,
            Some(SessionType::StandardStream | SessionType::InteractiveCommands)
        ) {
            self.send.limit_flight(INTERACTIVE_FLIGHT_BYTES);
        }
        self.send.release();
        self.deliveries
            .announce(Event::HandshakeComplete { customer_message });
    }
}
