//! Standard input as chunks, read by a thread of its own: making the descriptor non-blocking would change it for
//! every process that shares it, the person's shell among them.
//!
//! The thread reads one chunk ahead and no further, so what is not taken stays with whoever writes it.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc;

/// As much as goes into one message between our own programs.
const CHUNK: usize = 32 * 1024;

/// What the person types, or what a pipe holds.
#[derive(Debug)]
pub(super) struct Input {
    chunks: mpsc::Receiver<Bytes>,
}

impl Input {
    /// Starts reading. The thread ends with the input or with the process.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(1);
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read(&sender))?;
        Ok(Self { chunks })
    }

    /// The next chunk, None at the end. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        self.chunks.recv().await
    }
}

/// An error is an end: a terminal that is gone reads as EIO, and its signal says the rest.
fn read(sender: &mpsc::Sender<Bytes>) {
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = match stdin.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let chunk = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        if sender.blocking_send(chunk).is_err() {
            return;
        }
    }
}
