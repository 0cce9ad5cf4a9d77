//! Raw mode on a pseudo-terminal.

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, OutputModes, tcgetattr};
use usher_sys::{RawTerminal, WindowSize, restore_terminal, set_window_size, window_size};

#[test]
fn raw_mode_is_entered_once_and_given_back_by_drop_and_by_the_hook() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let terminal = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    let cooked = || {
        let modes = tcgetattr(&terminal).unwrap();
        modes
            .local_modes
            .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
            && modes.output_modes.contains(OutputModes::OPOST)
    };
    assert!(cooked());

    let raw = RawTerminal::enter(&terminal).unwrap();
    assert!(!cooked());
    let second = RawTerminal::enter(&terminal).unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::AlreadyExists);
    drop(raw);
    assert!(cooked());

    let raw = RawTerminal::enter(&terminal).unwrap();
    restore_terminal();
    assert!(cooked());
    restore_terminal();
    drop(raw);
    assert!(cooked());
}

#[test]
fn a_descriptor_that_is_no_terminal_is_refused() {
    let null = std::fs::File::open("/dev/null").unwrap();
    assert!(RawTerminal::enter(&null).is_err());
    assert!(window_size(&null).is_err());
}

#[test]
fn a_window_size_set_on_one_side_is_read_on_the_other() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    let size = WindowSize {
        columns: 132,
        rows: 43,
    };
    set_window_size(&master, size).unwrap();
    assert_eq!(window_size(&master).unwrap(), size);
}
