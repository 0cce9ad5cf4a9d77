//! One leg of a session as a network would treat it: a TCP proxy that strikes where the forecast says.
//!
//! It carries API calls, control channels and data channels alike, and none of them is spared. It knows no frames. One
//! thing it changes: the server names its own address in the answers to clients, and the proxy puts its own there.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::forecast::{Kind, Stroke};
use super::place::Order;

/// How long late bytes wait for the connection that replaces theirs.
const LATE: Duration = Duration::from_secs(2);

/// A running proxy in front of the server.
pub(crate) struct Proxy {
    address: SocketAddr,
    leg: Arc<Leg>,
}

struct Leg {
    address: SocketAddr,
    server: SocketAddr,
    sky: Mutex<Sky>,
    changed: Condvar,
    /// All that has passed on each connection either way, once it was asked for.
    tapes: Mutex<Option<Tapes>>,
    keeper: SyncSender<Order>,
}

#[derive(Default)]
struct Sky {
    strokes: VecDeque<Stroke>,
    /// Bytes since the last stroke.
    passed: u64,
    /// Connections so far; each one's number is how many there were with it.
    connections: u64,
    /// The newest connection on which the server has answered.
    answered: u64,
    /// Connections up to this number are dead: what is sent on them is lost, and nobody is told.
    dead: u64,
    /// No stroke falls on a call, or because of one.
    spares_calls: bool,
    stopped: bool,
}

/// Both sockets of one connection. The dead ones stay open here until the proxy is dropped.
struct Pair {
    number: u64,
    peer: TcpStream,
    server: TcpStream,
    is_api: AtomicBool,
}

/// By the connection's number.
type Tapes = BTreeMap<(u64, Way), Vec<u8>>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ToServer,
    ToPeer,
}

enum Verdict {
    Pass,
    Lose,
    Strike { keep: usize, kind: Kind },
}

impl Proxy {
    /// Starts one in fair weather. `keeper` is asked to kill the server when the forecast says so.
    pub(crate) fn start(server: SocketAddr, keeper: SyncSender<Order>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let leg = Arc::new(Leg {
            address,
            server,
            sky: Mutex::default(),
            changed: Condvar::new(),
            tapes: Mutex::default(),
            keeper,
        });
        let serving = Arc::clone(&leg);
        thread::spawn(move || serving.accept(&listener));
        Self { address, leg }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From here on the weather is this; strokes that are still due are forgotten.
    pub(crate) fn set_weather(&self, strokes: &[Stroke]) {
        let mut sky = self.leg.sky.lock().unwrap();
        sky.strokes = strokes.iter().copied().collect();
        sky.passed = 0;
    }

    /// From here on strokes are for channels alone: who begins something is let begin it.
    pub(crate) fn spare_calls(&self) {
        self.leg.sky.lock().unwrap().spares_calls = true;
    }

    /// Records what passes from here on, and hands back what was recorded before.
    pub(crate) fn record(&self) -> Vec<Vec<u8>> {
        let before = self.leg.tapes.lock().unwrap().replace(Tapes::new());
        before.unwrap_or_default().into_values().collect()
    }

    /// How many strokes have not fallen yet.
    pub(crate) fn strokes_left(&self) -> usize {
        self.leg.sky.lock().unwrap().strokes.len()
    }

    /// Lets every present connection go dead without a word to either end. New ones are not touched.
    pub(crate) fn fall_silent(&self) {
        let mut sky = self.leg.sky.lock().unwrap();
        sky.dead = sky.connections;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.leg.sky.lock().unwrap().stopped = true;
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
    }
}

impl Leg {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while let Ok((peer, _)) = listener.accept() {
            if self.sky.lock().unwrap().stopped {
                return;
            }
            // A server that is away is a connection that ends at once.
            let Ok(server) = TcpStream::connect(self.server) else {
                continue;
            };
            let number = {
                let mut sky = self.sky.lock().unwrap();
                sky.connections += 1;
                sky.connections
            };
            let pair = Arc::new(Pair {
                number,
                peer,
                server,
                is_api: AtomicBool::new(false),
            });
            for way in [Way::ToServer, Way::ToPeer] {
                let (leg, pair) = (Arc::clone(self), Arc::clone(&pair));
                thread::spawn(move || leg.carry(&pair, way));
            }
        }
    }

