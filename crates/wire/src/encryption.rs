//! Encryption of a session's payloads under a KMS data key (agent.md 5.3, client.md 7).
//!
//! The 64 bytes of the data key are two keys: the first half encrypts from agent to client, the second from client to
//! agent. A payload is `nonce(12) ‖ ciphertext ‖ tag(16)`, AES-256-GCM. Invariants: no nonce is used twice under a key,
//! none is accepted twice, and between Usher's own ends a payload opens only as what it was sent as.

mod challenge;
mod context;
mod nonces;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use crate::data_channel::Role;
use crate::frame::PayloadType;

pub use aws_lc_rs::aead::NONCE_LEN;
pub use challenge::{
    CHALLENGE_LEN, ChallengeError, Peer, RANDOM_LEN, answer_matches, challenge, judge_challenge,
};
pub use context::{SESSION, TARGET, context};
use nonces::SeenNonces;

/// Bytes of a session's data key.
pub const DATA_KEY_LEN: usize = 64;
/// By how much a payload grows: nonce and tag.
pub const OVERHEAD: usize = NONCE_LEN + 16;

const HALF: usize = DATA_KEY_LEN / 2;

/// Why a payload is not encrypted, or not believed. Every one ends the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// KMS gave another length than it was asked for.
    #[error("the data key has {0} bytes instead of 64")]
    DataKeyLength(usize),
    /// Shorter than nonce and tag.
    #[error("an encrypted payload is cut")]
    Cut,
    /// The tag does not fit: changed, moved, or of another key.
    #[error("an encrypted payload was changed on its way, or encrypted under another key")]
    Forged,
    /// The nonce was there before.
    #[error("an encrypted payload came a second time")]
    Repeated,
    /// A peer that does not count its nonces has sent more than can be remembered.
    #[error("the session has more encrypted payloads than can be told apart")]
    TooMany,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused to work")]
    Cipher,
}

/// What a payload is bound to between Usher's own ends. The direction is in it too, beside each having its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The payload's type.
    pub payload_type: PayloadType,
    /// Its frame's sequence number.
    pub sequence: i64,
}

/// Encrypts in one direction.
pub struct Sealer {
    key: LessSafeKey,
    direction: Direction,
    next_nonce: u128,
}

/// Decrypts in one direction.
pub struct Opener {
    key: LessSafeKey,
    direction: Direction,
    seen: SeenNonces,
}

/// The two halves of a data key, for one end of a session.
pub struct SessionKeys {
    /// For what this end sends.
    pub sealer: Sealer,
    /// For what this end receives.
    pub opener: Opener,
    /// The key from agent to client, which also signs the challenge.
    agent_to_client: Zeroizing<[u8; HALF]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    AgentToClient,
    ClientToAgent,
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKeys(…)")
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({:?})", self.direction)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({:?})", self.direction)
    }
}

impl SessionKeys {
    /// Splits the plaintext of a data key for `role`. Nonces count from `first_nonce`, which must be random.
    ///
    /// # Errors
    /// If the data key does not have 64 bytes.
    pub fn new(
        role: Role,
        data_key: &[u8],
        first_nonce: [u8; NONCE_LEN],
    ) -> Result<Self, EncryptionError> {
        let wrong = || EncryptionError::DataKeyLength(data_key.len());
        let (first, second) = data_key.split_first_chunk::<HALF>().ok_or_else(wrong)?;
        let second: &[u8; HALF] = second.try_into().map_err(|_| wrong())?;
        let (outbound, inbound) = match role {
            Role::Agent => (
                (first, Direction::AgentToClient),
                (second, Direction::ClientToAgent),
            ),
            Role::Client => (
                (second, Direction::ClientToAgent),
                (first, Direction::AgentToClient),
            ),
        };
        Ok(Self {
            sealer: Sealer {
                key: cipher(outbound.0)?,
                direction: outbound.1,
                next_nonce: nonces::number(&first_nonce),
            },
            opener: Opener {
                key: cipher(inbound.0)?,
                direction: inbound.1,
                seen: SeenNonces::default(),
            },
            agent_to_client: Zeroizing::new(*first),
        })
    }

    fn signing_key(&self) -> &[u8] {
        &*self.agent_to_client
    }
}

fn cipher(key: &[u8; HALF]) -> Result<LessSafeKey, EncryptionError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| EncryptionError::Cipher)?;
    Ok(LessSafeKey::new(key))
}

impl Sealer {
    /// Encrypts a payload, bound to `binding` where the peer is Usher's own.
    ///
    /// # Errors
    /// If the cryptographic library refuses.
    pub fn seal(
        &mut self,
        payload: &[u8],
        binding: Option<Binding>,
    ) -> Result<Vec<u8>, EncryptionError> {
        let nonce = nonces::bytes(self.next_nonce);
        self.next_nonce = nonces::after(self.next_nonce);
        let mut sealed = Vec::with_capacity(payload.len() + OVERHEAD);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(payload);
        let (_, text) = sealed.split_at_mut(NONCE_LEN);
        let bound = additional_data(self.direction, binding);
        let tag = self.key.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound),
            text,
        );
        let Ok(tag) = tag else {
            // What was not encrypted must not be sent by mistake.
            sealed.zeroize();
            return Err(EncryptionError::Cipher);
        };
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }
}

impl Opener {
    /// Decrypts a payload that was sealed with the same binding.
    ///
    /// # Errors
    /// If it was changed, moved, repeated, or is not of this key.
    pub fn open(
        &mut self,
        sealed: &[u8],
        binding: Option<Binding>,
    ) -> Result<Vec<u8>, EncryptionError> {
        let (nonce, text) = sealed.split_first_chunk().ok_or(EncryptionError::Cut)?;
        if sealed.len() < OVERHEAD {
            return Err(EncryptionError::Cut);
        }
        let mut text = text.to_vec();
        let bound = additional_data(self.direction, binding);
        let length = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(bound),
                &mut text,
            )
            .map_err(|_| EncryptionError::Forged)?
            .len();
        // Only what opened counts as seen: others must not be able to use up nonces.
        self.seen.admit(nonce)?;
        text.truncate(length);
        Ok(text)
    }
}

/// Nothing toward AWS's programs. Between our own ends: a name, the direction, the payload's type, its sequence number.
fn additional_data(direction: Direction, binding: Option<Binding>) -> Vec<u8> {
    let Some(Binding {
        payload_type,
        sequence,
    }) = binding
    else {
        return Vec::new();
    };
    let mut data = b"usher1".to_vec();
    data.push(match direction {
        Direction::AgentToClient => 1,
        Direction::ClientToAgent => 2,
    });
    data.extend_from_slice(&payload_type.number().to_be_bytes());
    data.extend_from_slice(&sequence.to_be_bytes());
    data
}
