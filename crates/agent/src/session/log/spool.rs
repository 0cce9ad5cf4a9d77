//! What one sink of a log has not taken yet, in bounded memory.
//!
//! Owns one rule: while the sink takes what it gets, a full spool holds the program back; while it does not, the spool
//! keeps what it has and counts what it has no room for, and the log says how much is missing. Nothing else is lost.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use usher_wire::session_log::gap;

/// Bytes that wait for a sink; the last output may pass it.
const MOST: usize = 4 * 1024 * 1024;

/// A part of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// When the last of it was shown, in milliseconds since the epoch.
    pub(super) at: u64,
    pub(super) text: Bytes,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

#[derive(Debug, Default)]
pub(super) struct Spool {
    state: Mutex<State>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct State {
    text: BytesMut,
    at: u64,
    /// Bytes there was no room for since.
    missing: u64,
    is_failing: bool,
    is_closed: bool,
    is_over: bool,
}

impl Spool {
    /// Keeps what was shown at that time, in milliseconds since the epoch.
    pub(super) fn take(&self, at: u64, bytes: &[u8]) {
        let mut state = self.lock();
        state.at = at;
        if state.is_failing && state.text.len() >= MOST {
            let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            state.missing = state.missing.saturating_add(more);
            return;
        }
        state.say_what_is_missing();
        state.text.extend_from_slice(bytes);
        drop(state);
        self.filled.notify_one();
    }

    /// Whether the program may say more.
    pub(super) fn has_room(&self) -> bool {
        let state = self.lock();
        state.is_failing || state.text.len() < MOST
    }

    /// Waits until it may. For one waiter; may be dropped at any time.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.emptied.notified().await;
        }
    }

    /// Says whether the sink takes nothing at present.
    pub(super) fn set_failing(&self, is_failing: bool) {
        self.lock().is_failing = is_failing;
        self.emptied.notify_one();
    }

    /// Nothing more will be shown.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.say_what_is_missing();
        state.is_closed = true;
        drop(state);
        self.filled.notify_one();
    }

    /// The next piece of at most `most` bytes, `within` so long after its first byte; none after the last. For one waiter;
    /// may be dropped at any time.
    pub(super) async fn next(&self, most: usize, within: Duration) -> Option<Piece> {
        self.until(|state| !state.text.is_empty() || state.is_closed)
            .await;
        let is_enough = |state: &State| state.text.len() >= most || state.is_closed;
        // That the time is over is as good as that there is enough.
        let _ = timeout_at(Instant::now() + within, self.until(is_enough)).await;
        let mut state = self.lock();
        if state.is_over {
            return None;
        }
        let count = state.text.len().min(most);
        let text = state.text.split_to(count).freeze();
        state.is_over = state.is_closed && state.text.is_empty();
        let piece = Piece {
            at: state.at,
            text,
            is_last: state.is_over,
        };
        drop(state);
        self.emptied.notify_one();
        Some(piece)
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        while !is_so(&self.lock()) {
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn say_what_is_missing(&mut self) {
        if self.missing > 0 {
            let words = gap(std::mem::take(&mut self.missing));
            self.text.extend_from_slice(words.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test]
    async fn a_full_spool_holds_the_program_back_unless_its_sink_fails() {
        let spool = Spool::default();
        spool.take(1, &vec![b'x'; MOST]);
        assert!(!spool.has_room());
        spool.set_failing(true);
        assert!(spool.has_room());
        spool.take(2, b"lost");
        spool.take(3, b" too");
        spool.set_failing(false);
        assert!(!spool.has_room());
        let piece = spool.next(MOST, AT_ONCE).await.unwrap();
        assert_eq!((piece.text.len(), piece.is_last), (MOST, false));
        spool.room().await;
        spool.take(4, b"after");
        let piece = spool.next(MOST, AT_ONCE).await.unwrap();
        let text = String::from_utf8(piece.text.to_vec()).unwrap();
        assert!(
            text.contains("8 bytes are missing") && text.ends_with("after"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn what_is_missing_at_the_end_is_said_and_the_last_piece_says_that_it_is() {
        let spool = Spool::default();
        spool.take(1, &vec![b'x'; MOST]);
        spool.set_failing(true);
        spool.take(2, b"lost");
        spool.close();
        let piece = spool.next(MOST, AT_ONCE).await.unwrap();
        assert!(!piece.is_last);
        let piece = spool.next(MOST, AT_ONCE).await.unwrap();
        assert!(piece.is_last && piece.text.starts_with(b"\n[4 bytes"));
        assert_eq!(spool.next(MOST, AT_ONCE).await, None);
    }

    #[tokio::test]
    async fn a_log_of_nothing_has_a_last_piece_all_the_same() {
        let spool = Spool::default();
        spool.close();
        let piece = spool.next(1, Duration::from_secs(60)).await.unwrap();
        assert_eq!((piece.text.len(), piece.is_last), (0, true));
        assert_eq!(spool.next(1, AT_ONCE).await, None);
    }

    #[tokio::test]
    async fn a_piece_comes_when_it_is_full_or_when_its_time_is_over() {
        let spool = Spool::default();
        spool.take(7, b"abc");
        let piece = spool.next(2, Duration::from_secs(3600)).await.unwrap();
        assert_eq!((&piece.text[..], piece.at), (&b"ab"[..], 7));
        let piece = spool.next(2, Duration::from_millis(1)).await.unwrap();
        assert_eq!(&piece.text[..], b"c");
    }
}
