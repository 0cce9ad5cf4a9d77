//! The master side of the session's terminal inside tokio.
//!
//! Owns that "no program is left on it" is told apart from "nothing to read yet", and that what the
//! kernel holds is taken in batches.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use bytes::{Bytes, BytesMut};
use tokio::net::unix::pipe::{Receiver, Sender};
use usher_sys::{WindowSize, set_nonblocking, set_window_size};

/// The most read at once.
const BATCH: usize = 32 * 1024;

/// The kernel gives a terminal's output in pieces no longer than this.
const PIECE: usize = 4 * 1024;

/// What is no longer than this is sent at once.
const ECHO: usize = 64;

/// An open terminal. The runtime's pipe ends do for a terminal what they do for a pipe: wait, read
/// and write without blocking. Of room for input the runtime is asked only when there was none: it
/// would wake us for every key that a program takes.
#[derive(Debug)]
pub(super) struct Terminal {
    output: Receiver,
    master: File,
}

impl Terminal {
    pub(super) fn new(master: OwnedFd) -> io::Result<Self> {
        set_nonblocking(&master)?;
        let master = File::from(master);
        Ok(Self {
            output: Receiver::from_file_unchecked(master.try_clone()?)?,
            master,
        })
    }

    /// Waits for output and takes all there is, at most one batch. Empty when every program has left
    /// the terminal. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<Bytes> {
        read_batch(&self.output).await
    }

    /// Writes what fits at once and cuts it off `input`; the rest, and any error, is for [`Terminal::write`].
    pub(super) fn write_now(&self, input: &mut Bytes) {
        if let Ok(written) = (&self.master).write(input) {
            let _ = input.split_to(written.min(input.len()));
        }
    }

    /// Writes what fits and cuts it off `input`. Waits until something fits.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        let room = Sender::from_file_unchecked(self.master.try_clone()?)?;
        write_some(&room, input).await
    }

    pub(super) fn resize(&self, size: WindowSize) {
        if let Err(error) = set_window_size(&self.master, size) {
            tracing::debug!("the terminal was not resized: {error}");
        }
    }
}

/// Waits for bytes and takes all there are, at most one batch; empty at the end. May be dropped at any time.
pub(super) async fn read_batch(from: &Receiver) -> io::Result<Bytes> {
    loop {
        from.readable().await?;
        let mut first = [0; PIECE];
        let count = match from.try_read(&mut first) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            // Linux says EIO when the last program has left a terminal, and may say so with its last words still
            // unread: it looks for bytes before it looks whether anybody is left. Nobody is now, so one more read
            // finds all there is.
            Err(_) => from.try_read(&mut first).unwrap_or(0),
        };
        let piece = first.get(..count).unwrap_or_default();
        // A key's echo leaves before we ask whether more follows.
        return Ok(if count <= ECHO {
            Bytes::copy_from_slice(piece)
        } else {
            with_what_follows(piece, from)
        });
    }
}

/// `piece` and what can be read behind it, at most one batch. An end or an error will be found again by the next read.
fn with_what_follows(piece: &[u8], from: &Receiver) -> Bytes {
    let mut batch = BytesMut::zeroed(BATCH);
    let (head, _) = batch.split_at_mut(piece.len());
    head.copy_from_slice(piece);
    let mut filled = piece.len();
    while let Some(room @ [_, ..]) = batch.get_mut(filled..) {
        match from.try_read(room) {
            Ok(count @ 1..) => filled += count,
            _ => break,
        }
    }
    batch.truncate(filled);
    batch.freeze()
}

/// Writes what fits at once and cuts it off `input`; the rest, and any error, is for [`write_some`].
pub(super) fn write_now(to: &Sender, input: &mut Bytes) {
    if let Ok(written) = to.try_write(input) {
        let _ = input.split_to(written.min(input.len()));
    }
}

/// Writes what fits and cuts it off `input`. Waits until something fits.
pub(super) async fn write_some(to: &Sender, input: &mut Bytes) -> io::Result<()> {
    loop {
        to.writable().await?;
        match to.try_write(input) {
            Ok(written) => {
                let _ = input.split_to(written.min(input.len()));
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Terminal, File) {
        let (master, other) = usher_sys::socket_pair().unwrap();
        (Terminal::new(master).unwrap(), File::from(other))
    }

    #[tokio::test]
    async fn the_end_comes_after_the_last_byte() {
        let (terminal, mut program) = pair();
        program.write_all(b"last words").unwrap();
        drop(program);
        assert_eq!(terminal.read().await.unwrap(), "last words");
        assert_eq!(terminal.read().await.unwrap(), "");
        assert_eq!(terminal.read().await.unwrap(), "");
    }

    #[tokio::test]
    async fn input_that_does_not_fit_stays_with_the_caller() {
        let (terminal, _program) = pair();
        let mut input = Bytes::from(vec![7; 8 * 1024 * 1024]);
        let whole = input.len();
        terminal.write(&mut input).await.unwrap();
        assert!(!input.is_empty() && input.len() < whole);

        while (&terminal.master).write(&input).is_ok() {}
        let left = input.len();
        terminal.write_now(&mut input);
        assert_eq!(input.len(), left);
    }

    #[tokio::test]
    async fn a_key_is_written_at_once() {
        use std::io::Read;
        let (terminal, mut program) = pair();
        let mut key = Bytes::from_static(b"k");
        terminal.write_now(&mut key);
        assert!(key.is_empty());
        let mut read = [0];
        program.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"k");
    }
}
