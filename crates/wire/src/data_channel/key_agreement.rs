//! The part of the handshake that makes a session's keys (agent.md 5.2, client.md 7): the agent asks for a data key, the
//! client has KMS make one, the agent has KMS decrypt it, and each proves to the other that it could.
//!
//! KMS is the driver's affair: it is told what to ask for by an event and answers by a command. Invariant: nothing opens
//! before both proofs are there, whatever order messages come in.

use std::mem;
use std::time::Instant;

use bytes::Bytes;

use super::event::{ClientHello, Event, KeyDemand, KeyRandom, PeerError, Role};
use super::handshake::{self, KeyWish};
use super::secrecy::Secrecy;
use super::{DataChannel, Stage};
use crate::encryption::{NONCE_LEN, Peer, SessionKeys, answer_matches, challenge, judge_challenge};
use crate::frame::PayloadType;
use crate::message::{
    EncryptionChallenge, KmsResult, ProcessedAction, SessionType, Terminal, to_json,
};

impl DataChannel {
    /// The agent's end of a session that is encrypted by KMS: it opens only when the client has proved that it has the
    /// key that it sent. See [`DataChannel::agent`].
    pub fn encrypted_agent(
        now: Instant,
        seed: [u8; 16],
        session_type: SessionType,
        demand: &KeyDemand,
    ) -> Self {
        let mut channel = Self::new(now, seed, Role::Agent);
        let parameters = demand.parameters();
        let request = handshake::request(session_type, &serde_json::Value::Null, Some(&parameters));
        channel
            .send
            .push_handshake(PayloadType::HandshakeRequest, request.clone());
        channel.session_type = Some(session_type);
        channel.secrecy = Secrecy::Asked {
            request,
            challenge: parameters.challenge.unwrap_or_default(),
        };
        channel
    }

    /// The same client's end, but nothing opens unless it is encrypted.
    #[must_use]
    pub fn requiring_encryption(mut self) -> Self {
        self.requires_encryption = true;
        self
    }

