//! Message ids from a seed. They tell messages apart and are no secret, so a small generator is enough.

use uuid::{Builder, Uuid};

/// Draws version-4 shaped UUIDs: the same seed gives the same ids.
#[derive(Debug)]
pub(super) struct MessageIds {
    high: u64,
    low: u64,
}

impl MessageIds {
    pub(super) fn new(seed: [u8; 16]) -> Self {
        let (high, low) = Uuid::from_bytes(seed).as_u64_pair();
        Self { high, low }
    }

    pub(super) fn next(&mut self) -> Uuid {
        let (high, low) = (split_mix(&mut self.high), split_mix(&mut self.low));
        let bytes = Uuid::from_u64_pair(high, low).into_bytes();
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014): every state gives a different output.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat_and_look_like_version_4() {
        let mut ids = MessageIds::new([7; 16]);
        let drawn: HashSet<Uuid> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(drawn.iter().all(|id| id.get_version_num() == 4));
    }
}
