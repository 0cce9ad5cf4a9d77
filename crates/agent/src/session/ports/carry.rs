//! Carrying bytes between a session's carrier and its connections, until each side has said all it had to.
//!
//! Half-close is kept where the client knows it. AWS's plugin does not: its end of a stream is the end of both
//! directions (client.md 8.3), so a connection must not wait for an answer that nobody would get.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_smux::{MuxBuilder, MuxStream};
use tokio::io::{
    AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy, copy_bidirectional_with_sizes, copy_buf,
    sink, split,
};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use usher_wire::message::DialAnswer;

use super::dials::Dials;

/// The longest frame that AWS's programs make, so the longest that we do (client.md 8.3).
const FRAME: usize = 32_768;

/// Frames of one stream that wait to be carried; the connection is not read beyond them.
const WAITING_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// Frames of all streams that wait for their connections; version 1 of smux can only stop all streams at once.
const ARRIVED_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// What a connection that was left gets to take what was sent to it.
const LET_GO_WITHIN: Duration = Duration::from_secs(10);

/// Connections at the same time; a client's further ones wait.
const MOST_CONNECTIONS: usize = 512;

/// What the far end of a carrier works with.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) dials: Dials,
    /// The one connection is made when there is something to send.
    pub(super) waits: bool,
    pub(super) half_close: bool,
    /// Each connection of many begins with how it was made.
    pub(super) answers: Arc<AtomicBool>,
    /// A connection of many could not be made.
    pub(super) failed: Arc<Notify>,
    /// Why the one connection could not be made.
    pub(super) refusal: Arc<Mutex<Option<String>>>,
}

/// One plain connection.
pub(super) async fn one(carrier: UnixStream, ends: Ends) {
    if ends.waits && carrier.readable().await.is_err() {
        return;
    }
    match ends.dials.dial().await {
        Ok(connection) => {
            // How it ended is nobody's business but its ends': both see it.
            let _ = carry(carrier, connection, ends.half_close).await;
        }
        Err(refusal) => {
            *ends.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal.sentence);
        }
    }
}

/// Lets a connection that the client has left take what was sent to it, and drops what it still says.
pub(super) async fn let_go(mut carrier: UnixStream) {
    let rest = async {
        carrier.shutdown().await?;
        copy(&mut carrier, &mut sink()).await
    };
    let _ = timeout(LET_GO_WITHIN, rest).await;
}

/// Connections as the client opens them, framed by smux.
pub(super) async fn many(carrier: UnixStream, ends: Ends) {
    let (_connector, mut acceptor, worker) = MuxBuilder::server()
        .with_max_tx_queue(WAITING_FRAMES)
        .with_max_rx_queue(ARRIVED_FRAMES)
        .with_connection(carrier)
        .build();
    let mut streams = JoinSet::new();
    let mut worker = std::pin::pin!(worker);
    loop {
        tokio::select! {
            _ = &mut worker => return,
            Some(_) = streams.join_next() => {}
            stream = acceptor.accept(), if streams.len() < MOST_CONNECTIONS => match stream {
                Some(stream) => { streams.spawn(stream_of_many(stream, ends.clone())); }
                None => return,
            },
        }
    }
}

async fn stream_of_many(mut stream: MuxStream<UnixStream>, ends: Ends) {
    let dialed = ends.dials.dial().await;
    if ends.answers.load(Ordering::Relaxed) {
        let answer = dialed
            .as_ref()
            .err()
            .map_or(DialAnswer::Connected, |refusal| refusal.answer);
        if stream.write_all(&[answer.code()]).await.is_err() {
            return;
        }
    }
    match dialed {
        Ok(connection) => {
            let _ = carry(stream, connection, ends.half_close).await;
        }
        Err(refusal) => {
            tracing::warn!("{}", refusal.sentence);
            ends.failed.notify_one();
            // What was written of the answer is still sent.
            let _ = stream.shutdown().await;
        }
    }
}

async fn carry<A, B>(mut client: A, mut target: B, half_close: bool) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    if half_close {
        return copy_bidirectional_with_sizes(&mut client, &mut target, FRAME, FRAME)
            .await
            .map(drop);
    }
    let (from_client, mut to_client) = split(client);
    let (from_target, mut to_target) = split(target);
    let mut from_client = BufReader::with_capacity(FRAME, from_client);
    let mut from_target = BufReader::with_capacity(FRAME, from_target);
    tokio::select! {
        copied = copy_buf(&mut from_client, &mut to_target) => copied?,
        copied = copy_buf(&mut from_target, &mut to_client) => copied?,
    };
    to_target.shutdown().await?;
    to_client.shutdown().await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_end_of_one_direction_leaves_the_other_open_where_the_client_knows_it() {
        let (mut client, ours) = duplex(64);
        let (mut target, theirs) = duplex(64);
        let carried = tokio::spawn(carry(ours, theirs, true));
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut question = String::new();
        target.read_to_string(&mut question).await.unwrap();
        assert_eq!(question, "question");
        target.write_all(b"answer").await.unwrap();
        drop(target);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "answer");
        assert!(carried.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn the_end_of_one_direction_is_the_end_of_both_for_aws_plugin() {
        let (mut client, ours) = duplex(64);
        let (mut target, theirs) = duplex(64);
        let carried = tokio::spawn(carry(ours, theirs, false));
        client.write_all(b"last").await.unwrap();
        client.shutdown().await.unwrap();
        let mut last = String::new();
        target.read_to_string(&mut last).await.unwrap();
        assert_eq!(last, "last");
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        assert!(carried.await.unwrap().is_ok());
    }
}
