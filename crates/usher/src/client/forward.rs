//! The near end of a forwarded port: a listener, and each of its connections as a stream of one smux session.
//!
//! To the conversation it is a source and a sink of bytes, as standard input and output are. Owns that a Unix socket it
//! made is removed, and that a connection's end of one direction leaves the other open.

mod listener;

use std::io;
use std::num::NonZeroUsize;

use async_smux::{MuxBuilder, MuxConnector};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf,
    copy_bidirectional_with_sizes, duplex, split,
};
use tokio::task::JoinSet;

pub(crate) use listener::Listen;
use listener::Listener;

/// The longest frame that AWS's programs make, so the longest that we do (client.md 8.3).
const FRAME: usize = 32_768;

/// Between the streams and the data channel.
const CARRIED: usize = 64 * 1024;

/// Frames of one stream that wait to be carried; its connection is not read beyond them.
const WAITING_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// Frames of all streams that wait for their connections; version 1 of smux can only stop all streams at once.
const ARRIVED_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// Connections at the same time; further ones wait in the listener's queue.
const MOST_CONNECTIONS: usize = 512;

/// What the connections send: a source like standard input.
#[derive(Debug)]
pub(super) struct ForwardInput {
    from: ReadHalf<DuplexStream>,
    // Ends with the session.
    _tasks: JoinSet<()>,
}

/// What they are sent: a sink like standard output.
#[derive(Debug)]
pub(super) struct ForwardOutput {
    to: WriteHalf<DuplexStream>,
    pending: Bytes,
}

/// An open forward.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) input: ForwardInput,
    pub(super) output: ForwardOutput,
    /// Where it listens, for the person.
    pub(super) place: Listen,
}

impl Forward {
    /// Listens; `accepted` is called with the first connection.
    pub(super) async fn start(
        listen: &Listen,
        accepted: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let listener = Listener::bind(listen).await?;
        let place = listener.place(listen)?;
        let (ours, carrier) = duplex(CARRIED);
        let (connector, acceptor, worker) = MuxBuilder::client()
            .with_max_tx_queue(WAITING_FRAMES)
            .with_max_rx_queue(ARRIVED_FRAMES)
            .with_connection(carrier)
            .build();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // The agent opens no streams; what is not accepted is refused.
            drop(acceptor);
            let _ = worker.await;
        });
        tasks.spawn(serve(listener, connector, accepted));
        let (from, to) = split(ours);
        Ok(Self {
            input: ForwardInput {
                from,
                _tasks: tasks,
            },
            output: ForwardOutput {
                to,
                pending: Bytes::new(),
            },
            place,
        })
    }
}

impl ForwardInput {
    /// The next bytes, None at the end. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let mut chunk = BytesMut::with_capacity(FRAME);
        match self.from.read_buf(&mut chunk).await {
            Ok(1..) => Some(chunk.freeze()),
            Ok(0) | Err(_) => None,
        }
    }
}

impl ForwardOutput {
    /// Whether everything was written.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Takes a payload; only when idle.
    pub(super) fn take(&mut self, payload: Bytes) {
        self.pending = payload;
    }

    /// Writes what was taken. May be dropped and called again: progress is kept here.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            let written = self.to.write(&self.pending).await?;
            self.pending.advance(written);
        }
        Ok(())
    }
}

async fn serve(listener: Listener, connector: MuxConnector<DuplexStream>, accepted: impl FnOnce()) {
    let mut accepted = Some(accepted);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            connection = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                let Ok(connection) = connection else {
                    // Most likely there are too many of them: the next is taken when one has ended.
                    connections.join_next().await;
                    continue;
                };
                let Ok(stream) = connector.connect() else { return };
                if let Some(accepted) = accepted.take() {
                    accepted();
                }
                connections.spawn(carry(connection, stream));
            }
        }
    }
}

async fn carry(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) {
    // How a connection ends is seen by both of its ends.
    let _ = copy_bidirectional_with_sizes(&mut connection, &mut stream, FRAME, FRAME).await;
}
