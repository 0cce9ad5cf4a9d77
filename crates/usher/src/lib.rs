//! The program near the person: a session on a managed node, the list of nodes, a whole Usher on one machine, and the
//! server.
//!
//! One binary with two faces, chosen by the name it is started under, as sudo does for sudoedit. Invariants:
//! standard output carries data only (AWS's plugin excepted, whose texts scripts match on), every exit status is
//! decided in `exit.rs`, and the terminal is given back on every way out. It needs no privilege and looks up
//! no accounts. The main path to read is `client.rs`.
#![forbid(unsafe_code)]

mod admin;
mod audit;
mod cli;
mod client;
mod cp;
mod credentials;
mod dev;
mod error;
mod exec;
mod exit;
mod forward;
mod login;
mod node_list;
mod parameters;
mod play;
mod plugin;
mod reach;
mod recording;
mod run_as;
mod server;
mod sessions;
mod sessions_report;
mod sessions_search;
mod sign_in;
mod ssh;
mod start_session;
mod target;
mod text;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the face that the program's name asks for; the value is the process's status.
#[must_use]
pub fn main() -> ExitCode {
    give_the_terminal_back_on_panic();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().map(Path::new).and_then(Path::file_name);
    if name.is_some_and(|name| name == plugin::NAME) {
        plugin::main(arguments.get(1..).unwrap_or_default())
    } else {
        cli::main(arguments)
    }
}

/// Before the message of the panic, so that it can be read.
fn give_the_terminal_back_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usher_sys::restore_terminal();
        report(panic);
    }));
}
