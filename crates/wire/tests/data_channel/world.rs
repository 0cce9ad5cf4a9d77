//! A client and an agent machine joined by a link that loses, repeats, delays, reorders, truncates and breaks, under
//! virtual time. The world drives both as a real driver would and checks each step; it never sleeps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use usher_wire::data_channel::{ClientHello, DataChannel, Event, KeyDemand, KeyRandom};
use usher_wire::frame::{Frame, MessageType, PayloadType};
use usher_wire::message::{SessionType, Terminal};
use uuid::Uuid;

use super::dice::Dice;
use super::end::{End, Script, pattern};
use super::weather::Weather;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Arrive {
        to: usize,
        life: u32,
        message: Vec<u8>,
    },
    Break {
        end: usize,
    },
    Mend {
        end: usize,
    },
    Pause {
        end: usize,
    },
    Start {
        end: usize,
    },
    SinkFree {
        end: usize,
    },
    Mark {
        end: usize,
    },
}

pub(crate) struct World {
    weather: Weather,
    dice: Dice,
    base: Instant,
    now: Duration,
    ends: [End; 2],
    /// The link's life: what was in flight dies with it.
    life: u32,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    order: u64,
}

pub(crate) const CLIENT: usize = 0;
pub(crate) const AGENT: usize = 1;
/// Longer than any run needs, since a lost message costs seconds at most.
const LIMIT: Duration = Duration::from_secs(3600);
/// What the send buffer may hold beyond what the other end has taken.
const BUFFERED: usize = 1024 * 1024 + CHUNK;
const CHUNK: usize = 40 * 1024;

#[expect(
    clippy::disallowed_methods,
    reason = "an Instant has no other maker; virtual time counts from it"
)]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

impl World {
    pub(crate) fn new(
        mut dice: Dice,
        weather: Weather,
        usher: bool,
        encrypted: bool,
        scripts: [Script; 2],
    ) -> Self {
        let base = epoch();
        let terminal = Terminal {
            cols: 80,
            rows: 24,
            ..Terminal::default()
        };
        let hello = ClientHello {
            client_version: "1.2.900.0".to_owned(),
            terminal: usher.then_some(terminal),
        };
        let client = DataChannel::client(base, dice.seed(), hello);
        let (seed, session_type) = (dice.seed(), SessionType::StandardStream);
        let agent = if encrypted {
            let demand = KeyDemand {
                key_id: "alias/sessions".to_owned(),
                challenge: dice.seed(),
            };
            DataChannel::encrypted_agent(base, seed, session_type, &demand)
        } else {
            DataChannel::agent(base, seed, session_type, serde_json::Value::Null)
        };
        let [client_script, agent_script] = scripts;
        let ends = [
            End::new(client, client_script),
            End::new(agent, agent_script),
        ];
        let mut world = Self {
            weather,
            dice,
            base,
            now: Duration::ZERO,
            ends,
            life: 0,
            queue: BinaryHeap::new(),
            order: 0,
        };
        world.schedule_trouble();
        world
    }

    fn schedule_trouble(&mut self) {
        for _ in 0..self.weather.breaks {
            let (end, at) = (self.any_end(), self.dice.below(4000));
            let outage = self.dice.below(3000);
            self.break_at(end, at, outage);
        }
        for _ in 0..self.weather.pauses {
            let (end, at, length) = (self.any_end(), self.dice.below(4000), self.dice.below(3000));
            self.at(at, Happening::Pause { end });
            self.at(at + length, Happening::Start { end });
        }
        for end in [CLIENT, AGENT] {
            for _ in 0..self.ends[end].script.urgent {
                let at = self.dice.below(3000);
                self.at(at, Happening::Mark { end });
            }
        }
    }

    /// Breaks `end`'s transport at `at` for `outage` milliseconds.
    pub(crate) fn break_at(&mut self, end: usize, at: u64, outage: u64) {
        self.at(at, Happening::Break { end });
        self.at(at + outage, Happening::Mend { end });
    }

