//! The agent of a managed node: it dials the service, and lands people in a shell as the OS user
//! that Run As decided.
//!
//! One binary, several kinds of process, started through its own executable:
//! - `monitor` (the command `run`): root, one thread, starts and ends the others, parses nothing
//!   that came from outside;
//! - `control`: the node's control channel, registration key and health, as a service uid;
//! - `session`: one session's data channel, as another service uid, one process per session;
//! - `login`: one per session, root until its child becomes the user; checks the grant first.
//!
//! A port session's child is a fifth, `dialer`: it is the user and makes connections. A copy's is a sixth, `copy`: it is
//! the user and reads and writes files.
//!
//! Read [`session::worker`] for one session from start to end, and [`login`] for how somebody
//! becomes an OS user. The room knows nothing of IAM, SQL or other nodes, and holds no unsafe code.
#![forbid(unsafe_code)]

mod back_off;
mod cli;
mod config;
mod confinement;
mod control;
mod copy;
mod dialer;
mod host_accounts;
mod identities;
mod install;
mod ipc;
mod journal;
mod login;
mod monitor;
mod port_rules;
mod register;
mod registration;
mod running;
mod service;
mod session;
mod system_program;
mod transport;
mod undo;

pub use cli::main;
