//! What a login and a worker really are, asked of the kernel as root with throwaway users.
//! Run as root: `cargo test -p usher-sys --test privileged`; otherwise each test says that it skips.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod account;
mod command;
mod confinement;
mod descriptors;
mod login;
mod neighbours;
mod terminal;
mod throwaway;
mod worker;
