//! `usher-agent install` and `uninstall`: accounts, directories, PAM's rules and the service file of a node.
//!
//! Owns that nothing that was there before is changed, that what is made is written down first, and that `uninstall`
//! removes what stands there and is still as it was made; registration and key stay.

mod keeper;
mod plan;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError, STATE_DIR};
use crate::host_accounts;
use crate::registration::{make_directory, replace};
use plan::{Machine, PamStack, ServiceKeeper, Step, steps};

/// In the state directory: a line for each thing that was made.
const MADE: &str = "installed";

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("only root can install or uninstall the agent; `--dry-run` shows what would be done")]
    NotRoot,
    #[error("{step}: {cause}")]
    Step { step: String, cause: io::Error },
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The command `install`; what was made, or would be, goes to standard output.
pub(crate) fn install(config: &Path, dry_run: bool) -> Result<(), InstallError> {
    let machine = this_machine(config)?;
    let missing: Vec<Step> = steps(&machine)
        .into_iter()
        .filter(|step| !is_there(step))
        .collect();
    if dry_run {
        return Ok(show_whole(&missing)?);
    }
    as_root()?;
    // The directory that holds the list is the first to be made, so that nothing is made unlisted.
    make_directory(&machine.state_dir, 0o755)?;
    let list = machine.state_dir.join(MADE);
    for step in &missing {
        let mut made = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&list)?;
        writeln!(made, "{step}")?;
        made.sync_all()?;
        make(step).map_err(|cause| failed(step, cause))?;
    }
    show(&missing)?;
    keeper::files_changed(machine.keeper);
    Ok(())
}

/// The command `uninstall`; what was removed, or would be, goes to standard output.
pub(crate) fn uninstall(config: &Path, dry_run: bool) -> Result<(), InstallError> {
    let machine = this_machine(config)?;
    let list = machine.state_dir.join(MADE);
    let made = match fs::read_to_string(&list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let listed = |step: &Step| made.lines().any(|line| line == step.to_string());
    let mut ours: Vec<Step> = steps(&machine).into_iter().filter(listed).collect();
    ours.reverse();
    if dry_run {
        return Ok(show(&ours)?);
    }
    as_root()?;
    keeper::stop(machine.keeper);
    let mut kept = Vec::new();
    for step in &ours {
        match remove(step).map_err(|cause| failed(step, cause))? {
            true => {}
            false => kept.push(step.clone()),
        }
    }
    for step in &kept {
        tracing::warn!("{step} is not as it was made, so it stays");
    }
    ours.retain(|step| !kept.contains(step));
    show(&ours)?;
    match fs::remove_file(&list) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    // Only where nothing else is in them: a registration is no work of ours.
    for directory in [Some(machine.state_dir.as_path()), machine.config.parent()] {
        let _ = directory.map(fs::remove_dir);
    }
    keeper::files_changed(machine.keeper);
    Ok(())
}

fn this_machine(config: &Path) -> Result<Machine, InstallError> {
    let state_dir = if config.exists() {
        Config::load(config)?.state_dir
    } else {
        PathBuf::from(STATE_DIR)
    };
    let keeper = if cfg!(target_os = "macos") {
        ServiceKeeper::Launchd
    } else if Path::new("/etc/systemd/system").is_dir() {
        ServiceKeeper::Systemd
    } else {
        ServiceKeeper::None
    };
    let has = |file: &str| Path::new("/etc/pam.d").join(file).exists();
    let stack = if cfg!(target_os = "macos") {
        PamStack::MacOs
    } else if has("common-account") && has("common-session") {
        PamStack::Debian
    } else if has("system-auth") {
        PamStack::SystemAuth
    } else {
        PamStack::None
    };
    Ok(Machine {
        keeper,
        stack,
        program: std::env::current_exe()?,
        config: config.to_owned(),
        state_dir,
    })
}

fn as_root() -> Result<(), InstallError> {
    if usher_sys::running_as_root() {
        Ok(())
    } else {
        Err(InstallError::NotRoot)
    }
}

fn failed(step: &Step, cause: io::Error) -> InstallError {
    let step = step.to_string();
    InstallError::Step { step, cause }
}

fn is_there(step: &Step) -> bool {
    match step {
        Step::Account(name) => host_accounts::has_local(name),
        Step::Directory(path, _) | Step::File(path, _) => path.symlink_metadata().is_ok(),
    }
}

fn make(step: &Step) -> io::Result<()> {
    match step {
        Step::Account(name) => host_accounts::add_service(name).map_err(io::Error::other),
        Step::Directory(path, mode) => make_directory(path, *mode),
        Step::File(path, text) => replace(path, text.as_bytes(), 0o644),
    }
}

/// Whether it is gone; what somebody changed stays. Directories go when they are empty, at the end.
fn remove(step: &Step) -> io::Result<bool> {
    match step {
        Step::Account(name) if host_accounts::has_local(name) => {
            host_accounts::remove_service(name).map_err(io::Error::other)?;
            Ok(true)
        }
        Step::Account(_) | Step::Directory(..) => Ok(true),
        Step::File(path, text) => match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Ok(found) if found == *text => fs::remove_file(path).map(|()| true),
            Ok(_) => Ok(false),
            Err(error) => Err(error),
        },
    }
}

/// With the text of each file below its name.
fn show_whole(steps: &[Step]) -> io::Result<()> {
    let mut out = io::stdout();
    for step in steps {
        writeln!(out, "{step}")?;
        if let Step::File(_, text) = step {
            for line in text.lines() {
                writeln!(out, "    {line}")?;
            }
        }
    }
    Ok(())
}

fn show(steps: &[Step]) -> io::Result<()> {
    let mut out = io::stdout();
    for step in steps {
        writeln!(out, "{step}")?;
    }
    Ok(())
}
