//! One session, start to end, as the person near it sees it. Start reading here.
//!
//! Invariants: the terminal is raw only while the session is open and is given back before anything is said about
//! its end; the state of the data channel outlives every connection that carries it; a byte of the session is
//! acknowledged when it goes to standard output. What a frame is, `usher-wire` knows.

mod carried;
mod conversation;
mod data_key;
mod escape;
mod forward;
mod input;
mod link;
mod opening;
mod output;
mod screen;
mod signals;
mod stdin_end;
mod voice;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use usher_wire::secret::Secret;

use crate::error::Error;
use crate::exit::{Face, Outcome, low_byte};
use crate::reach::Reach;
use conversation::{Conversation, Ending};
use opening::Opening;
use voice::Voice;

pub(crate) use forward::{Connection, Handed, Listen, Listener};
pub(crate) use signals::Signals;

/// How long a person who leaves waits for the service to end the session.
const END_WITHIN: Duration = Duration::from_secs(5);

/// The status of a session that its person left by an escape, as with ssh.
const LEFT: u8 = 255;

/// What StartSession answered: everything that opens the client's side.
#[derive(Debug)]
pub(crate) struct Session {
    /// The session's id.
    pub(crate) id: String,
    /// The node's id.
    pub(crate) target: String,
    /// Where its data channel is, dialled as given.
    pub(crate) stream_url: String,
    /// What opens it.
    pub(crate) token: Secret,
}

/// What is at this end of a session.
#[derive(Debug, Default)]
pub(crate) enum Near {
    /// Standard input and output, or a forward that listens where the session's document says.
    #[default]
    Usual,
    /// A forward that listens here.
    Listens(Listen),
    /// Whoever accepts connections for a forward, told where to hand them over once it is open.
    Handed(oneshot::Sender<mpsc::Sender<Handed>>),
    /// Whoever copies files, at the other end of this socket.
    Carried(UnixStream),
}

/// Holds `session` until it ends, and says how. `signals` were caught before anything else was done, because the
/// `aws` command starts us with the keyboard's signals ignored.
pub(crate) async fn hold(
    session: Session,
    reach: Reach,
    face: Face,
    mut signals: Signals,
    near: Near,
) -> Result<Outcome, Error> {
    let id = session.id.clone();
    let voice = Voice::new(face, &id);
    voice.starting()?;

    let opening = Arc::new(Opening::new(session, reach));
    let socket = tokio::select! {
        opened = opening.first() => opened?,
        signal = signals.end_or_interrupt() => return Ok(Outcome::Signalled(signal)),
    };

    let held = Conversation::new(Arc::clone(&opening), socket, voice, signals, near)
        .hold()
        .await;
    if matches!(held, Err(Error::Peer(_))) {
        // Somebody tampers with it: what was started on the node is not left to them.
        let _ = tokio::time::timeout(END_WITHIN, opening.terminate()).await;
    }
    match held? {
        Ending::Closed { status, reason } => {
            voice.closed(&reason, status)?;
            match status {
                Some(status) => Ok(Outcome::Status(low_byte(status))),
                None if reason.is_empty() && face != Face::Usher => Ok(Outcome::Done),
                None => Err(Error::Ended {
                    session: id,
                    reason,
                }),
            }
        }
        Ending::ClosedWithoutStatus => {
            voice.closed("", None)?;
            Ok(Outcome::Done)
        }
        Ending::TimedOut => {
            voice.timed_out()?;
            Err(Error::TimedOut { session: id })
        }
        Ending::ReaderGone => Ok(Outcome::Done),
        Ending::LeftByKey(signal) => {
            voice.closed("", None)?;
            match face {
                Face::Usher => Ok(Outcome::Signalled(signal)),
                // AWS's plugin takes it for the orderly end that it is.
                Face::Plugin { .. } => Ok(Outcome::Done),
            }
        }
        Ending::Signalled(signal) => Ok(Outcome::Signalled(signal)),
        Ending::LeftByEscape => {
            let ended = tokio::time::timeout(END_WITHIN, opening.terminate());
            ended.await.map_err(|_| Error::Left {
                session: id.clone(),
            })??;
            voice.closed("", None)?;
            Ok(Outcome::Status(LEFT))
        }
    }
}
