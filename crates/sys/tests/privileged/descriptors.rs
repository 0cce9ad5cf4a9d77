//! Descriptors over sockets, and files without a name.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use usher_sys::{
    MAX_DESCRIPTORS, anonymous_file, read_anonymous_file, receive, send, set_nonblocking,
    socket_pair, wait_readable,
};

#[test]
fn more_descriptors_than_the_bound_are_not_sent() {
    let (ours, _theirs) = socket_pair().unwrap();
    let many = [ours.as_fd(); MAX_DESCRIPTORS + 1];
    let error = send(&ours, b"x", &many).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn more_descriptors_than_the_bound_are_refused_when_a_peer_sends_them() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    let (ours, theirs) = socket_pair().unwrap();
    let many: Vec<BorrowedFd<'_>> = vec![ours.as_fd(); MAX_DESCRIPTORS + 6];
    let mut space = vec![std::mem::MaybeUninit::uninit(); 4096];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&many)));
    let bytes = [std::io::IoSlice::new(b"x")];
    sendmsg(&ours, &bytes, &mut control, SendFlags::empty()).unwrap();

    let open_before = open_descriptors();
    let error = receive(&theirs, &mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    // Other tests of this process open some meanwhile, but not as many as were refused.
    assert!(open_descriptors() < open_before + MAX_DESCRIPTORS + 6);
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_file_longer_than_the_limit_is_not_read() {
    let file = anonymous_file(&[7; 100]).unwrap();
    let error = read_anonymous_file(file, 99).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
}

#[test]
fn an_anonymous_file_cannot_be_changed_by_who_receives_it() {
    let file = anonymous_file(b"task").unwrap();
    let mut writer = std::fs::File::from(file.try_clone().unwrap());
    assert!(writer.write(b"x").is_err());
    assert!(writer.set_len(0).is_err());
    assert_eq!(read_anonymous_file(file, 4).unwrap(), b"task");
}

#[test]
fn a_descriptor_arrives_with_its_bytes_and_closed_on_exec() {
    let (ours, theirs) = socket_pair().unwrap();
    let file = anonymous_file(b"hello").unwrap();
    assert_eq!(send(&ours, b"with", &[file.as_fd()]).unwrap(), 4);
    let mut buffer = [0; 16];
    let mut received = receive(&theirs, &mut buffer).unwrap();
    assert_eq!(&buffer[..received.length], b"with");
    let descriptor = received.descriptors.pop().unwrap();
    assert!(received.descriptors.is_empty());
    let flags = rustix::io::fcntl_getfd(&descriptor).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let mut text = String::new();
    std::fs::File::from(descriptor)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn a_closed_peer_reads_as_the_end_and_wakes_a_wait() {
    let (ours, theirs) = socket_pair().unwrap();
    set_nonblocking(&ours).unwrap();
    let error = receive(&ours, &mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(
        wait_readable(&[ours.as_fd()], Some(Duration::ZERO)).unwrap(),
        [false]
    );
    drop(theirs);
    assert_eq!(wait_readable(&[ours.as_fd()], None).unwrap(), [true]);
    assert_eq!(receive(&ours, &mut [0; 8]).unwrap().length, 0);
}
