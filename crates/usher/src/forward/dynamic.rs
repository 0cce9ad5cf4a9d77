//! `usher forward -D`: a SOCKS proxy whose connections are made by the node.
//!
//! Each place that is asked for is a port session of its own, started when it is needed and ended when it has not been for
//! a while: so each is allowed, shown and ended by itself, and the node's rules hold for each.

use std::collections::HashMap;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use usher_aws::CallerOptions;
use usher_wire::message::DialAnswer;

use super::socks::{Place, asked, reply};
use super::{ForwardRule, Listen};
use crate::client::{self, Connection, Handed, Listener, Near};
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;

/// What a client gets to say where it wants to be connected to.
const ASKED_WITHIN: Duration = Duration::from_secs(30);

/// Connections that wait for one place's session; more of them wait to be accepted.
const WAITING: usize = 64;

/// Places with a session of their own, or lately with one.
const MOST_PLACES: usize = 1024;

/// Clients that have not said yet what they want.
const ASKING: usize = 256;

/// What sessions are started with.
#[derive(Debug, Clone)]
pub(super) struct Through {
    pub(super) node: String,
    pub(super) reason: Option<String>,
    pub(super) options: CallerOptions,
}

/// Serves until a signal says to stop.
pub(super) async fn run(listen: Listen, through: Through) -> Result<Outcome, Error> {
    let mut signals = client::Signals::install().map_err(Error::Terminal)?;
    let bound = Listener::bind(&listen).await;
    let listener = bound.map_err(|cause| Error::Listen {
        listen: listen.clone(),
        cause,
    })?;
    let place = listener.place(&listen).map_err(Error::Terminal)?;
    eprintln!("usher: SOCKS proxy listening on {place}");

    let mut asking = JoinSet::new();
    let mut sessions = JoinSet::new();
    let mut places: HashMap<Place, mpsc::Sender<Handed>> = HashMap::new();
    loop {
        tokio::select! {
            signal = signals.end_or_interrupt() => {
                // Each session has seen the signal too, and ends its own.
                places.clear();
                drop(asking);
                while sessions.join_next().await.is_some() {}
                return Ok(Outcome::Signalled(signal));
            }
            accepted = listener.accept(), if asking.len() < ASKING => {
                let connection = accepted.map_err(|cause| Error::Listen {
                    listen: listen.clone(),
                    cause,
                })?;
                asking.spawn(timeout(ASKED_WITHIN, ask(connection)));
            }
            Some(_) = sessions.join_next() => {}
            Some(wanted) = asking.join_next() => {
                let Ok(Ok(Some((place, handed)))) = wanted else { continue };
                if places.len() >= MOST_PLACES {
                    // Those in use go on; the others end.
                    places.clear();
                }
                let serving = places.entry(place.clone()).or_insert_with(|| {
                    let (to, waiting) = mpsc::channel(WAITING);
                    sessions.spawn(serve(place, through.clone(), waiting));
                    to
                });
                // Where too many wait already, the connection closes.
                let _ = serving.try_send(handed);
            }
        }
    }
}

async fn ask(mut connection: Box<dyn Connection>) -> Option<(Place, Handed)> {
    let place = asked(&mut connection).await.ok()??;
    Some((place, Handed { connection, reply }))
}

/// One place's connections, through one session after another.
async fn serve(place: Place, through: Through, mut waiting: mpsc::Receiver<Handed>) {
    let mut next = waiting.recv().await;
    while let Some(first) = next {
        let left = through_one_session(&place, &through, first, &mut waiting).await;
        next = match left {
            Some(handed) => Some(handed),
            None => waiting.recv().await,
        };
    }
}

/// Starts a session for `first` and hands it what follows. Some connection may come too late for it.
async fn through_one_session(
    place: &Place,
    through: &Through,
    mut first: Handed,
    waiting: &mut mpsc::Receiver<Handed>,
) -> Option<Handed> {
    let (opened, open) = oneshot::channel();
    let mut session = Box::pin(hold(place.clone(), through.clone(), opened));
    let connections = tokio::select! {
        Ok(connections) = open => connections,
        ended = &mut session => {
            report(&ended);
            let answer = (first.reply)(answer_of(&ended));
            let _ = first.connection.write_all(&answer).await;
            return None;
        }
    };
    let mut handed = first;
    loop {
        if let Err(late) = connections.send(handed).await {
            report(&session.await);
            return Some(late.0);
        }
        handed = tokio::select! {
            ended = &mut session => {
                report(&ended);
                return None;
            }
            Some(handed) = waiting.recv() => handed,
        };
    }
}

async fn hold(
    place: Place,
    through: Through,
    opened: oneshot::Sender<mpsc::Sender<Handed>>,
) -> Result<Outcome, Error> {
    let signals = client::Signals::install().map_err(Error::Terminal)?;
    let reach = Reach::find(through.options).await?;
    let rule = ForwardRule {
        listen: Listen::loopback(0),
        host: place.host,
        port: place.port,
    };
    let request = rule.request(&through.node, through.reason.as_deref());
    start_session::with(reach, request, signals, Near::Handed(opened)).await
}

/// Why there is no connection, where there was no session to make it.
fn answer_of(ended: &Result<Outcome, Error>) -> DialAnswer {
    match ended {
        Err(Error::Ended { .. }) => DialAnswer::NotAllowed,
        Err(Error::Call(error)) if error.code() == Some("AccessDeniedException") => {
            DialAnswer::NotAllowed
        }
        Err(Error::Call(error)) if error.code() == Some("ValidationException") => {
            DialAnswer::HostUnreachable
        }
        Err(Error::Call(error)) if error.code() == Some("TargetNotConnected") => {
            DialAnswer::NetworkUnreachable
        }
        _ => DialAnswer::Failed,
    }
}

fn report(ended: &Result<Outcome, Error>) {
    if let Err(error) = ended {
        error.report();
    }
}
