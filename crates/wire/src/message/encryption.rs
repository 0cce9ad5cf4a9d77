//! What the handshake says about KMS encryption (agent.md 5.2): the action's parameters, its result, and the challenge.
//!
//! Bytes travel as standard base64, as Go's JSON writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::null_as_default;

/// Parameters of the action `KMSEncryption`, agent to client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsParameters {
    /// Id, ARN, alias or alias ARN, as the session document has it.
    #[serde(rename = "KMSKeyId")]
    pub key_id: String,
    /// A text that a client which acknowledges it puts into the encryption context; older agents send none.
    #[serde(rename = "Challenge", default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

/// The result of the action `KMSEncryption`, client to agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsResult {
    /// The data key as KMS encrypted it, base64.
    #[serde(rename = "KMSCipherTextKey")]
    pub ciphertext: String,
    /// AWS's client sends null, AWS's agent looks at none.
    #[serde(rename = "KMSCipherTextHash", default)]
    pub hash: Option<String>,
    /// Whether the challenge of the parameters is in the key's encryption context.
    #[serde(
        rename = "ChallengeAcknowledgement",
        default,
        deserialize_with = "null_as_default"
    )]
    pub acknowledges_challenge: bool,
}

/// The challenge of the agent, and the client's answer to it: sealed bytes, base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionChallenge {
    /// `nonce ‖ ciphertext ‖ tag`.
    pub challenge: String,
}

impl KmsResult {
    /// The result for `ciphertext`, as KMS gave it.
    pub fn new(ciphertext: &[u8], acknowledges_challenge: bool) -> Self {
        Self {
            ciphertext: STANDARD.encode(ciphertext),
            hash: None,
            acknowledges_challenge,
        }
    }

    /// The encrypted data key; None if it is no base64 or empty.
    pub fn ciphertext(&self) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(&self.ciphertext).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl EncryptionChallenge {
    /// Carries `sealed`.
    pub fn new(sealed: &[u8]) -> Self {
        Self {
            challenge: STANDARD.encode(sealed),
        }
    }

    /// The sealed bytes; None if it is no base64.
    pub fn sealed(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.challenge).ok()
    }
}
