//! What full-screen programs show over a session is what they show on a local terminal.
//!
//! Every program runs twice with the same keys: in a session and on a pseudo-terminal of this machine, as the same OS
//! user with the same environment and size. A terminal emulator judges both, cell by cell, attributes and cursor
//! included.

mod by_chance;
mod paste;
mod programs;
mod recorded;
mod side_by_side;
mod stream;

use crate::harness::skip::Need;

/// What these tests need beside a session.
const PROGRAMS: [Need; 5] = [
    Need::Root,
    Need::Aws,
    Need::Program("vim"),
    Need::Program("less"),
    Need::Program("tmux"),
];
