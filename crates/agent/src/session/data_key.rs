//! The data key of an encrypted session: the client sends what KMS made, and KMS is asked to decrypt it.
//!
//! Owns that it is asked with the session's own credentials and in this session's encryption context: a key that was made
//! for another session, another node or another handshake does not open.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use usher_aws::{CallError, Credentials, Identity, Kms, NoRandomness, random};
use usher_wire::data_channel::{KeyDemand, KeyRandom};
use usher_wire::encryption::context;
use usher_wire::ids::{NodeId, SessionId};
use zeroize::Zeroizing;

/// Why there is no key. `Display` is a sentence for the person.
#[derive(Debug, thiserror::Error)]
#[error(
    "The session is to be encrypted with the KMS key {key}, and kms:Decrypt on {node} fails: {cause}"
)]
pub(super) struct KeyError {
    key: String,
    node: NodeId,
    cause: CallError,
}

/// A key of 64 bytes, or none.
pub(super) type Decrypted = Result<Zeroizing<Vec<u8>>, KeyError>;

/// Whom to ask, and what for.
#[derive(Clone)]
pub(super) struct DataKey {
    pub(super) kms: Kms,
    pub(super) credentials: Credentials,
    pub(super) session: SessionId,
    pub(super) node: NodeId,
    /// As the session document names it.
    pub(super) key_id: String,
}

/// KMS at work.
pub(super) type AtWork = Pin<Box<dyn Future<Output = Decrypted>>>;

impl DataKey {
    /// What the client is asked for.
    pub(super) fn demand(&self) -> Result<KeyDemand, NoRandomness> {
        Ok(KeyDemand {
            key_id: self.key_id.clone(),
            challenge: random()?,
        })
    }

    /// Has KMS decrypt what the client sent; `challenge` is a part of its context.
    pub(super) fn decrypt(&self, ciphertext: Bytes, challenge: Option<String>) -> AtWork {
        let key = self.clone();
        Box::pin(async move {
            let context = context(
                key.session.as_str(),
                key.node.as_str(),
                challenge.as_deref(),
            );
            let identity = Identity::Keys(&key.credentials);
            let decrypted = key
                .kms
                .decrypt(identity, &key.key_id, &ciphertext, &context)
                .await;
            decrypted.map_err(|cause| KeyError {
                key: key.key_id,
                node: key.node,
                cause,
            })
        })
    }
}

/// What is drawn for the session's keys.
pub(super) fn draw() -> Result<KeyRandom, NoRandomness> {
    Ok(KeyRandom {
        first_nonce: random()?,
        challenge: random()?,
    })
}

/// The key, once KMS has answered; never while it was not asked.
pub(super) async fn decrypted(at_work: &mut Option<AtWork>) -> Decrypted {
    let Some(asked) = at_work else {
        return std::future::pending().await;
    };
    let decrypted = asked.await;
    *at_work = None;
    decrypted
}
