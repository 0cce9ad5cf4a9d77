//! One end of a socket pair: whole messages out, whole messages in.
//!
//! The same type serves blocking processes (login) and the monitor's poll loop, whose sockets do not
//! block: a message that finds no room is the sender's to keep, and one that was sent in part and
//! finds no more is the end of the link.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use usher_sys::Received;

use super::fields::{Reader, Writer};
use super::{HEADER, IpcError, MAX_MESSAGE, Message, VERSION};

/// Descriptors received and not yet claimed by a message.
const MAX_WAITING: usize = usher_sys::MAX_DESCRIPTORS;

/// Bytes taken from the socket at once.
const PIECE: usize = 4096;

/// Why a link cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the other process is gone")]
    Closed,
    /// Nothing of the message was sent: it can be sent again when there is room.
    #[error("there is no room for a message to the other process")]
    Full,
    #[error("the other process does not read what it is sent")]
    Stuck,
    #[error("the other process broke the rules: {0}")]
    Violation(#[from] IpcError),
    #[error("the socket failed: {0}")]
    Socket(io::Error),
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Closed,
            io::ErrorKind::WouldBlock => Self::Stuck,
            _ => Self::Socket(error),
        }
    }
}

/// One end of a socket pair between two of the agent's processes.
#[derive(Debug)]
pub(crate) struct Link {
    socket: OwnedFd,
    inbox: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Link {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            inbox: Vec::new(),
            descriptors: VecDeque::new(),
        }
    }

    /// The socket alone, for a link that has only sent.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.socket
    }

    /// Sends a whole message; the descriptors go with its first byte.
    pub(crate) fn send(&self, message: &impl Message) -> Result<(), LinkError> {
        let (bytes, descriptors) = Writer::write(message)?;
        let mut sent = match usher_sys::send(&self.socket, &bytes, &descriptors) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(LinkError::Full),
            sent => sent?,
        };
        while let Some(rest @ [_, ..]) = bytes.get(sent..) {
            sent += usher_sys::send(&self.socket, rest, &[])?;
        }
        Ok(())
    }

    /// The next message of a blocking socket.
    pub(crate) fn receive<M: Message>(&mut self) -> Result<M, LinkError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            self.fill()?;
        }
    }

    /// A message that is here already, or as far as one more read brings it; `None` while it is
    /// incomplete. Never waits, even on a socket that blocks: what was readable may be another
    /// process's link by now.
    pub(crate) fn next_ready<M: Message>(&mut self) -> Result<Option<M>, LinkError> {
        if !self.holds_message() {
            let mut buffer = [0; PIECE];
            match usher_sys::receive_now(&self.socket, &mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                received => self.keep(received?, &buffer)?,
            }
        }
        self.take()
    }

    /// Whether a message can be taken without reading: such a link must not be waited for.
    pub(crate) fn holds_message(&self) -> bool {
        match self.inbox.split_first_chunk::<HEADER>() {
            Some(([a, b, c, d, _], rest)) => {
                let length = u32::from_be_bytes([*a, *b, *c, *d]);
                u32::try_from(rest.len()).unwrap_or(u32::MAX) >= length
            }
            None => false,
        }
    }

    /// Reads once from the socket. On one that does not block, call it when it is readable.
    pub(crate) fn fill(&mut self) -> Result<(), LinkError> {
        let mut buffer = [0; PIECE];
        let received = usher_sys::receive(&self.socket, &mut buffer)?;
        self.keep(received, &buffer)
    }

    fn keep(&mut self, received: Received, buffer: &[u8]) -> Result<(), LinkError> {
        if received.length == 0 {
            return Err(LinkError::Closed);
        }
        self.descriptors.extend(received.descriptors);
        if self.descriptors.len() > MAX_WAITING {
            return Err(IpcError::StrayDescriptor.into());
        }
        self.inbox
            .extend(buffer.iter().take(received.length).copied());
        Ok(())
    }

    /// A message that has arrived whole. What is buffered stays below two messages: every caller
    /// takes all it can before it fills again.
    pub(crate) fn take<M: Message>(&mut self) -> Result<Option<M>, LinkError> {
        let Some((header, rest)) = self.inbox.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [a, b, c, d, version] = *header;
        if version != VERSION {
            return Err(IpcError::ForeignVersion(version).into());
        }
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(IpcError::TooLong.into());
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = Reader::read(body, &mut self.descriptors)?;
        self.inbox.drain(..HEADER + length);
        if self.inbox.is_empty() && !self.descriptors.is_empty() {
            return Err(IpcError::StrayDescriptor.into());
        }
        Ok(Some(message))
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usher_sys::{ExitStatus, anonymous_file, read_anonymous_file, socket_pair};
    use usher_wire::ids::SessionId;

    use super::*;
    use crate::ipc::{FromLogin, FromShell, Open, Run, ToLogin, ToMonitor, ToShell};

    fn pair() -> (Link, Link) {
        let (one, other) = socket_pair().unwrap();
        (Link::new(one), Link::new(other))
    }

    fn session() -> SessionId {
        SessionId::parse("alice-0123456789abcdef0").unwrap()
    }

    fn receive_raw(bytes: &[u8]) -> Result<ToMonitor, LinkError> {
        let (one, mut other) = pair();
        usher_sys::send(&one, bytes, &[]).unwrap();
        drop(one);
        other.receive()
    }

    #[test]
    fn a_message_longer_than_the_bound_is_refused_before_it_is_kept() {
        let error = receive_raw(&[0, 1, 0, 1, VERSION]).unwrap_err();
        assert!(matches!(error, LinkError::Violation(IpcError::TooLong)));
        let (one, _other) = pair();
        let sentence = "x".repeat(MAX_MESSAGE);
        let error = one.send(&FromLogin::Refused { sentence }).unwrap_err();
        assert!(matches!(error, LinkError::Violation(IpcError::TooLong)));
    }

    #[test]
    fn a_foreign_version_ends_the_link() {
        let error = receive_raw(&[0, 0, 0, 1, 9, 2]).unwrap_err();
        let foreign = IpcError::ForeignVersion(9);
        assert!(matches!(error, LinkError::Violation(found) if found == foreign));
    }

    #[test]
    fn a_message_without_its_descriptor_ends_the_link() {
        let mut bytes = vec![0, 0, 0, 10, VERSION, 1, 0, 0, 0, 1, b's', 0, 0, 0, 0];
        let error = receive_raw(&bytes).unwrap_err();
        assert!(matches!(
            error,
            LinkError::Violation(IpcError::MissingDescriptor)
        ));
        bytes.pop();
        assert!(matches!(receive_raw(&bytes), Err(LinkError::Closed)));
    }

    #[test]
    fn a_descriptor_nobody_speaks_of_ends_the_link() {
        let (one, mut other) = pair();
        let file = anonymous_file(b"x").unwrap();
        let (bytes, _) = Writer::write(&FromLogin::Accepted).unwrap();
        usher_sys::send(&one, &bytes, &[file.as_fd()]).unwrap();
        let error = other.receive::<FromLogin>().unwrap_err();
        assert!(matches!(
            error,
            LinkError::Violation(IpcError::StrayDescriptor)
        ));
    }

    #[test]
    fn a_session_id_that_walks_directories_is_no_field() {
        let mut bytes = vec![0, 0, 0, 7, VERSION, 2, 0, 0, 0, 2];
        bytes.extend(b"..");
        let error = receive_raw(&bytes).unwrap_err();
        assert!(matches!(
            error,
            LinkError::Violation(IpcError::InvalidField)
        ));
    }

    #[test]
    fn a_peer_that_does_not_read_is_not_waited_for() {
        let (one, _other) = pair();
        usher_sys::set_nonblocking(&one).unwrap();
        let sentence = "x".repeat(60_000);
        let message = FromLogin::Refused { sentence };
        let error = (0..1000).find_map(|_| one.send(&message).err()).unwrap();
        assert!(matches!(error, LinkError::Full | LinkError::Stuck));
    }

    #[test]
    fn a_peer_that_says_nothing_is_not_waited_for_though_the_socket_blocks() {
        let (_one, mut other) = pair();
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || tell.send(other.next_ready::<ToLogin>().map(|_| ())));
        let answer = told.recv_timeout(std::time::Duration::from_secs(10));
        assert!(matches!(answer, Ok(Ok(()))), "{answer:?}");
    }

    #[test]
    fn messages_and_their_descriptors_arrive_in_order() {
        let (one, mut other) = pair();
        for content in [b"first", b"again"] {
            one.send(&ToMonitor::Start {
                session: session(),
                grant: vec![1, 2, 3],
                task: anonymous_file(content).unwrap(),
            })
            .unwrap();
        }
        for content in [b"first", b"again"] {
            let ToMonitor::Start { grant, task, .. } = other.receive().unwrap() else {
                unreachable!("another message was sent");
            };
            assert_eq!(grant, [1, 2, 3]);
            assert_eq!(read_anonymous_file(task, 10).unwrap(), content);
        }
        drop(one);
        assert!(matches!(
            other.receive::<ToMonitor>(),
            Err(LinkError::Closed)
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic_or_keep_more_than_two_messages(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            version in prop::bool::ANY,
        ) {
            let (one, mut other) = pair();
            let mut bytes = bytes;
            if version && bytes.len() >= HEADER {
                // Most random headers are refused; let some bodies be read.
                let header = [0, 0, 0, bytes[3] % 40, VERSION];
                bytes[..HEADER].copy_from_slice(&header);
            }
            usher_sys::send(&one, &bytes, &[]).unwrap();
            drop(one);
            while other.receive::<ToMonitor>().is_ok() {}
            prop_assert!(other.inbox.len() <= 2 * (MAX_MESSAGE + HEADER));
        }

        #[test]
        fn every_message_survives_the_round_trip(
            columns: u16,
            rows: u16,
            term in ".{0,40}",
            locale in proptest::collection::vec((".{0,10}", ".{0,20}"), 0..16),
            code: i32,
        ) {
            let (one, mut other) = pair();
            let run = Run::OnPipes { command: term.clone(), separate: rows % 2 == 0 };
            let open = ToShell::Open(Open { run, columns, rows, term, locale });
            one.send(&open).unwrap();
            prop_assert_eq!(other.receive::<ToShell>().unwrap(), open);
            one.send(&FromShell::Exited { status: ExitStatus::Code(code) }).unwrap();
            let FromShell::Exited { status } = other.receive().unwrap() else {
                unreachable!("another message was sent");
            };
            prop_assert_eq!(status, ExitStatus::Code(code));
        }
    }
}
