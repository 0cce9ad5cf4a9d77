//! Between the upgrade and the open message: the peer is nobody yet, so everything is bounded.
//!
//! Each address may have so many connections in this state, each of them has little time and few bytes. Pings may come
//! before the text: AWS's plugin sends one at once (traces.md section 7).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::limits::{OPEN_BYTES, OPEN_WITHIN, OPENING_PER_ADDRESS};
use super::socket::{Inbound, Received};

/// Counts the connections of each address that have not opened yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Openings(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place in the count; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Opening {
    openings: Openings,
    address: IpAddr,
}

impl Openings {
    /// A place for one more connection of `address`, unless it has too many.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Opening> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= OPENING_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Opening {
            openings: self.clone(),
            address,
        })
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut counts = self
            .openings
            .0
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

/// Why there is no open message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    /// The peer left, or sent nothing in time.
    #[error("no open message came")]
    NothingCame,
    /// Longer than an open message can be.
    #[error("the open message is too long")]
    TooLong,
    /// A frame, or text that is not the message.
    #[error("the first message is no open message")]
    NotAnOpenMessage,
}

/// Reads the open message, which is the first that is no ping.
pub(crate) async fn open_message<T: DeserializeOwned>(
    inbound: &mut Inbound,
) -> Result<T, OpenError> {
    let first = timeout(OPEN_WITHIN, inbound.next()).await;
    let Ok(Ok(first)) = first else {
        return Err(OpenError::NothingCame);
    };
    match first {
        Received::Text(text) if text.len() > OPEN_BYTES => Err(OpenError::TooLong),
        Received::Text(text) => {
            serde_json::from_str(&text).map_err(|_| OpenError::NotAnOpenMessage)
        }
        Received::Binary(_) => Err(OpenError::NotAnOpenMessage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_too_many_openings_waits_and_others_do_not() {
        let openings = Openings::default();
        let (crowded, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut held: Vec<_> = (0..OPENING_PER_ADDRESS)
            .filter_map(|_| openings.admit(crowded))
            .collect();
        assert_eq!(held.len(), OPENING_PER_ADDRESS);
        assert!(openings.admit(crowded).is_none());
        assert!(openings.admit(other).is_some());
        held.pop();
        assert!(openings.admit(crowded).is_some());
        drop(held);
        assert!(
            openings.0.lock().unwrap().is_empty(),
            "an address is forgotten with its last connection"
        );
    }
}
