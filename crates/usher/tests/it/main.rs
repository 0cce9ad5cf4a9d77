//! The real program against a small gateway of the test's own, over real sockets and on a real terminal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as the test does, by panicking"
)]

mod api;
mod dev;
mod gateway;
mod on_terminal;
mod own_client;
mod piped;
mod plugin_words;
mod program;
mod reconnect;
mod server;
mod session_end;
mod terminal;