    /// Whether payloads are sealed under a key of KMS.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.secrecy, Secrecy::Sealed(_))
    }

    /// Client: KMS made this data key, upon [`Event::KeyAsked`]. It is offered to the agent.
    ///
    /// # Errors
    /// If KMS gave another length than 64 bytes. The session is to end.
    pub fn offer_key(
        &mut self,
        data_key: &[u8],
        ciphertext: &[u8],
        first_nonce: [u8; NONCE_LEN],
    ) -> Result<(), PeerError> {
        let Secrecy::Generating {
            request,
            announced,
            acknowledges,
            mut processed,
            place,
        } = self.secrecy.take()
        else {
            return Err(PeerError::KeyOutOfTurn);
        };
        let keys = SessionKeys::new(Role::Client, data_key, first_nonce)?;
        if let Some(action) = processed.get_mut(place) {
            let result = KmsResult::new(ciphertext, acknowledges);
            action.succeed_with(&result);
        }
        self.respond(processed);
        self.secrecy = Secrecy::Offered {
            keys,
            request,
            announced,
        };
        Ok(())
    }

    /// Client: there is no key, for this reason. The agent is told, and ends the session.
    pub fn refuse_key(&mut self, reason: &str) {
        if let Secrecy::Generating {
            processed, place, ..
        } = &mut self.secrecy
        {
            let mut processed = mem::take(processed);
            if let Some(action) = processed.get_mut(*place) {
                action.fail(format!("Failed to process action KMSEncryption: {reason}"));
            }
            self.respond(processed);
        }
    }

    /// Agent: KMS decrypted the data key, upon [`Event::KeyCame`]. The client is challenged.
    ///
    /// # Errors
    /// If KMS gave another length than 64 bytes. The session is to end.
    pub fn take_key(&mut self, data_key: &[u8], random: KeyRandom) -> Result<(), PeerError> {
        let Secrecy::Decrypting { request, terminal } = self.secrecy.take() else {
            return Err(PeerError::KeyOutOfTurn);
        };
        let mut keys = SessionKeys::new(Role::Agent, data_key, random.first_nonce)?;
        let challenge = challenge(&keys, &random.challenge, &request);
        let sealed = keys.sealer.seal(&challenge, None)?;
        self.send.push_handshake(
            PayloadType::EncChallengeRequest,
            to_json(&EncryptionChallenge::new(&sealed)),
        );
        self.secrecy = Secrecy::Challenged {
            keys,
            challenge,
            terminal,
        };
        Ok(())
    }

    /// Agent: the client's answer, if a key was asked for. None if it was, and KMS is to decrypt the key; else the
    /// terminal comes back, and the session may open.
    pub(super) fn key_came(
        &mut self,
        key: Option<KmsResult>,
        terminal: Option<Terminal>,
    ) -> Result<Option<Option<Terminal>>, PeerError> {
        let (request, challenge) = match self.secrecy.take() {
            Secrecy::Asked { request, challenge } => (request, challenge),
            other => {
                self.secrecy = other;
                return Ok(Some(terminal));
            }
        };
        let key = key.ok_or(PeerError::Unencrypted)?;
        let malformed = PeerError::MalformedHandshake(PayloadType::HandshakeResponse);
        let ciphertext = key.ciphertext().ok_or(malformed)?;
        self.secrecy = Secrecy::Decrypting { request, terminal };
        self.deliveries.announce(Event::KeyCame {
            ciphertext: ciphertext.into(),
            challenge: key.acknowledges_challenge.then_some(challenge),
        });
        Ok(None)
    }

    /// Client: what the agent asked for waits for a key of KMS.
    pub(super) fn key_asked(
        &mut self,
        request: Bytes,
        announced: bool,
        processed: Vec<ProcessedAction>,
        wish: KeyWish,
    ) {
        let KeyWish { place, parameters } = wish;
        self.secrecy = Secrecy::Generating {
            request,
            announced,
            acknowledges: parameters.challenge.is_some(),
            processed,
            place,
        };
        self.deliveries.announce(Event::KeyAsked {
            key_id: parameters.key_id,
            challenge: parameters.challenge,
        });
    }

    pub(super) fn respond(&mut self, processed: Vec<ProcessedAction>) {
        if let Some(hello) = &self.hello {
            let response = handshake::response(hello, processed);
            self.send
                .push_handshake(PayloadType::HandshakeResponse, response);
        }
    }

    /// Client: the agent proves that it could decrypt the key, and whose agent it is.
    pub(super) fn handle_challenge(&mut self, payload: &[u8]) -> Result<(), PeerError> {
        let (mut keys, request, announced) = match self.secrecy.take() {
            Secrecy::Offered {
                keys,
                request,
                announced,
            } => (keys, request, announced),
            other => {
                self.secrecy = other;
                self.counters.discarded += 1;
                return Ok(());
            }
        };
        let sealed = read_challenge(payload, PayloadType::EncChallengeRequest)?;
        let challenge = keys.opener.open(&sealed, None)?;
        let peer = judge_challenge(&keys, &challenge, &request, announced)?;
        let answer = keys.sealer.seal(&challenge, None)?;
        self.send.push_handshake(
            PayloadType::EncChallengeResponse,
            to_json(&EncryptionChallenge::new(&answer)),
        );
        let is_usher =
            peer == Peer::Usher && self.hello.as_ref().is_some_and(ClientHello::is_usher);
        self.set_peer_is_usher(is_usher);
        self.secrecy = Secrecy::sealed(keys, is_usher);
        Ok(())
    }

    /// Agent: the client proves that it has the key.
    pub(super) fn handle_challenge_answer(
        &mut self,
        now: Instant,
        payload: &[u8],
    ) -> Result<(), PeerError> {
        let (mut keys, challenge, terminal) = match self.secrecy.take() {
            Secrecy::Challenged {
                keys,
                challenge,
                terminal,
            } => (keys, challenge, terminal),
            other => {
                self.secrecy = other;
                self.counters.discarded += 1;
                return Ok(());
            }
        };
        let sealed = read_challenge(payload, PayloadType::EncChallengeResponse)?;
        let answer = keys.opener.open(&sealed, None)?;
        if !answer_matches(&challenge, &answer) {
            return Err(PeerError::WrongAnswer);
        }
        self.secrecy = Secrecy::sealed(keys, self.peer_is_usher);
        self.complete(now, terminal);
        Ok(())
    }

    /// Whether the session may open as it is now.
    pub(super) fn may_open(&self) -> Result<(), PeerError> {
        match (&self.secrecy, self.stage) {
            (Secrecy::Sealed(_), _) => Ok(()),
            (Secrecy::Plain, Stage::Waiting) if self.requires_encryption => {
                Err(PeerError::NotEncrypted)
            }
            (Secrecy::Plain, _) => Ok(()),
            _ => Err(PeerError::Unencrypted),
        }
    }
}

fn read_challenge(payload: &[u8], payload_type: PayloadType) -> Result<Vec<u8>, PeerError> {
    serde_json::from_slice::<EncryptionChallenge>(payload)
        .ok()
        .and_then(|challenge| challenge.sealed())
        .ok_or(PeerError::MalformedHandshake(payload_type))
}
