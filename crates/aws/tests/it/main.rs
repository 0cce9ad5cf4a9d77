//! Outbound calls against real sockets on loopback: what stands on the wire, and what a peer's misbehaviour becomes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as the test does, by panicking"
)]

mod calls;
mod http_peer;
mod sockets;
