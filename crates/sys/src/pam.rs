//! A login session as PAM opens it: account, credentials, session; later its end.
//!
//! Owns that an opened session is closed exactly once by the process that opened it, whatever happens in between.
//! Modules run code of the administrator's choice in this process and may take for ever: the caller sets a deadline.

mod conversation;
mod library;

use std::ffi::{CStr, c_int};
use std::ptr;

use crate::account::Account;
use conversation::Said;
use library::{DELETE_CRED, ESTABLISH_CRED, Handle, Library, SUCCESS, TTY};

/// The part of PAM that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PamStep {
    /// Reading the service's rules.
    Start,
    /// Whether the account may be used now.
    Account,
    /// The account's credentials.
    Credentials,
    /// Opening the session.
    OpenSession,
    /// Closing the session.
    CloseSession,
}

impl std::fmt::Display for PamStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Account => "account",
            Self::Credentials => "setcred",
            Self::OpenSession => "open_session",
            Self::CloseSession => "close_session",
        })
    }
}

/// Why PAM opened no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PamError {
    /// There is no libpam on this machine.
    #[error("libpam cannot be loaded")]
    NoLibrary,
    /// A module said no, in its own words.
    #[error("PAM says in its {step} step: {reason}")]
    Refused {
        /// Which step it was.
        step: PamStep,
        /// `pam_strerror`'s words and what modules said beside them, in one line.
        reason: String,
    },
}

/// An open session of PAM.
pub struct PamSession {
    library: Library,
    handle: *mut Handle,
    said: Box<Said>,
    established: bool,
    open: bool,
    last: c_int,
}

impl std::fmt::Debug for PamSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PamSession")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl PamSession {
    /// Asks PAM's service `service` for a session of `account`: account, credentials, session, in this order. `terminal`
    /// is what its rules know the origin by. It changes this process: limits, keyring, cgroup, as modules like.
    ///
    /// # Errors
    /// [`PamError::NoLibrary`], or the step that refused; what was done until then is undone.
    pub fn open(service: &CStr, account: &Account, terminal: &CStr) -> Result<Self, PamError> {
        let library = Library::load().ok_or(PamError::NoLibrary)?;
        let said = Box::<Said>::default();
        let conversation = said.conversation();
        let mut handle: *mut Handle = ptr::null_mut();
        // SAFETY: both names are NUL-terminated, the conversation is copied by the call and points at `said`, which
        // lives in a box as long as the handle.
        let started = unsafe {
            (library.start)(
                service.as_ptr(),
                account.c_name().as_ptr(),
                &raw const conversation,
                &raw mut handle,
            )
        };
        let mut session = Self {
            library,
            handle,
            said,
            established: false,
            open: false,
            last: started,
        };
        if started != SUCCESS || session.handle.is_null() {
            return Err(session.refused(PamStep::Start));
        }
        // SAFETY: the handle is started; PAM copies the NUL-terminated item.
        session.last =
            unsafe { (session.library.set_item)(session.handle, TTY, terminal.as_ptr().cast()) };
        session.judged(PamStep::Start)?;
        // SAFETY: the handle is started; the flags are none.
        session.last = unsafe { (session.library.account)(session.handle, 0) };
        session.judged(PamStep::Account)?;
        // SAFETY: the handle is started.
        session.last = unsafe { (session.library.credentials)(session.handle, ESTABLISH_CRED) };
        session.judged(PamStep::Credentials)?;
        session.established = true;
        // SAFETY: the handle is started; the flags are none.
        session.last = unsafe { (session.library.open_session)(session.handle, 0) };
        session.judged(PamStep::OpenSession)?;
        session.open = true;
        Ok(session)
    }

    /// The variables that modules set; those that are no text are left out.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        // SAFETY: the handle is started. The result is null or a list ended by null.
        let list = unsafe { (self.library.environment)(self.handle) };
        if list.is_null() {
            return entries;
        }
        let mut at = list;
        // SAFETY: `at` stays within the list, whose last element is null.
        while let Some(entry) = unsafe { ptr::NonNull::new(*at) } {
            // SAFETY: each entry is a NUL-terminated string.
            let text = unsafe { CStr::from_ptr(entry.as_ptr()) };
            if let Some((name, value)) = text.to_str().ok().and_then(|text| text.split_once('=')) {
                entries.push((name.to_owned(), value.to_owned()));
            }
            // SAFETY: allocated by malloc for the caller, and read above.
            unsafe { libc::free(entry.as_ptr().cast()) };
            // SAFETY: the null at the end has not been reached.
            at = unsafe { at.add(1) };
        }
        // SAFETY: the list itself was allocated by malloc for the caller.
        unsafe { libc::free(list.cast()) };
        entries
    }

    /// What modules had to tell the person, lines that end in a line feed; empty if nothing.
    pub fn notices(&self) -> String {
        self.said.take_notices()
    }

    /// Closes the session and deletes its credentials.
    ///
    /// # Errors
    /// [`PamError::Refused`] when a module failed; the session counts as closed all the same.
    pub fn close(mut self) -> Result<(), PamError> {
        self.leave()
    }

    fn leave(&mut self) -> Result<(), PamError> {
        let mut closed = Ok(());
        if std::mem::take(&mut self.open) {
            // SAFETY: the handle is started and its session open.
            self.last = unsafe { (self.library.close_session)(self.handle, 0) };
            closed = self.judged(PamStep::CloseSession);
        }
        if std::mem::take(&mut self.established) {
            // SAFETY: the handle is started.
            self.last = unsafe { (self.library.credentials)(self.handle, DELETE_CRED) };
            closed = closed.and(self.judged(PamStep::Credentials));
        }
        closed
    }

    fn judged(&self, step: PamStep) -> Result<(), PamError> {
        if self.last == SUCCESS {
            Ok(())
        } else {
            Err(self.refused(step))
        }
    }

    fn refused(&self, step: PamStep) -> PamError {
        // SAFETY: pam_strerror takes any handle and any number, and answers static text or null.
        let words = unsafe { (self.library.words)(self.handle, self.last) };
        let words = if words.is_null() {
            "no reason".to_owned()
        } else {
            // SAFETY: the text is NUL-terminated.
            unsafe { CStr::from_ptr(words) }
                .to_string_lossy()
                .into_owned()
        };
        let mut reason = words;
        let errors = self.said.take_errors();
        if !errors.is_empty() {
            reason = format!("{reason} ({errors})");
        }
        if self.said.was_asked() {
            reason.push_str("; a module asked a question that nobody is there to answer");
        }
        PamError::Refused { step, reason }
    }
}

impl Drop for PamSession {
    fn drop(&mut self) {
        let _ = self.leave();
        if !self.handle.is_null() {
            // SAFETY: the handle is started and is not used afterwards.
            unsafe { (self.library.end)(self.handle, self.last) };
        }
    }
}

/// Whether PAM has rules of its own for `service`: without them it would apply those of `other`.
pub fn pam_knows(service: &CStr) -> bool {
    let Ok(service) = service.to_str() else {
        return false;
    };
    ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"]
        .iter()
        .any(|directory| std::path::Path::new(directory).join(service).is_file())
}
