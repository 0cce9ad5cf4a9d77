//! The connection under a session, present or being sought. To the conversation it is one thing that never waits
//! in the middle: losing and finding a connection are events like any other.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use usher_aws::{Arrival, Socket, SocketError};

use super::opening::{Opening, Reopened, SEEK_FOR};

/// A connection that held this long was a good one, even if the session was quiet all the while. More than the longest
/// pause between two tries.
const HELD: Duration = Duration::from_secs(10);

/// What happened to a connection.
#[derive(Debug)]
pub(super) enum LinkEvent {
    /// A message for the data channel.
    Message(Bytes),
    /// Room for more frames.
    Room,
    /// The connection is gone; another one is being sought.
    Lost(String),
    /// It is back: what is unacknowledged goes out again.
    Back,
    /// The session is over.
    TimedOut,
    /// There will be no other connection.
    Failed(String),
}

/// A session's connection.
pub(super) struct Link {
    opening: Arc<Opening>,
    state: State,
    /// When the present connection came up.
    up_since: Instant,
    /// When a good connection was last there.
    good_until: Instant,
    /// Losses since then.
    losses: u32,
}

enum State {
    Up(Box<Socket>),
    Sought(Pin<Box<dyn Future<Output = Reopened> + Send>>),
    Gone,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("is_up", &self.is_up())
            .field("losses", &self.losses)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(opening: Arc<Opening>, socket: Socket) -> Self {
        Self {
            opening,
            state: State::Up(Box::new(socket)),
            up_since: Instant::now(),
            good_until: Instant::now(),
            losses: 0,
        }
    }

    /// Whether there is a connection now.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// Whether another frame may be fed.
    pub(super) fn has_room(&self) -> bool {
        matches!(&self.state, State::Up(socket) if socket.has_room())
    }

    /// Takes a frame; a connection that breaks on it says so in [`Link::next`].
    pub(super) fn feed(&mut self, frame: Bytes) {
        if let State::Up(socket) = &mut self.state {
            let _ = socket.feed(frame);
        }
    }

    /// Sends what was fed, as far as the kernel takes it at once.
    pub(super) fn flush_now(&mut self) {
        if let State::Up(socket) = &mut self.state {
            socket.flush_now();
        }
    }

    /// Flushes, receives, or seeks. May be dropped and called again.
    pub(super) async fn next(&mut self) -> LinkEvent {
        let arrival = match &mut self.state {
            State::Up(socket) => socket.next().await,
            State::Sought(reopened) => {
                let reopened = reopened.await;
                return self.found(reopened);
            }
            State::Gone => return std::future::pending().await,
        };
        if let Some(cause) = cause_of_loss(&arrival) {
            return self.lose(cause);
        }
        match arrival {
            Ok(Arrival::Message(message)) => {
                self.was_good();
                LinkEvent::Message(message)
            }
            _ => LinkEvent::Room,
        }
    }

    fn found(&mut self, reopened: Reopened) -> LinkEvent {
        match reopened {
            Reopened::Connected(socket) => {
                self.state = State::Up(socket);
                self.up_since = Instant::now();
                LinkEvent::Back
            }
            Reopened::TimedOut => {
                self.state = State::Gone;
                LinkEvent::TimedOut
            }
            Reopened::Failed(cause) => {
                self.state = State::Gone;
                LinkEvent::Failed(cause)
            }
        }
    }

    fn was_good(&mut self) {
        self.losses = 0;
        self.good_until = Instant::now();
    }

    fn lose(&mut self, cause: String) -> LinkEvent {
        if self.up_since.elapsed() >= HELD {
            self.was_good();
        }
        if self.good_until.elapsed() >= SEEK_FOR {
            self.state = State::Gone;
            return LinkEvent::Failed(cause);
        }
        let (opening, tried) = (Arc::clone(&self.opening), self.losses);
        self.state = State::Sought(Box::pin(async move { opening.again(tried).await }));
        self.losses += 1;
        LinkEvent::Lost(cause)
    }

    /// Says goodbye to the server, where there is a connection to do it on.
    pub(super) async fn close(self) {
        if let State::Up(socket) = self.state {
            let _ = socket.close().await;
        }
    }
}

/// The words for a connection that ended, in good order or not.
fn cause_of_loss(arrival: &Result<Arrival, SocketError>) -> Option<String> {
    match arrival {
        Ok(Arrival::Closed { code, reason }) if reason.is_empty() => {
            Some(format!("closed with code {code}"))
        }
        Ok(Arrival::Closed { reason, .. }) => Some(reason.clone()),
        Ok(Arrival::Message(_) | Arrival::Room) => None,
        Err(error) => Some(error.to_string()),
    }
}
