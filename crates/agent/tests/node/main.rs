//! The whole agent as its processes really run, against a hand-made service: who a session is, what
//! is refused, and what is left when a process dies.
//! Run as root: `cargo test -p usher-agent --test node`; otherwise each test says that it skips.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod agent;
mod client;
mod compared;
mod deaths;
mod exhaustion;
mod hostile_control;
mod hostile_worker;
mod install;
mod kills;
mod machine;
mod noise;
mod ordinary_user;
mod pam;
mod refusals;
mod service;
mod sessions;
mod ssm_user;
mod survival;
mod throwaway;
