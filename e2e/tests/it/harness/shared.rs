//! Something costly that tests running at the same time share.
//!
//! It lives as long as one of them holds it, so it is dropped, and cleans up after itself, even when a test
//! panics; a plain static would never be dropped.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A place for the one shared value.
pub(crate) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// Nothing made yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The value others hold, or a new one.
    pub(crate) fn hold(&self, make: impl FnOnce() -> T) -> Arc<T> {
        // A maker that panicked left the place empty, which is as good as before it.
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let made = Arc::new(make());
            *place = Arc::downgrade(&made);
            made
        })
    }
}
