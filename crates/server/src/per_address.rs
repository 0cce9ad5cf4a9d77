//! How many of something each address has at one time.
//!
//! Owns the invariant that the places of one address are no more than was said, and that an address is forgotten with
//! its last place. It knows nothing of what the places are for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The count.
#[derive(Clone, Debug)]
pub(crate) struct PerAddress {
    most: usize,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One place in the count; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Place {
    of: PerAddress,
    address: IpAddr,
}

impl PerAddress {
    /// At most so many for each address.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            counts: Arc::default(),
        }
    }

    /// One more place for `address`, unless it has too many.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place {
            of: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .of
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_too_many_waits_and_others_do_not() {
        let count = PerAddress::new(3);
        let (crowded, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut held: Vec<_> = (0..3).filter_map(|_| count.admit(crowded)).collect();
        assert_eq!(held.len(), 3);
        assert!(count.admit(crowded).is_none());
        assert!(count.admit(other).is_some());
        held.pop();
        assert!(count.admit(crowded).is_some());
        drop(held);
        assert!(
            count.counts.lock().unwrap().is_empty(),
            "an address is forgotten with its last place"
        );
    }
}
