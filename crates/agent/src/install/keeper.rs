//! What systemd or launchd is told when its file comes or goes.
//!
//! Enabling and starting is the administrator's word; only `uninstall` stops what it takes away. Sessions go on either
//! way: both files say so.

use std::path::Path;

use super::plan::{LAUNCHD_LABEL, LAUNCHD_PATH, ServiceKeeper, UNIT_PATH};
use crate::system_program::{LAUNCHCTL, SYSTEMCTL, run};

/// Stops the agent. One that was never started is not there to be stopped.
pub(super) fn stop(keeper: ServiceKeeper) {
    let told = match keeper {
        ServiceKeeper::Systemd if Path::new(UNIT_PATH).exists() => {
            run(SYSTEMCTL, &["disable", "--now", "usher-agent.service"])
        }
        ServiceKeeper::Launchd if Path::new(LAUNCHD_PATH).exists() => {
            run(LAUNCHCTL, &["bootout", &format!("system/{LAUNCHD_LABEL}")])
        }
        _ => Ok(()),
    };
    if let Err(words) = told {
        tracing::debug!("the agent was not stopped: {words}");
    }
}

/// A systemd that runs reads its units anew. launchd is told of a file by the administrator, who starts it so.
pub(super) fn files_changed(keeper: ServiceKeeper) {
    if keeper == ServiceKeeper::Systemd
        && Path::new("/run/systemd/system").is_dir()
        && let Err(error) = run(SYSTEMCTL, &["daemon-reload"])
    {
        tracing::warn!("systemd did not read its units anew: {error}");
    }
}
