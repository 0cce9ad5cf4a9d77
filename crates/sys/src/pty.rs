//! Pseudo-terminals that belong to the account they are opened for, and window sizes.
//!
//! Owns that the slave side is the account's (group `tty` where it exists, mode 0620) before anyone
//! can write to it, as login(1) leaves it: programs that re-open their terminal by name depend on it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::{Gid, Group};
use rustix::fs::{Gid as FsGid, Mode, Uid as FsUid, fchmod, fchown};
use rustix::pty::{OpenptFlags, grantpt, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetwinsize, tcsetwinsize};

use crate::account::Account;
use crate::descriptors::close_on_exec;
use crate::process::running_as_root;

#[cfg(target_os = "linux")]
const OPEN_FLAGS: OpenptFlags = OpenptFlags::RDWR
    .union(OpenptFlags::NOCTTY)
    .union(OpenptFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const OPEN_FLAGS: OpenptFlags = OpenptFlags::RDWR.union(OpenptFlags::NOCTTY);

/// A terminal's size in character cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSize {
    /// Width in columns.
    pub columns: u16,
    /// Height in rows.
    pub rows: u16,
}

/// An open pseudo-terminal, both sides.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    slave: OwnedFd,
}

impl Pty {
    /// Opens a pseudo-terminal and, as root, gives its slave side to `account`.
    ///
    /// # Errors
    /// Whatever the system answers, for instance that no terminal is free.
    pub fn open(account: &Account, size: WindowSize) -> io::Result<Self> {
        let master = openpt(OPEN_FLAGS)?;
        close_on_exec(&master)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave = open_slave(&master)?;
        if running_as_root() {
            let group = match Group::from_name("tty") {
                Ok(Some(tty)) => tty.gid,
                Ok(None) | Err(_) => account.gid(),
            };
            give(&slave, account, group)?;
        }
        set_window_size(&slave, size)?;
        Ok(Self { master, slave })
    }

    /// The name of the shell's side below `/dev`, as utmp has it.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn line(&self) -> io::Result<String> {
        let name = rustix::pty::ptsname(&self.master, Vec::new())?;
        let name = name.to_string_lossy();
        Ok(name.strip_prefix("/dev/").unwrap_or(&name).to_owned())
    }

    /// Shows the person `text` before any program of theirs writes. A terminal that is full loses the rest.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub fn show(&self, text: &str) -> io::Result<()> {
        rustix::io::write(&self.slave, text.as_bytes())?;
        Ok(())
    }

    /// The side of the program that drives the terminal.
    pub fn master(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }

    /// Closes our copy of the shell's side, so that the master sees the last program leave.
    pub fn into_master(self) -> OwnedFd {
        self.master
    }

    /// The side of the shell.
    pub fn slave(&self) -> BorrowedFd<'_> {
        self.slave.as_fd()
    }
}

fn give(slave: &OwnedFd, account: &Account, group: Gid) -> io::Result<()> {
    fchown(
        slave,
        Some(FsUid::from_raw(account.uid().as_raw())),
        Some(FsGid::from_raw(group.as_raw())),
    )?;
    fchmod(slave, Mode::RUSR | Mode::WUSR | Mode::WGRP)?;
    Ok(())
}

/// Through the master itself: the name under /dev/pts could mean another instance of devpts.
#[cfg(target_os = "linux")]
fn open_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::pty::ioctl_tiocgptpeer(master, OPEN_FLAGS)?)
}

#[cfg(not(target_os = "linux"))]
fn open_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    use rustix::fs::{OFlags, open};
    let name = rustix::pty::ptsname(master, Vec::new())?;
    Ok(open(
        name,
        OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// Sets the size of the terminal behind `descriptor`; its foreground programs get SIGWINCH.
///
/// # Errors
/// Whatever the system answers, for instance that it is no terminal.
pub fn set_window_size(descriptor: impl AsFd, size: WindowSize) -> io::Result<()> {
    let winsize = Winsize {
        ws_col: size.columns,
        ws_row: size.rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(tcsetwinsize(descriptor, winsize)?)
}

/// The size of the terminal behind `descriptor`.
///
/// # Errors
/// Whatever the system answers, for instance that it is no terminal.
pub fn window_size(descriptor: impl AsFd) -> io::Result<WindowSize> {
    let winsize = tcgetwinsize(descriptor)?;
    Ok(WindowSize {
        columns: winsize.ws_col,
        rows: winsize.ws_row,
    })
}
