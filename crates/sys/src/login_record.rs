//! The entry of a login in utmp and wtmp, which who(1), w(1) and last(1) read.
//!
//! Owns that an entry is made only where these files are kept: systems give them up, and a file that nobody rotates
//! must not come into being through us.

use std::ffi::c_char;
use std::io;

use crate::account::Account;
use crate::pty::Pty;

/// An entry that says somebody is logged in; its end is another one.
#[derive(Debug)]
pub struct LoginRecord {
    entry: Entry,
}

#[cfg(any(target_os = "macos", target_env = "gnu"))]
type Entry = libc::utmpx;

impl LoginRecord {
    /// Writes that `account` is logged in on `pty` through this process, from `origin` (as last(1) shows it).
    ///
    /// # Errors
    /// Whatever the system answers to the question for the terminal's name.
    pub fn enter(account: &Account, pty: &Pty, origin: &str) -> io::Result<Self> {
        let line = pty.line()?;
        // SAFETY: utmpx holds integers and arrays of them only, for which zero is a value.
        let mut entry: Entry = unsafe { std::mem::zeroed() };
        entry.ut_type = libc::USER_PROCESS;
        entry.ut_pid = nix::unistd::getpid().as_raw();
        fill(&mut entry.ut_line, &line);
        let from = line.len().saturating_sub(entry.ut_id.len());
        fill(&mut entry.ut_id, line.get(from..).unwrap_or(&line));
        fill(&mut entry.ut_user, account.name());
        fill(&mut entry.ut_host, origin);
        let record = Self { entry };
        record.write();
        Ok(record)
    }

    /// Writes that it is over.
    pub fn leave(mut self) {
        self.entry.ut_type = libc::DEAD_PROCESS;
        fill(&mut self.entry.ut_user, "");
        fill(&mut self.entry.ut_host, "");
        self.write();
    }

    fn write(&self) {
        let mut entry = self.entry;
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        // The fields are 32 bits wide on most systems, which ends in 2106 where they are unsigned.
        entry.ut_tv.tv_sec = now.as_secs() as _;
        entry.ut_tv.tv_usec = now.subsec_micros() as _;
        put(&entry);
    }
}

#[cfg(target_os = "macos")]
fn put(entry: &Entry) {
    // SAFETY: the entry is whole; the call keeps wtmp by itself there.
    unsafe { libc::pututxline(entry) };
}

#[cfg(not(target_os = "macos"))]
fn put(entry: &Entry) {
    use std::path::Path;

    const WTMP: &std::ffi::CStr = c"/var/log/wtmp";

    unsafe extern "C" {
        /// glibc's utmpx.h; the libc crate does not declare it.
        fn updwtmpx(file: *const c_char, entry: *const Entry);
    }
    if Path::new("/run/utmp").exists() || Path::new("/var/run/utmp").exists() {
        // SAFETY: sets the file's position back; takes nothing.
        unsafe { libc::setutxent() };
        // SAFETY: the entry is whole; the static it returns is not used. This process has one thread.
        unsafe { libc::pututxline(entry) };
        // SAFETY: closes the file; takes nothing.
        unsafe { libc::endutxent() };
    }
    if Path::new("/var/log/wtmp").exists() {
        // SAFETY: the name is NUL-terminated and the entry whole.
        unsafe { updwtmpx(WTMP.as_ptr(), entry) };
    }
}

/// Copies what fits; the rest of the field is zero.
fn fill(field: &mut [c_char], text: &str) {
    field.fill(0);
    for (place, byte) in field.iter_mut().zip(text.bytes()) {
        *place = byte as c_char;
    }
}
