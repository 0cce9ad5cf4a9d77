//! Asking the session's dialer for connections and matching its answers.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use usher_sys::set_nonblocking;
use usher_wire::message::DialAnswer;

use crate::ipc::{AsyncLink, FromDialer, LinkError, NotDialed, ToDialer};

/// Askers that wait for the dialer's ear; more wait behind them.
const ASKS: usize = 64;

/// Connections that may be in the making at once, in all.
const MOST_PENDING: usize = 1024;

type Answer = Result<TcpStream, NotDialed>;

/// Where connections come from. Clones ask the same dialer.
#[derive(Clone, Debug)]
pub(in crate::session) struct Dials {
    asks: mpsc::Sender<oneshot::Sender<Answer>>,
}

impl Dials {
    /// Takes over the dialer's socket; call it inside a runtime. The task that answers ends with the last clone.
    pub(in crate::session) fn start(dialer: OwnedFd) -> Result<Self, LinkError> {
        let link = AsyncLink::new(dialer)?;
        let (asks, asked) = mpsc::channel(ASKS);
        tokio::spawn(answer(link, asked));
        Ok(Self { asks })
    }

    /// One connection, or why there is none.
    pub(super) async fn dial(&self) -> Answer {
        let gone = || failed("The node's connecting process is gone.".to_owned());
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

async fn answer(mut link: AsyncLink, mut asked: mpsc::Receiver<oneshot::Sender<Answer>>) {
    let mut pending: HashMap<u32, oneshot::Sender<Answer>> = HashMap::new();
    let mut last = 0_u32;
    loop {
        tokio::select! {
            ask = asked.recv(), if pending.len() < MOST_PENDING => {
                let Some(ask) = ask else { return };
                last = last.wrapping_add(1);
                if link.send(&ToDialer::Dial { id: last }).is_err() {
                    return;
                }
                pending.insert(last, ask);
            }
            said = link.next() => {
                let (id, answer) = match said {
                    Ok(FromDialer::Dialed { id, socket }) => (id, adopt(socket)),
                    Ok(FromDialer::NotDialed { id, refusal }) => (id, Err(refusal)),
                    // Whoever still waits hears of it by the end of the channel.
                    Err(_) => return,
                };
                if let Some(ask) = pending.remove(&id) {
                    let _ = ask.send(answer);
                }
            }
        }
    }
}

fn adopt(socket: OwnedFd) -> Answer {
    let stream = set_nonblocking(&socket)
        .and_then(|()| TcpStream::from_std(std::net::TcpStream::from(socket)));
    stream.map_err(|error: io::Error| failed(format!("The connection cannot be used: {error}.")))
}

fn failed(sentence: String) -> NotDialed {
    NotDialed {
        answer: DialAnswer::Failed,
        sentence,
    }
}
