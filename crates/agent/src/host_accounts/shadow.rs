//! Accounts by useradd(8) and userdel(8).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::system_program::{Complaint, USERADD, USERDEL, run};

/// Where people's homes are.
pub(crate) const HOMES: &str = "/home";

/// userdel(8): the account does not exist, which is what we want.
const NO_SUCH_USER: i32 = 6;

/// useradd(8): the account is made, its home could not be. userdel(8): the home directory could not be removed; it says so
/// too when only the mail spool is missing.
const NO_HOME: i32 = 12;

/// Whether the machine itself, not a directory somewhere, has the account.
pub(crate) fn has_local(name: &str) -> bool {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd
        .lines()
        .any(|line| line.split(':').next() == Some(name))
}

/// Makes an account without a home, a password or a shell, with a group of its own.
pub(crate) fn add_service(name: &str) -> Result<(), Complaint> {
    let options = [
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/",
    ];
    let shell = ["--shell", "/usr/sbin/nologin", name];
    run(USERADD, &[options.as_slice(), &shell].concat())
}

/// Removes what [`add_service`] made.
pub(crate) fn remove_service(name: &str) -> Result<(), Complaint> {
    run(USERDEL, &[name])
}

/// Makes an account with a home and without a password, or neither: an account alone would be taken for one that an
/// administrator made, and be served without a home and without a rule for good.
pub(crate) fn add_person(name: &str, home: &Path, shell: &str) -> Result<(), Complaint> {
    let home = home.to_string_lossy();
    let made = run(USERADD, &["-m", "-d", &home, "-s", shell, name]);
    if let Err(complaint) = &made
        && complaint.code == Some(NO_HOME)
        && let Err(error) = run(USERDEL, &[name])
    {
        tracing::error!("{name} without a home was left behind: {error}");
    }
    made
}

/// Removes it, if it is there. Forced: of what was just killed, something may still wait for its parent to take note.
pub(crate) fn remove_person(name: &str, with_home: bool) -> Result<(), Complaint> {
    let mut arguments = vec!["-f"];
    arguments.extend(with_home.then_some("-r"));
    arguments.push(name);
    let ended = Command::new(USERDEL)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| Complaint::of(format!("{USERDEL}: {error}")))?;
    match ended.code() {
        Some(0 | NO_SUCH_USER | NO_HOME) => Ok(()),
        _ => Err(Complaint::of(format!("{USERDEL}: {ended}"))),
    }
}
