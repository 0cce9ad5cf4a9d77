//! What a process that reads from the network gives up before it reads: files, programs, other processes, and every
//! connection but to the ports it needs. Landlock and seccomp, both for the rest of its life, its threads included.
//!
//! Owns that a step that the kernel cannot take is reported and not passed over silently. Call everything here while the
//! process has one thread.

#[cfg(target_os = "linux")]
mod system_calls;

use std::path::Path;

/// How much of a confinement the kernel could enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confined {
    /// All of it.
    Fully,
    /// What this kernel knows of it: older ones lack the rules for connections and signals.
    Partly,
    /// Nothing.
    NotAtAll,
}

/// Leaves this process no file to open but for reading below `readable`, no program to execute, and no signal for
/// processes that are not confined with it, nor a connection to their abstract sockets. What does not exist in `readable` is passed over.
#[cfg(target_os = "linux")]
pub fn confine_files<P: AsRef<Path>>(readable: &[P]) -> Confined {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
        Scope, path_beneath_rules,
    };

    let confine = || -> Result<_, RulesetError> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::BindTcp)?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(path_beneath_rules(readable, read))?
            .restrict_self()
    };
    const NEWEST: ABI = ABI::V6;
    judged(confine())
}

/// Leaves this process no TCP connection to make but to these ports.
#[cfg(target_os = "linux")]
pub fn confine_connections(ports: &[u16]) -> Confined {
    use landlock::{AccessNet, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError};

    let confine = || -> Result<_, RulesetError> {
        let rules = ports
            .iter()
            .map(|port| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::ConnectTcp)));
        Ruleset::default()
            .handle_access(AccessNet::ConnectTcp)?
            .create()?
            .add_rules(rules)?
            .restrict_self()
    };
    judged(confine())
}

#[cfg(target_os = "linux")]
fn judged(confined: Result<landlock::RestrictionStatus, landlock::RulesetError>) -> Confined {
    use landlock::RulesetStatus;
    match confined.map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Confined::Fully,
        Ok(RulesetStatus::PartiallyEnforced) => Confined::Partly,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Confined::NotAtAll,
    }
}

/// Leaves this process the system calls of a network worker: files that are open, sockets, memory and threads; no new
/// program or process, no other process to trace, signal or read. All others answer `EPERM`.
#[cfg(target_os = "linux")]
pub fn confine_system_calls() -> Confined {
    match system_calls::confine() {
        Ok(()) => Confined::Fully,
        Err(_) => Confined::NotAtAll,
    }
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn confine_files<P: AsRef<Path>>(_readable: &[P]) -> Confined {
    Confined::NotAtAll
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn confine_connections(_ports: &[u16]) -> Confined {
    Confined::NotAtAll
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn confine_system_calls() -> Confined {
    Confined::NotAtAll
}