    /// Carries one direction until it ends.
    fn carry(&self, pair: &Pair, way: Way) {
        let (mut from, mut to) = match way {
            Way::ToServer => (&pair.peer, &pair.server),
            Way::ToPeer => (&pair.server, &pair.peer),
        };
        let mut buffer = vec![0; 16 * 1024];
        let mut is_first = true;
        loop {
            let length = from.read(&mut buffer).unwrap_or(0);
            let mut bytes = buffer[..length].to_vec();
            if is_first && way == Way::ToServer {
                pair.is_api
                    .store(bytes.starts_with(b"POST / "), Ordering::Relaxed);
            }
            is_first = false;
            if let Some(tapes) = &mut *self.tapes.lock().unwrap() {
                let tape = tapes.entry((pair.number, way)).or_default();
                tape.extend_from_slice(&bytes);
            }
            if way == Way::ToPeer && pair.is_api.load(Ordering::Relaxed) {
                self.rename(&mut bytes);
            }
            match self.judge(pair, way, length) {
                Verdict::Lose if length == 0 => return self.until_stopped(),
                Verdict::Lose => {}
                Verdict::Pass | Verdict::Strike { .. } if length == 0 => {
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                }
                Verdict::Pass => {
                    if to.write_all(&bytes).is_err() {
                        let _ = from.shutdown(Shutdown::Both);
                        return;
                    }
                }
                Verdict::Strike { keep, kind } => {
                    let _ = to.write_all(&bytes[..keep]);
                    let rest = &bytes[keep..];
                    match kind {
                        Kind::Delay(time) => {
                            thread::sleep(time);
                            let _ = to.write_all(rest);
                            continue;
                        }
                        Kind::KillServer => {
                            let _ = self.keeper.try_send(Order::KillAndStart);
                            let _ = to.write_all(rest);
                            continue;
                        }
                        Kind::HalfClose => {
                            let _ = to.shutdown(Shutdown::Write);
                            return;
                        }
                        Kind::Late => {
                            let _ = from.shutdown(Shutdown::Both);
                            self.until_replaced(pair.number);
                            let _ = to.write_all(rest);
                        }
                        Kind::Cut => {
                            let _ = to.write_all(rest);
                        }
                        Kind::Truncate => {}
                    }
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.shutdown(Shutdown::Both);
                    return;
                }
            }
        }
    }

    fn judge(&self, pair: &Pair, way: Way, length: usize) -> Verdict {
        let number = pair.number;
        let mut sky = self.sky.lock().unwrap();
        if number <= sky.dead {
            return Verdict::Lose;
        }
        if way == Way::ToPeer && length > 0 && number > sky.answered {
            sky.answered = number;
            self.changed.notify_all();
        }
        if sky.spares_calls && pair.is_api.load(Ordering::Relaxed) {
            return Verdict::Pass;
        }
        let before = sky.passed;
        sky.passed += length as u64;
        match sky.strokes.front().copied() {
            Some(Stroke { after, kind }) if sky.passed >= after && length > 0 => {
                sky.strokes.pop_front();
                sky.passed = 0;
                Verdict::Strike {
                    keep: usize::try_from(after.saturating_sub(before)).unwrap(),
                    kind,
                }
            }
            _ => Verdict::Pass,
        }
    }

    /// Puts this proxy's address where the server wrote its own, which is as long.
    fn rename(&self, bytes: &mut [u8]) {
        let (theirs, ours) = (self.server.to_string(), self.address.to_string());
        assert_eq!(theirs.len(), ours.len(), "{theirs} and {ours}");
        let found = bytes
            .windows(theirs.len())
            .position(|window| window == theirs.as_bytes());
        if let Some(at) = found {
            bytes[at..at + ours.len()].copy_from_slice(ours.as_bytes());
        }
    }

    fn until_replaced(&self, number: u64) {
        let sky = self.sky.lock().unwrap();
        drop(
            self.changed
                .wait_timeout_while(sky, LATE, |sky| sky.answered <= number),
        );
    }

    /// A dead connection's sockets stay open as long as there is a proxy.
    fn until_stopped(&self) {
        let sky = self.sky.lock().unwrap();
        drop(self.changed.wait_while(sky, |sky| !sky.stopped));
    }
}
