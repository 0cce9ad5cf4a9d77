//! The challenge of an encrypted handshake, and what Usher's agent says in it (design section 7).
//!
//! AWS's agent sends 64 random bytes. Usher's sends 16, a mark that only the session's key makes of them, and a signature
//! over both and the handshake request as it was sent. The mark says "Usher" whatever became of the request, the
//! signature says what the request was: so nobody between the ends can take the member `Usher` out of it, put one in,
//! or change what else it asks for, without the client finding out.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};

use super::SessionKeys;

/// Bytes of a challenge.
pub const CHALLENGE_LEN: usize = MARKED + 32;
/// Bytes of it that are drawn at random.
pub const RANDOM_LEN: usize = 16;

const MARKED: usize = 2 * RANDOM_LEN;
const MARK: &[u8] = b"usher1 mark";
const SIGNATURE: &[u8] = b"usher1";

/// Whose agent is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// AWS's, or another that does as it does.
    Aws,
    /// Usher's: its payloads are bound to their place.
    Usher,
}

/// Why a client does not believe a handshake. Each ends the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The agent is Usher's, and its request came otherwise than it was sent.
    #[error("somebody between client and node changed the handshake")]
    Changed,
    /// The request speaks of Usher, but nobody with the session's key signed it.
    #[error("the handshake announces Usher, and the session's key did not sign that")]
    Unsigned,
}

/// The challenge of Usher's agent, made of `random` for `request`, the handshake request's bytes as they are sent.
pub fn challenge(
    keys: &SessionKeys,
    random: &[u8; RANDOM_LEN],
    request: &[u8],
) -> [u8; CHALLENGE_LEN] {
    let key = signing_key(keys);
    let mut challenge = [0; CHALLENGE_LEN];
    let marked = random.iter().copied().chain(mark(&key, random));
    challenge
        .iter_mut()
        .zip(marked)
        .for_each(|(to, from)| *to = from);
    if let Some((marked, tag)) = challenge.split_first_chunk_mut::<MARKED>() {
        let signature = hmac::sign(&key, &signed(marked, request));
        tag.copy_from_slice(signature.as_ref());
    }
    challenge
}

/// Decides at the client whose agent made `challenge`, the decrypted bytes. `announced` is whether `request`, the bytes
/// as they came, has the member `Usher`.
///
/// # Errors
/// If what was sent and what came are not the same.
pub fn judge_challenge(
    keys: &SessionKeys,
    challenge: &[u8],
    request: &[u8],
    announced: bool,
) -> Result<Peer, ChallengeError> {
    let key = signing_key(keys);
    let is_signed = challenge
        .split_first_chunk::<MARKED>()
        .filter(|(marked, _)| is_marked(&key, marked))
        .map(|(marked, tag)| hmac::verify(&key, &signed(marked, request), tag).is_ok());
    match (is_signed, announced) {
        (Some(true), true) => Ok(Peer::Usher),
        (None, false) => Ok(Peer::Aws),
        (Some(_), _) => Err(ChallengeError::Changed),
        (None, true) => Err(ChallengeError::Unsigned),
    }
}

/// Whether the client sent back what the agent asked; both are decrypted bytes.
pub fn answer_matches(challenge: &[u8], answer: &[u8]) -> bool {
    !challenge.is_empty() && verify_slices_are_equal(challenge, answer).is_ok()
}

fn signing_key(keys: &SessionKeys) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, keys.signing_key())
}

fn mark(key: &hmac::Key, random: &[u8]) -> [u8; RANDOM_LEN] {
    let tag = hmac::sign(key, &[MARK, random].concat());
    let mut mark = [0; RANDOM_LEN];
    mark.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    mark
}

fn is_marked(key: &hmac::Key, marked: &[u8; MARKED]) -> bool {
    let (random, found) = marked.split_at(RANDOM_LEN);
    verify_slices_are_equal(&mark(key, random), found).is_ok()
}

fn signed(marked: &[u8; MARKED], request: &[u8]) -> Vec<u8> {
    let request = digest::digest(&digest::SHA256, request);
    [SIGNATURE, marked, request.as_ref()].concat()
}
