//! The operating system's door: accounts, pseudo-terminals, becoming an OS user, raw terminals,
//! descriptors and processes, for Linux and macOS behind the same functions.
//!
//! All unsafe code of the workspace is here, each block with the reason it is sound. Two invariants
//! are owned here: an [`Account`] exists only if [`Account::lookup`] made it, and no process started
//! through [`Login`], [`Command`] or [`Worker`] keeps an id, a capability or a descriptor it was not given.
//! This room knows nothing of the protocol, of policy, of logging or of tokio.
#![allow(unsafe_code)]

mod account;
mod account_processes;
mod after_fork;
mod cgroup;
mod command;
mod confinement;
mod descriptors;
mod limits;
mod local_accounts;
mod local_socket;
mod login;
mod login_record;
mod pam;
mod process;
#[cfg(target_os = "macos")]
mod process_table;
mod pty;
mod signals;
mod spawn;
mod terminal;
mod worker;

pub use account::{Account, AccountError, own_name};
pub use account_processes::end_processes_of;
pub use after_fork::Stage;
pub use cgroup::Cgroup;
pub use command::Command;
pub use confinement::{Confined, confine_connections, confine_files, confine_system_calls};
pub use descriptors::{
    MAX_DESCRIPTORS, Received, anonymous_file, free_descriptors, open_owned_file, pipe,
    read_anonymous_file, receive, receive_now, send, set_nonblocking, socket_pair, wait_readable,
    wait_ready,
};
pub use limits::Limits;
pub use local_accounts::LocalAccounts;
pub use local_socket::{connect_in, listen_in};
pub use login::{Login, Surroundings};
pub use login_record::LoginRecord;
pub use nix::unistd::{Gid, Pid, Uid};
pub use pam::{PamError, PamSession, PamStep, pam_knows};
pub use process::{
    ExitStatus, Exited, adopt_orphans, deadline, end_with_parent, forbid_tracing, hang_up,
    host_name, kill, kill_children, reap, reset_umask, running_as_root, set_audit_user,
    set_usual_priority, signal_group,
};
pub use pty::{Pty, WindowSize, set_window_size, window_size};
pub use signals::{Signal, SignalPipe};
pub use spawn::SpawnError;
pub use terminal::{RawTerminal, restore_terminal};
pub use worker::{ServiceIds, Worker, own_executable};
