//! Nonces: counted ones for what we send, and which ones a peer has used.
//!
//! AWS's agent and both of Usher's ends count, which takes two numbers to remember. AWS's client draws each at random;
//! those are remembered one by one, as many as a session can have keystrokes.

use std::collections::HashSet;

use aws_lc_rs::aead::NONCE_LEN;

use super::EncryptionError;

/// Random nonces that are remembered for one session; 24 MiB at the most.
const MOST: usize = 1 << 20;
/// Nonces are numbers of 96 bits.
const MASK: u128 = (1 << 96) - 1;

/// The number of a nonce, little endian as AWS's agent counts.
pub(super) fn number(nonce: &[u8; NONCE_LEN]) -> u128 {
    nonce
        .iter()
        .rev()
        .fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

/// The nonce of a number.
pub(super) fn bytes(number: u128) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce
        .iter_mut()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    nonce
}

/// The number after this one.
pub(super) fn after(number: u128) -> u128 {
    number.wrapping_add(1) & MASK
}

/// The nonces that came in one direction.
#[derive(Debug, Default)]
pub(super) struct SeenNonces {
    /// The first of an unbroken run, and how many there are.
    run: Option<(u128, u128)>,
    others: HashSet<u128>,
}

impl SeenNonces {
    /// Takes note of a nonce.
    pub(super) fn admit(&mut self, nonce: &[u8; NONCE_LEN]) -> Result<(), EncryptionError> {
        let number = number(nonce);
        let Some((first, length)) = &mut self.run else {
            self.run = Some((number, 1));
            return Ok(());
        };
        let place = number.wrapping_sub(*first) & MASK;
        if place < *length || self.others.contains(&number) {
            return Err(EncryptionError::Repeated);
        }
        if place == *length {
            *length += 1;
            return Ok(());
        }
        if self.others.len() >= MOST {
            return Err(EncryptionError::TooMany);
        }
        self.others.insert(number);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nonce_is_admitted_twice_however_they_come() {
        let mut seen = SeenNonces::default();
        let mut admit = |number: u128| seen.admit(&bytes(number & MASK));
        for number in [MASK, 0, 1, 7, 3, 2, 9] {
            assert_eq!(admit(number), Ok(()), "{number}");
        }
        for number in [MASK, 0, 1, 7, 3, 2, 9] {
            assert_eq!(admit(number), Err(EncryptionError::Repeated), "{number}");
        }
        // The run reaches what came before it out of turn.
        assert_eq!(admit(4), Ok(()));
        assert_eq!(admit(7), Err(EncryptionError::Repeated));
    }

    #[test]
    fn counted_nonces_take_no_memory_and_random_ones_a_bounded_one() {
        let mut seen = SeenNonces::default();
        for number in 0..10_000 {
            seen.admit(&bytes(number)).unwrap();
        }
        assert!(seen.others.is_empty());
        seen.others.extend((1..).step_by(1_000_003).take(MOST));
        assert_eq!(
            seen.admit(&bytes(2_000_007)),
            Err(EncryptionError::Repeated)
        );
        assert_eq!(seen.admit(&bytes(MASK)), Err(EncryptionError::TooMany));
    }

    #[test]
    fn a_nonce_counts_from_its_first_byte_and_wraps() {
        assert_eq!(number(&bytes(0x0102)), 0x0102);
        assert_eq!(bytes(0x0102)[..2], [2, 1]);
        assert_eq!(after(MASK), 0);
    }
}
