//! The data channel seen from outside: two machines, a link that misbehaves, and time that only the tests move.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy's leave for tests does not reach the helper functions of a test binary"
)]

mod acknowledgement;
mod dice;
mod encrypted;
mod end;
mod hostile;
mod notice;
mod opening;
mod peer;
mod pressure;
mod relay;
mod simulation;
mod stream;
mod weather;
mod world;
