#![forbid(unsafe_code)]
pub mod clock;
pub mod error;
pub mod store;
pub mod vault;