    fn any_end(&mut self) -> usize {
        if self.dice.percent(50) { CLIENT } else { AGENT }
    }

    fn at(&mut self, ms: u64, happening: Happening) {
        self.after(Duration::from_millis(ms), happening);
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        self.order += 1;
        self.queue
            .push(Reverse((self.now + delay, self.order, happening)));
    }

    /// Runs until both ends are satisfied and nothing more is planned.
    pub(crate) fn run(&mut self) -> Duration {
        self.drive(CLIENT);
        self.drive(AGENT);
        while let Some(next) = self.next_time() {
            self.now = next;
            assert!(self.now < LIMIT, "no end in sight: {}", self.state());
            self.happen();
            for end in [CLIENT, AGENT] {
                let due = self.ends[end]
                    .channel
                    .poll_timeout()
                    .is_some_and(|at| at <= self.base + self.now);
                if due {
                    let now = self.base + self.now;
                    self.ends[end].channel.handle_timeout(now).unwrap();
                    self.drive(end);
                }
            }
        }
        for (end, peer) in [(CLIENT, AGENT), (AGENT, CLIENT)] {
            let (script, taken) = (&self.ends[end].script, self.ends[peer].taken);
            assert_eq!(taken, script.bulk, "bytes delivered: {}", self.state());
            assert_eq!(
                self.ends[peer].seen_marks,
                script.urgent,
                "marks delivered: {}",
                self.state()
            );
            assert!(
                self.ends[end].channel.all_acknowledged(),
                "all acknowledged: {}",
                self.state()
            );
        }
        self.now
    }

    pub(crate) fn channel(&self, end: usize) -> &DataChannel {
        &self.ends[end].channel
    }

    fn state(&self) -> String {
        let show = |end: &End| {
            let counters = end.channel.counters();
            format!("given {} taken {} {counters:?}", end.given, end.taken)
        };
        format!(
            "at {:?}: client {}; agent {}",
            self.now,
            show(&self.ends[CLIENT]),
            show(&self.ends[AGENT])
        )
    }

