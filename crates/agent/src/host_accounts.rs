//! Making and removing accounts of this machine, by its own programs: the service accounts and ssm-user.
//!
//! Owns that both systems have the same functions: Linux's shadow programs, and macOS's directory service. Who may make
//! what, and that it is written down first, is the caller's.

#[cfg(any(target_os = "macos", test))]
mod directory;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "macos"))]
mod shadow;

#[cfg(target_os = "macos")]
pub(crate) use macos::{HOMES, add_person, add_service, has_local, remove_person, remove_service};
#[cfg(not(target_os = "macos"))]
pub(crate) use shadow::{HOMES, add_person, add_service, has_local, remove_person, remove_service};
