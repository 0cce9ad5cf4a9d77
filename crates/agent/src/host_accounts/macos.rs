//! Accounts by dscl(1), sysadminctl(8) and createhomedir(8). What they are told is decided in `directory`.

use std::path::Path;

use super::directory::{self, Step};
use crate::system_program::{CREATEHOMEDIR, Complaint, DSCL, SYSADMINCTL, output, run};

/// Where people's homes are.
pub(crate) const HOMES: &str = "/Users";

/// Lists the users of this machine with their uids.
const USERS: [&str; 4] = [".", "-list", "/Users", "UniqueID"];

/// Lists the groups of this machine with their gids.
const GROUPS: [&str; 4] = [".", "-list", "/Groups", "PrimaryGroupID"];

/// Whether the machine itself, not a directory somewhere, has the account.
pub(crate) fn has_local(name: &str) -> bool {
    list(USERS).is_ok_and(|users| directory::names(&users).any(|user| user == name))
}

/// Makes an account without a home, a password or a shell, with a group of its own.
pub(crate) fn add_service(name: &str) -> Result<(), Complaint> {
    let (users, groups) = (list(USERS)?, list(GROUPS)?);
    let id = directory::free_service_id(&users, &groups)
        .ok_or_else(|| Complaint::of("no id for another service account is free".to_owned()))?;
    let made = all(&directory::new_service(name, id));
    if made.is_err() {
        // Half a record is none: what could be made of it goes, and the error tells why.
        let _ = remove_service(name);
    }
    made
}

/// Removes what [`add_service`] made.
pub(crate) fn remove_service(name: &str) -> Result<(), Complaint> {
    all(&directory::gone_service(name))
}

/// Makes an account with a home, hidden from the login window, that no password opens.
pub(crate) fn add_person(name: &str, home: &Path, shell: &str) -> Result<(), Complaint> {
    let made = all(&directory::new_person(name, &home.to_string_lossy(), shell)).and_then(|()| {
        // It answers success for what it did not do as well.
        has_local(name)
            .then_some(())
            .ok_or_else(|| silent("made no account"))
    });
    if made.is_err() && has_local(name) {
        // It would be one with an empty password.
        let _ = remove_person(name, false);
    }
    made
}

/// Removes it, if it is there.
pub(crate) fn remove_person(name: &str, with_home: bool) -> Result<(), Complaint> {
    if !has_local(name) {
        return Ok(());
    }
    all(&[directory::gone_person(name, with_home)])?;
    if has_local(name) {
        return Err(silent("left the account there"));
    }
    Ok(())
}

fn silent(what: &str) -> Complaint {
    Complaint::of(format!("{SYSADMINCTL} {what} and did not say why"))
}

fn list(what: [&str; 4]) -> Result<String, Complaint> {
    output(DSCL, &what)
}

fn all(steps: &[Step]) -> Result<(), Complaint> {
    steps.iter().try_for_each(|step| {
        let (program, arguments) = match step {
            Step::Dscl(arguments) => (DSCL, arguments),
            Step::Sysadminctl(arguments) => (SYSADMINCTL, arguments),
            Step::CreateHome(arguments) => (CREATEHOMEDIR, arguments),
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(program, &arguments)
    })
}
