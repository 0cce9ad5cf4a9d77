//! Names for sessions: the owner's name and 26 letters of chance, as AWS's newer sessions have them.

use aws_lc_rs::rand;
use usher_wire::ids::SessionId;

use crate::error::ApiError;

const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const SUFFIX: usize = 26;

/// The largest multiple of 36 in a byte: from here on a byte would make some letters likelier.
const FAIR: u8 = 252;

/// A new id for a session of `owner`, an IAM user's name or a role session's.
pub(in crate::api::ssm) fn fresh(owner: &str) -> Result<SessionId, ApiError> {
    let mut id = format!("{owner}-");
    let length = id.len() + SUFFIX;
    let mut bytes = [0u8; 2 * SUFFIX];
    while id.len() < length {
        rand::fill(&mut bytes).map_err(|_| ApiError::internal("no random bytes"))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        id.extend(
            letters
                .take(length - id.len())
                .map(|letter| char::from(*letter)),
        );
    }
    SessionId::parse(&id).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_whose_name_is_no_part_of_an_id_gets_none() {
        assert!(fresh("a/b").is_err());
        assert!(fresh(&"x".repeat(70)).is_err());
    }

    #[test]
    fn the_longest_user_name_fits() {
        let id = fresh(&"x".repeat(64)).unwrap();
        let suffix = id.as_str().rsplit('-').next().unwrap();
        assert_eq!(suffix.len(), SUFFIX);
        assert!(suffix.bytes().all(|b| LETTERS.contains(&b)));
        assert_ne!(fresh("alice").unwrap(), fresh("alice").unwrap());
    }
}
