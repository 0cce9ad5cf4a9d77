//! Sockets in a directory whose path may be longer than the path of a socket.
//!
//! A socket's path holds 107 bytes on Linux and 103 on macOS. An open directory shortens any: by its name in `/proc`, or as
//! the working directory of the calling thread alone.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Makes a socket called `name` in `directory` and listens on it.
///
/// # Errors
/// Whatever the system answers, for instance that the name is taken.
pub fn listen_in(directory: &File, name: &str) -> io::Result<UnixListener> {
    within(directory, name, |path| UnixListener::bind(path))
}

/// Connects to the socket called `name` in `directory`.
///
/// # Errors
/// Whatever the system answers, for instance that nobody listens.
pub fn connect_in(directory: &File, name: &str) -> io::Result<UnixStream> {
    within(directory, name, |path| UnixStream::connect(path))
}

/// Calls `open` with a short path of `name` in `directory`.
fn within<T>(
    directory: &File,
    name: &str,
    open: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    #[cfg(target_os = "linux")]
    let opened = open(Path::new(&format!(
        "/proc/self/fd/{}/{name}",
        directory.as_raw_fd()
    )));
    #[cfg(target_os = "macos")]
    let opened = {
        enter(directory.as_raw_fd())?;
        let opened = open(Path::new(name));
        enter(LEAVE)?;
        opened
    };
    opened
}

/// Makes the working directory of this thread that of the process again.
#[cfg(target_os = "macos")]
const LEAVE: libc::c_int = -1;

/// Makes an open directory the working directory of this thread alone.
#[cfg(target_os = "macos")]
fn enter(directory: libc::c_int) -> io::Result<()> {
    unsafe extern "C" {
        /// `pthread/spawn.h`; the libc crate does not declare it.
        fn pthread_fchdir_np(descriptor: libc::c_int) -> libc::c_int;
    }
    // SAFETY: takes an integer; a descriptor that is no directory is a refused call.
    nix::errno::Errno::result(unsafe { pthread_fchdir_np(directory) })?;
    Ok(())
}
