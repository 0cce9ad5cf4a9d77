//! What a login that died leaves: the cgroup of its session, written down where only root writes.
//!
//! Owns that no process of a session outlives the death of its login, whichever monitor notices it.

use usher_sys::Cgroup;
use usher_wire::ids::SessionId;

use crate::running::Running;

/// Kills what is left of a session. Without a cgroup there is nothing to find it by but the process tree.
pub(super) fn kill(running: &Running, session: &SessionId) {
    if let Some(cgroup) = cgroup(running, session)
        && let Err(error) = cgroup.kill()
    {
        tracing::error!(%session, "what a dead login left could not be killed: {error}");
    }
}

/// Removes the cgroup of a session whose end is acknowledged; one that processes linger in stays.
pub(super) fn remove(running: &Running, session: &SessionId) {
    if let Some(cgroup) = cgroup(running, session)
        && let Err(error) = cgroup.remove()
    {
        tracing::debug!(%session, "the session's cgroup stays: {error}");
    }
}

fn cgroup(running: &Running, session: &SessionId) -> Option<Cgroup> {
    Cgroup::at(&running.cgroup(session)?)
}
