//! The near end of a forwarded port: a listener, and each of its connections as a stream of one smux session.
//!
//! Owns that a Unix socket it made is removed, and that a connection's end of one direction leaves the other open.

mod listener;

use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use async_smux::{MuxBuilder, MuxConnector};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional_with_sizes,
};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use usher_wire::message::DialAnswer;

use super::carried::{CarriedInput, CarriedOutput, carried};
pub(crate) use listener::{Connection, Listen, Listener};

/// The longest frame that AWS's programs make, so the longest that we do (client.md 8.3).
const FRAME: usize = 32_768;

/// Frames of one stream that wait to be carried; its connection is not read beyond them.
const WAITING_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// Frames of all streams that wait for their connections; version 1 of smux can only stop all streams at once.
const ARRIVED_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// A session that nobody connects through is not kept longer than this.
const UNUSED: Duration = Duration::from_secs(30);

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

/// A connection that was accepted elsewhere, by a SOCKS proxy.
pub(crate) struct Handed {
    pub(crate) connection: Box<dyn Connection>,
    /// What its client is told of how the node made it.
    pub(crate) reply: fn(DialAnswer) -> [u8; 10],
}

impl Forward {
    /// Listens; `accepted` is called with the first connection.
    pub(super) async fn start(
        listen: &Listen,
        accepted: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let listener = Listener::bind(listen).await?;
        let place = listener.place(listen)?;
        let (input, output) = multiplex(|connector| serve(listener, connector, accepted))?;
        Ok(Self {
            input,
            output,
            place,
        })
    }
}

/// Serves connections as they are handed over, and ends when there has been none for a while. The node says of each how it
/// made it only if it `answers`.
pub(super) fn handed(
    waiting: mpsc::Receiver<Handed>,
    answers: bool,
) -> io::Result<(CarriedInput, CarriedOutput)> {
    multiplex(|connector| serve_handed(waiting, connector, answers))
}

/// One smux session over a carrier, for as long as what opens its streams goes on.
fn multiplex<S: Future<Output = ()> + Send + 'static>(
    serving: impl FnOnce(MuxConnector<UnixStream>) -> S,
) -> io::Result<(CarriedInput, CarriedOutput)> {
    let (ours, carrier) = UnixStream::pair()?;
    let (connector, acceptor, worker) = MuxBuilder::client()
        .with_max_tx_queue(WAITING_FRAMES)
        .with_max_rx_queue(ARRIVED_FRAMES)
        .with_connection(carrier)
        .build();
    let serving = serving(connector);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        // The agent opens no streams; what is not accepted is refused.
        drop(acceptor);
        tokio::select! {
            _ = worker => {}
            () = serving => {}
        }
    });
    Ok(carried(ours, tasks))
}

impl fmt::Debug for Handed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handed").finish_non_exhaustive()
    }
}

async fn serve_handed(
    mut waiting: mpsc::Receiver<Handed>,
    connector: MuxConnector<UnixStream>,
    answers: bool,
) {
    let mut connections = JoinSet::new();
    let mut more = true;
    while more || !connections.is_empty() {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            handed = waiting.recv(), if more && connections.len() < MOST_CONNECTIONS => {
                let Some(handed) = handed else {
                    more = false;
                    continue;
                };
                let Ok(stream) = connector.connect() else { return };
                connections.spawn(answer_and_carry(handed, stream, answers));
            }
            // What was handed over meanwhile is still served.
            () = sleep(UNUSED), if more && connections.is_empty() => waiting.close(),
        }
    }
}

async fn answer_and_carry(
    handed: Handed,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: bool,
) {
    let Handed {
        mut connection,
        reply,
    } = handed;
    let answer = match answers {
        true => stream
            .read_u8()
            .await
            .map_or(DialAnswer::Failed, DialAnswer::from_code),
        false => DialAnswer::Connected,
    };
    let told = connection.write_all(&reply(answer)).await;
    if told.is_ok() && answer == DialAnswer::Connected {
        carry(connection, stream).await;
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
