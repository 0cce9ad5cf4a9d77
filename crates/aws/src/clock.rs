//! The wall clock, read only by drivers: the pure rooms take time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch. A clock set before 1970 reads as 1, since the wire refuses 0.
#[must_use]
pub fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(1)
}
