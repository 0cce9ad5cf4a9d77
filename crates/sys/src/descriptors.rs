//! Socket pairs, descriptors sent over them, files without a name, and waiting for input.
//!
//! Owns that a peer can never make us hold more descriptors than [`MAX_DESCRIPTORS`] a message, and
//! that every descriptor made or received here is closed on exec.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::unistd::Uid;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};

/// The most descriptors one message may carry; a message with more is an error.
pub const MAX_DESCRIPTORS: usize = 4;

// Linux closes on exec from the first moment and never raises SIGPIPE; macOS has none of the flags,
// so [`close_on_exec`] follows each call.
#[cfg(target_os = "linux")]
const SOCKET_FLAGS: SocketFlags = SocketFlags::CLOEXEC;
#[cfg(target_os = "linux")]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_os = "linux")]
const RECEIVE_FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const SOCKET_FLAGS: SocketFlags = SocketFlags::empty();
#[cfg(not(target_os = "linux"))]
const SEND_FLAGS: SendFlags = SendFlags::empty();
#[cfg(not(target_os = "linux"))]
const RECEIVE_FLAGS: RecvFlags = RecvFlags::empty();

/// Marks a descriptor to be closed by exec, where the call that made it could not.
pub(crate) fn close_on_exec(descriptor: impl AsFd) -> io::Result<()> {
    if !cfg!(target_os = "linux") {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok(())
}

/// How many descriptors this process may still open; 0 when that cannot be found out.
pub fn free_descriptors() -> usize {
    use nix::sys::resource::{Resource, getrlimit};
    let listed = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    let (Ok((limit, _)), Ok(open)) = (
        getrlimit(Resource::RLIMIT_NOFILE),
        std::fs::read_dir(listed),
    ) else {
        return 0;
    };
    usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .saturating_sub(open.count())
}

/// A pipe, its read end first; both ends are closed by exec.
///
/// # Errors
/// Whatever the system answers, for instance that no descriptor is free.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(target_os = "linux")]
    let ends = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    #[cfg(not(target_os = "linux"))]
    let ends = rustix::pipe::pipe()?;
    close_on_exec(&ends.0)?;
    close_on_exec(&ends.1)?;
    Ok(ends)
}

/// What one [`receive`] took from a socket.
#[derive(Debug)]
pub struct Received {
    /// How many bytes were stored; 0 when the peer has closed.
    pub length: usize,
    /// The descriptors that came with them, in order.
    pub descriptors: Vec<OwnedFd>,
}

/// A connected pair of stream sockets.
///
/// # Errors
/// Whatever the system answers, for instance that no descriptor is free.
pub fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SOCKET_FLAGS, None)?;
    for end in [&pair.0, &pair.1] {
        close_on_exec(end)?;
    }
    Ok(pair)
}

/// Sends `bytes`, with `descriptors` attached to the first of them. Never raises SIGPIPE on Linux.
/// Returns how many bytes the system took; the descriptors are sent if that is not zero.
///
/// # Errors
/// `InvalidInput` for more than [`MAX_DESCRIPTORS`]; else whatever the system answers, `WouldBlock`
/// included.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fits = descriptors.len() <= MAX_DESCRIPTORS
        && (descriptors.is_empty() || control.push(SendAncillaryMessage::ScmRights(descriptors)));
    if !fits {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(sendmsg(
        socket,
        &[IoSlice::new(bytes)],
        &mut control,
        SEND_FLAGS,
    )?)
}

/// Receives up to `buffer.len()` bytes and the descriptors that came with them.
///
/// # Errors
/// `InvalidData` when the peer attached more than [`MAX_DESCRIPTORS`] (all of them are closed);
/// else whatever the system answers, `WouldBlock` included.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<Received> {
    receive_with(socket, buffer, RECEIVE_FLAGS)
}

/// The same, but never waits, on whatever kind of socket: `WouldBlock` when nothing is there.
///
/// # Errors
/// As [`receive`].
pub fn receive_now(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<Received> {
    receive_with(socket, buffer, RECEIVE_FLAGS.union(RecvFlags::DONTWAIT))
}

fn receive_with(socket: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> io::Result<Received> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    let mut descriptors = Vec::new();
    for item in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = item {
            descriptors.extend(received);
        }
    }
    if message.flags.contains(ReturnFlags::CTRUNC) || descriptors.len() > MAX_DESCRIPTORS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    for descriptor in &descriptors {
        close_on_exec(descriptor)?;
    }
    Ok(Received {
        length: message.bytes,
        descriptors,
    })
}

/// Opens a regular file for reading, but only if `owner` owns it and its name is no symbolic link: in a
/// directory that belongs to a less trusted user, any other name could lead to a file of ours.
///
/// # Errors
/// `PermissionDenied` for a foreign owner or another kind of file; else whatever the system answers.
pub fn open_owned_file(path: &Path, owner: Uid) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.uid() != owner.as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(file)
}

/// Makes reads and writes on `descriptor` return `WouldBlock` instead of waiting.
///
/// # Errors
/// Whatever the system answers.
pub fn set_nonblocking(descriptor: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&descriptor)?;
    Ok(rustix::fs::fcntl_setfl(
        &descriptor,
        flags | rustix::fs::OFlags::NONBLOCK,
    )?)
}

/// A file without a name that holds `bytes` and that, on Linux, nobody can change any more.
///
/// # Errors
/// Whatever the system answers.
pub fn anonymous_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(unnamed()?);
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::SealFlags;
        rustix::fs::fcntl_add_seals(
            &file,
            SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
        )?;
    }
    Ok(file.into())
}

#[cfg(target_os = "linux")]
fn unnamed() -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, memfd_create};
    Ok(memfd_create(
        "usher",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed() -> io::Result<OwnedFd> {
    let (descriptor, path) = nix::unistd::mkstemp("/tmp/usher-XXXXXX")?;
    nix::unistd::unlink(&path)?;
    close_on_exec(&descriptor)?;
    Ok(descriptor)
}

/// The whole content of a file made by [`anonymous_file`], at most `limit` bytes.
///
/// # Errors
/// `FileTooLarge` beyond `limit`; else whatever the system answers.
pub fn read_anonymous_file(file: OwnedFd, limit: usize) -> io::Result<Vec<u8>> {
    let mut file = File::from(file);
    file.seek(SeekFrom::Start(0))?;
    let mut content = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// Waits until one of `descriptors` can be read, has failed or was closed by its peer, at most
/// `timeout` (`None`: for ever). Answers for each of them, in order; all false at the end of time.
///
/// # Errors
/// Whatever the system answers; an interrupting signal only ends the wait early.
pub fn wait_readable(
    descriptors: &[BorrowedFd<'_>],
    timeout: Option<Duration>,
) -> io::Result<Vec<bool>> {
    wait_ready(descriptors, None, timeout).map(|(readable, _)| readable)
}

/// The same, or until something can be written to `blocked`, of which the second answer tells.
///
/// # Errors
/// Whatever the system answers; an interrupting signal only ends the wait early.
pub fn wait_ready(
    descriptors: &[BorrowedFd<'_>],
    blocked: Option<BorrowedFd<'_>>,
    timeout: Option<Duration>,
) -> io::Result<(Vec<bool>, bool)> {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .map(|descriptor| PollFd::from_borrowed_fd(*descriptor, PollFlags::IN))
        .chain(blocked.map(|blocked| PollFd::from_borrowed_fd(blocked, PollFlags::OUT)))
        .collect();
    let timeout = timeout
        .map(Timespec::try_from)
        .transpose()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
    let writable = blocked.is_some() && ready.pop() == Some(true);
    Ok((ready, writable))
}
