//! How far an encrypted session's keys are agreed, and what is sealed once they are.
//!
//! Invariants: between "KMS was asked for" and "sealed" no payload goes in or out, and there is no way back. Between
//! Usher's own ends everything behind the challenge is sealed, bound to its type, direction and number; toward AWS's
//! programs it is what they seal: output, errors and the exit code (client.md 7).

use std::fmt;
use std::mem;

use bytes::Bytes;

use crate::encryption::{Binding, CHALLENGE_LEN, EncryptionError, Opener, Sealer, SessionKeys};
use crate::frame::PayloadType;
use crate::message::{ProcessedAction, Terminal};

/// See the module's documentation.
#[derive(Default)]
pub(super) enum Secrecy {
    /// Payloads go as they are.
    #[default]
    Plain,
    /// Agent: the client was asked for a key, by `request` as it is sent, with `challenge` for the key's context.
    Asked { request: Bytes, challenge: String },
    /// Agent: the driver has KMS decrypt the key that came.
    Decrypting {
        request: Bytes,
        terminal: Option<Terminal>,
    },
    /// Agent: the client is to prove that it has the key.
    Challenged {
        keys: SessionKeys,
        challenge: [u8; CHALLENGE_LEN],
        terminal: Option<Terminal>,
    },
    /// Client: the driver has KMS make a key; the answer to `request` waits for it.
    Generating {
        request: Bytes,
        announced: bool,
        acknowledges: bool,
        processed: Vec<ProcessedAction>,
        place: usize,
    },
    /// Client: the key is on its way, and the agent is to prove that it could decrypt it.
    Offered {
        keys: SessionKeys,
        request: Bytes,
        announced: bool,
    },
    /// Both ends have the keys.
    Sealed(Seals),
    /// A step has failed, or is being taken; nothing opens from here.
    Broken,
}

/// The ciphers of an open session.
pub(super) struct Seals {
    sealer: Sealer,
    opener: Opener,
    /// Whether both ends are Usher's.
    is_bound: bool,
}

impl fmt::Debug for Secrecy {
    /// Keys and challenges are nobody's to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Asked { .. } => "Asked",
            Self::Decrypting { .. } => "Decrypting",
            Self::Challenged { .. } => "Challenged",
            Self::Generating { .. } => "Generating",
            Self::Offered { .. } => "Offered",
            Self::Sealed(_) => "Sealed",
            Self::Broken => "Broken",
        })
    }
}

impl Secrecy {
    /// What `keys` are from now on.
    pub(super) fn sealed(keys: SessionKeys, is_bound: bool) -> Self {
        Self::Sealed(Seals {
            sealer: keys.sealer,
            opener: keys.opener,
            is_bound,
        })
    }

    /// Takes the state for a step that puts another in its place. A step that fails leaves the channel broken.
    pub(super) fn take(&mut self) -> Self {
        mem::replace(self, Self::Broken)
    }

    /// Whether KMS was asked for and the keys are not agreed yet.
    pub(super) fn is_pending(&self) -> bool {
        !matches!(self, Self::Plain | Self::Sealed(_))
    }

    /// The payload as it travels.
    pub(super) fn seal(
        &mut self,
        payload_type: PayloadType,
        sequence: i64,
        payload: Bytes,
    ) -> Result<Bytes, EncryptionError> {
        match self {
            Self::Sealed(seals) if seals.covers(payload_type) => {
                let binding = seals.binding(payload_type, sequence);
                Ok(seals.sealer.seal(&payload, binding)?.into())
            }
            _ => Ok(payload),
        }
    }

    /// The payload as it was before it travelled.
    pub(super) fn open(
        &mut self,
        payload_type: PayloadType,
        sequence: i64,
        payload: Bytes,
    ) -> Result<Bytes, EncryptionError> {
        match self {
            Self::Sealed(seals) if seals.covers(payload_type) => {
                let binding = seals.binding(payload_type, sequence);
                Ok(seals.opener.open(&payload, binding)?.into())
            }
            _ => Ok(payload),
        }
    }
}

impl Seals {
    fn covers(&self, payload_type: PayloadType) -> bool {
        match payload_type {
            PayloadType::Output | PayloadType::StdErr | PayloadType::ExitCode => true,
            // What makes the keys cannot be under them.
            PayloadType::HandshakeRequest
            | PayloadType::HandshakeResponse
            | PayloadType::EncChallengeRequest
            | PayloadType::EncChallengeResponse => false,
            _ => self.is_bound,
        }
    }

    fn binding(&self, payload_type: PayloadType, sequence: i64) -> Option<Binding> {
        self.is_bound.then_some(Binding {
            payload_type,
            sequence,
        })
    }
}
