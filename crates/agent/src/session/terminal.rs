//! The master side of the session's terminal inside tokio.
//!
//! Owns that "no program is left on it" is told apart from "nothing to read yet", and that what the
//! kernel holds is taken in batches.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use bytes::{Bytes, BytesMut};
use tokio::net::unix::pipe::{Receiver, Sender};
use usher_sys::{WindowSize, set_nonblocking, set_window_size};

/// The most read at once; the kernel gives a terminal's output in pieces of 4 KiB.
const BATCH: usize = 32 * 1024;

/// An open terminal. The runtime's pipe ends do for a terminal what they do for a pipe: wait, read
/// and write without blocking.
#[derive(Debug)]
pub(super) struct Terminal {
    output: Receiver,
    input: Sender,
    master: OwnedFd,
}

impl Terminal {
    pub(super) fn new(master: OwnedFd) -> io::Result<Self> {
        set_nonblocking(&master)?;
        Ok(Self {
            output: Receiver::from_file_unchecked(File::from(master.try_clone()?))?,
            input: Sender::from_file_unchecked(File::from(master.try_clone()?))?,
            master,
        })
    }

    /// Waits for output and takes all there is, at most one batch. Empty when every program has left
    /// the terminal. May be dropped at any time.
    pub(super) async fn read(&self) -> io::Result<Bytes> {
        read_batch(&self.output).await
    }

    /// Writes what fits and cuts it off `input`. Waits until something fits.
    pub(super) async fn write(&self, input: &mut Bytes) -> io::Result<()> {
        write_some(&self.input, input).await
    }

    pub(super) fn resize(&self, size: WindowSize) {
        if let Err(error) = set_window_size(&self.master, size) {
            tracing::debug!("the terminal was not resized: {error}");
        }
    }
}

/// Waits for bytes and takes all there are, at most one batch; empty at the end. May be dropped at any time.
pub(super) async fn read_batch(from: &Receiver) -> io::Result<Bytes> {
    let mut batch = BytesMut::zeroed(BATCH);
    let mut filled = 0;
    while filled == 0 {
        from.readable().await?;
        while let Some(room @ [_, ..]) = batch.get_mut(filled..) {
            match from.try_read(room) {
                Ok(0) => return Ok(cut(batch, filled)),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Linux says EIO when the last program has left a terminal; it will say so again after
                // what came before is given out.
                Err(_) => return Ok(cut(batch, filled)),
            }
        }
    }
    Ok(cut(batch, filled))
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

fn cut(mut batch: BytesMut, filled: usize) -> Bytes {
    batch.truncate(filled);
    batch.freeze()
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
        use std::io::Write;
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
    }
}
