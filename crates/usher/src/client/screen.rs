//! The person's terminal: its size, its name, and raw mode for as long as the session is open.
//!
//! Raw rather than AWS's cbreak: Enter arrives as carriage return by itself, and line ends of the node's terminal
//! are not rewritten a second time here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags, open};
use rustix::termios::ttyname;
use usher_sys::{RawTerminal, window_size};
use usher_wire::message::{Size, Terminal};

/// What AWS's plugin says where there is no terminal.
const WITHOUT_TERMINAL: Size = Size {
    cols: 300,
    rows: 100,
};

/// The size to tell the node now.
pub(super) fn size() -> Size {
    let found = window_size(io::stdout()).or_else(|_| window_size(io::stdin()));
    match found {
        Ok(size) if size.columns > 0 && size.rows > 0 => Size {
            cols: size.columns,
            rows: size.rows,
        },
        _ => WITHOUT_TERMINAL,
    }
}

/// What our own agent may know before it starts the shell.
pub(super) fn describe() -> Terminal {
    let Size { cols, rows } = size();
    let locale = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| is_locale(name) && !value.is_empty());
    Terminal {
        cols,
        rows,
        term: std::env::var("TERM").unwrap_or_default(),
        locale: locale.collect::<BTreeMap<_, _>>(),
    }
}

fn is_locale(name: &str) -> bool {
    name == "LANG" || name.starts_with("LC_")
}

/// Raw mode, where standard input is a terminal.
pub(super) fn enter_raw_mode() -> io::Result<Option<RawTerminal>> {
    if io::stdin().is_terminal() {
        RawTerminal::enter(io::stdin()).map(Some)
    } else {
        Ok(None)
    }
}

/// The terminal behind `descriptor`, opened once more without blocking, so that one loop can serve it: a key and its
/// echo then wake no thread but ours. Other processes share the descriptor we were given, so it is left as it is.
///
/// None where it is no terminal, or one that may not be opened: after `su` it belongs to somebody else.
pub(super) fn reopened(descriptor: impl AsFd, access: OFlags) -> Option<File> {
    let name = ttyname(descriptor, Vec::new()).ok()?;
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let path = OsStr::from_bytes(name.to_bytes());
    open(path, flags, Mode::empty()).ok().map(File::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_terminal_is_not_opened_again() {
        assert!(reopened(File::open("/dev/null").unwrap(), OFlags::RDONLY).is_none());
    }

    #[test]
    fn only_locale_variables_are_told() {
        assert!(is_locale("LANG") && is_locale("LC_ALL") && is_locale("LC_TIME"));
        assert!(
            !is_locale("LANGUAGE") && !is_locale("PATH") && !is_locale("AWS_SECRET_ACCESS_KEY")
        );
    }
}
