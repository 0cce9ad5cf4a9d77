//! The grant: the server's signed permission to open one login on one node.
//!
//! A hostile worker on the node can start nothing by itself: the root process that opens logins believes only this.
//! Invariant: a [`Grant`] out of [`SignedGrant::verify`] was signed by the pinned key, is within its minute, and has one
//! encoding. That it is for this node and session, and not yet spent, is for the one who opens the login to check.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use crate::ids::{NodeId, OsUserName, SessionId};

mod layout;

/// How long a grant may live, in milliseconds.
pub const LIFETIME_MS: u64 = 60_000;
/// How far the clocks of server and node may be apart, in milliseconds.
pub const SKEW_MS: u64 = 5 * 60_000;

const SIGNATURE_BYTES: usize = 64;
/// What is signed begins with this, so that no other signature of the same key can pass for a grant's.
const DOMAIN: &[u8] = b"usher-grant\0";

/// Why bytes are not a grant to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GrantError {
    /// Too short, too long, or a field out of its range.
    #[error("the grant's bytes are not in the layout of a grant")]
    Malformed,
    /// Made by a newer server.
    #[error("the grant has version {0}, and only version 1 is known")]
    UnknownVersion(u8),
    /// Not signed by this key, or changed since.
    #[error("the grant's signature is not that of the server this node is registered with")]
    BadSignature,
    /// Later than its expiry and the skew.
    #[error("the grant expired; check that the clocks of server and node agree")]
    Expired,
    /// Earlier than its issue and the skew.
    #[error("the grant is not valid yet; check that the clocks of server and node agree")]
    NotYetValid,
    /// Ends before it begins, or lasts longer than any grant may.
    #[error("the grant's lifetime is not between nothing and one minute")]
    BadLifetime,
    /// Not 32 bytes, or not in base64.
    #[error("not an Ed25519 key")]
    BadKey,
}

/// What may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// The account's login shell.
    Shell,
    /// One command.
    Command,
    /// One TCP destination.
    Port,
    /// Files.
    Copy,
}

/// As whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedLogin {
    /// Run As: this account.
    OsUser(OsUserName),
    /// Run As is off: the node's `ssm-user`.
    SsmUser,
}

/// Permission for one login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Unique; a grant is spent by it.
    pub id: [u8; 16],
    /// The one session.
    pub session: SessionId,
    /// The one node.
    pub node: NodeId,
    /// What may be opened.
    pub kind: SessionKind,
    /// As whom.
    pub login: GrantedLogin,
    /// SHA-256 of the command, or of `host:port`; zeros for a shell and for files.
    pub subject_digest: [u8; 32],
    /// Milliseconds since the epoch, by the server's clock.
    pub issued_ms: u64,
    /// Milliseconds since the epoch; at most [`LIFETIME_MS`] after `issued_ms`.
    pub expires_ms: u64,
}

/// A grant with its signature, as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedGrant([u8; layout::BYTES + SIGNATURE_BYTES]);

/// The server's signing key.
pub struct GrantKey(Ed25519KeyPair);

/// The key a node pinned when it was registered. As text: base64 of its 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantPublicKey([u8; 32]);

impl Grant {
    /// Signs.
    #[must_use]
    pub fn sign(&self, key: &GrantKey) -> SignedGrant {
        let body = layout::encode(self);
        let signature = key.0.sign(&signed_text(&body));
        let mut bytes = [0; layout::BYTES + SIGNATURE_BYTES];
        layout::fill(&mut bytes, body.iter().chain(signature.as_ref()));
        SignedGrant(bytes)
    }
}

impl SignedGrant {
    /// The bytes that travel.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes bytes of the right length and version. They are not believed before [`SignedGrant::verify`].
    ///
    /// # Errors
    /// [`GrantError::UnknownVersion`] before [`GrantError::Malformed`]: another version has another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GrantError> {
        match bytes.first() {
            Some(&layout::VERSION) => bytes
                .try_into()
                .map(Self)
                .map_err(|_| GrantError::Malformed),
            Some(version) => Err(GrantError::UnknownVersion(*version)),
            None => Err(GrantError::Malformed),
        }
    }

    /// The grant, if `key` signed it and `now_ms` (milliseconds since the epoch, by the node's clock) is within its time.
    ///
    /// # Errors
    /// [`GrantError::BadSignature`] before anything else is looked at.
    pub fn verify(&self, key: &GrantPublicKey, now_ms: u64) -> Result<Grant, GrantError> {
        let (body, signature) = self
            .0
            .split_first_chunk::<{ layout::BYTES }>()
            .ok_or(GrantError::Malformed)?;
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(&signed_text(body), signature)
            .map_err(|_| GrantError::BadSignature)?;
        let grant = layout::decode(body)?;
        match grant.expires_ms.checked_sub(grant.issued_ms) {
            Some(lifetime) if lifetime <= LIFETIME_MS => {}
            _ => return Err(GrantError::BadLifetime),
        }
        if now_ms.saturating_add(SKEW_MS) < grant.issued_ms {
            return Err(GrantError::NotYetValid);
        }
        if now_ms > grant.expires_ms.saturating_add(SKEW_MS) {
            return Err(GrantError::Expired);
        }
        Ok(grant)
    }
}

impl GrantKey {
    /// The key of a seed, which the caller draws, keeps secret and wipes.
    ///
    /// # Errors
    /// [`GrantError::BadKey`] where the crypto library refuses it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, GrantError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_| GrantError::BadKey)
    }

    /// What nodes pin.
    #[must_use]
    pub fn public_key(&self) -> GrantPublicKey {
        let mut bytes = [0; 32];
        layout::fill(&mut bytes, self.0.public_key().as_ref().iter());
        GrantPublicKey(bytes)
    }
}

impl fmt::Debug for GrantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantKey(..)")
    }
}

impl FromStr for GrantPublicKey {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let bytes = STANDARD.decode(text).map_err(|_| GrantError::BadKey)?;
        bytes.try_into().map(Self).map_err(|_| GrantError::BadKey)
    }
}

impl fmt::Display for GrantPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

fn signed_text(body: &[u8; layout::BYTES]) -> Vec<u8> {
    [DOMAIN, body].concat()
}
