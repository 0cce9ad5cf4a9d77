//! The near end of a forwarded port: a listener, and each of its connections as a stream of one smux session.
//!
//! Owns that a Unix socket it made is removed, and that a connection's end of one direction leaves the other open.

mod listener;

use std::io;
use std::num::NonZeroUsize;

use async_smux::{MuxBuilder, MuxConnector};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional_with_sizes};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::carried::{CarriedInput, CarriedOutput, carried};
pub(crate) use listener::Listen;
use listener::Listener;

/// The longest frame that AWS's programs make, so the longest that we do (client.md 8.3).
const FRAME: usize = 32_768;

/// Frames of one stream that wait to be carried; its connection is not read beyond them.
const WAITING_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// Frames of all streams that wait for their connections; version 1 of smux can only stop all streams at once.
const ARRIVED_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// Connections at the same time; further ones wait in the listener's queue.
const MOST_CONNECTIONS: usize = 512;

/// An open forward.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) input: CarriedInput,
    pub(super) output: CarriedOutput,
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
        let (ours, carrier) = UnixStream::pair()?;
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
        let (input, output) = carried(ours, tasks);
        Ok(Self {
            input,
            output,
            place,
        })
    }
}

async fn serve(listener: Listener, connector: MuxConnector<UnixStream>, accepted: impl FnOnce()) {
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