    fn next_time(&self) -> Option<Duration> {
        let planned = self.queue.peek().map(|Reverse((at, _, _))| *at);
        let timer = |end: &End| {
            end.channel
                .poll_timeout()
                .map(|at| at.saturating_duration_since(self.base))
        };
        let [client, agent] = self.ends.each_ref().map(timer);
        [planned, client, agent]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(self.now))
    }

    fn happen(&mut self) {
        while self
            .queue
            .peek()
            .is_some_and(|Reverse((at, _, _))| *at <= self.now)
        {
            let Some(Reverse((_, _, happening))) = self.queue.pop() else {
                return;
            };
            let now = self.base + self.now;
            let end = match happening {
                Happening::Arrive { to, life, message } => {
                    if life == self.life && self.ends[to].connected {
                        self.ends[to]
                            .channel
                            .handle_message(now, Bytes::from(message))
                            .unwrap();
                    }
                    to
                }
                Happening::Break { end } => {
                    self.life += 1;
                    self.ends[end].connected = false;
                    self.ends[end].channel.handle_disconnected();
                    end
                }
                Happening::Mend { end } => {
                    self.ends[end].connected = true;
                    self.ends[end].channel.handle_connected(now);
                    end
                }
                Happening::Pause { end } => self.publication(end, MessageType::PausePublication),
                Happening::Start { end } => self.publication(end, MessageType::StartPublication),
                Happening::SinkFree { end } => end,
                Happening::Mark { end } => {
                    self.mark(end);
                    end
                }
            };
            self.drive(end);
        }
    }

    fn publication(&mut self, end: usize, message_type: MessageType) -> usize {
        let frame = Frame::unsequenced(message_type, 0, Uuid::nil(), self.wall_ms(), Bytes::new());
        let now = self.base + self.now;
        self.ends[end]
            .channel
            .handle_message(now, frame.encode())
            .unwrap();
        end
    }

    fn wall_ms(&self) -> u64 {
        1_700_000_000_000 + u64::try_from(self.now.as_millis()).unwrap()
    }

    fn mark(&mut self, end: usize) {
        let End {
            channel,
            marked,
            overtakes,
            transmitted,
            ..
        } = &mut self.ends[end];
        let payload = Bytes::copy_from_slice(&marked.to_be_bytes());
        if channel.send_urgent(PayloadType::Flag, payload).is_ok() {
            *marked += 1;
            overtakes.push_back(*transmitted);
        } else {
            self.at(100, Happening::Mark { end });
        }
    }

    /// One turn of a driver: take events, fill from the source, transmit.
    fn drive(&mut self, end: usize) {
        self.take_events(end);
        self.fill(end);
        let (now, wall_ms) = (self.base + self.now, self.wall_ms());
        while let Some(message) = self.ends[end].channel.poll_transmit(now, wall_ms) {
            self.ends[end].note_transmitted(&message);
            self.carry(1 - end, &message);
        }
    }

    fn take_events(&mut self, end: usize) {
        loop {
            if self.ends[end].sink_busy_until > self.now {
                return;
            }
            let Some(event) = self.ends[end].channel.poll_event() else {
                return;
            };
            match event {
                Event::Opened { .. } | Event::HandshakeComplete { .. } => {
                    assert!(!self.ends[end].open, "opened twice");
                    self.ends[end].open = true;
                }
                Event::Payload {
                    payload_type: PayloadType::Output,
                    payload,
                } => {
                    self.ends[end].check_bulk(1 - end, &payload);
                }
                Event::Payload { payload, .. } => {
                    let ahead = self.ends[1 - end].overtakes.pop_front().unwrap();
                    self.ends[end].check_mark(ahead, &payload);
                }
                // The KMS of this world answers at once.
                Event::KeyAsked { .. } => {
                    let offered = self.ends[end].channel.offer_key(&[7; 64], b"key", [1; 12]);
                    offered.unwrap();
                }
                Event::KeyCame { .. } => {
                    let random = KeyRandom {
                        first_nonce: [2; 12],
                        challenge: [3; 16],
                    };
                    self.ends[end].channel.take_key(&[7; 64], random).unwrap();
                }
                Event::Size { .. } | Event::Paused | Event::Resumed => {}
                Event::Closed { output } => panic!("nobody closed the channel: {output}"),
                Event::Notice { text } => panic!("nobody had anything to say: {text}"),
            }
            if self.dice.percent(self.weather.slow_sink / 8) {
                let busy = Duration::from_millis(self.dice.below(400));
                self.ends[end].sink_busy_until = self.now + busy;
                self.after(busy, Happening::SinkFree { end });
            }
        }
    }

    fn fill(&mut self, end: usize) {
        let wall = self.ends[1 - end].taken;
        let End {
            channel,
            script,
            given,
            open,
            ..
        } = &mut self.ends[end];
        // An agent's shell exists only once the session is open; a client's keyboard always does.
        if end == AGENT && !*open {
            return;
        }
        while *given < script.bulk && channel.writable() {
            let size = 1 + usize::try_from(self.dice.below(CHUNK as u64)).unwrap();
            let size = if self.dice.percent(50) {
                size % 64 + 1
            } else {
                size
            };
            let size = size.min(script.bulk - *given);
            channel
                .send(PayloadType::Output, Bytes::from(pattern(end, *given, size)))
                .unwrap();
            *given += size;
            assert!(*given - wall <= BUFFERED, "more is buffered than may be");
        }
    }

    fn carry(&mut self, to: usize, message: &Bytes) {
        if self.ends.iter().any(|end| !end.connected) || self.dice.percent(self.weather.loss) {
            return;
        }
        let copies = if self.dice.percent(self.weather.repeats) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let mut message = message.to_vec();
            if self.dice.percent(self.weather.truncation) {
                message.truncate(usize::try_from(self.dice.below(message.len() as u64)).unwrap());
            }
            let delay = self.weather.delay + self.dice.below(self.weather.jitter);
            let life = self.life;
            self.at(delay, Happening::Arrive { to, life, message });
        }
    }
}
