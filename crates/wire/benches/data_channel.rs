//! The data channel by itself: two machines joined by nothing but function calls, so that no socket, terminal or
//! scheduler is in the figures.
//!
//! `cargo xtask bench --micro` runs it.

use std::time::Instant;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use usher_wire::data_channel::{ClientHello, DataChannel, Event, KeyDemand, KeyRandom};
use usher_wire::frame::PayloadType;
use usher_wire::message::{SessionType, Terminal};

/// What a terminal gives at once, and what one read of ours takes.
const READS: [usize; 3] = [1024, 4096, 32 * 1024];
const FLOOD: usize = 4 * 1024 * 1024;
const KEYS: usize = 1000;

fn main() {
    divan::main();
}

/// Both ends of an open session.
struct Pair {
    agent: DataChannel,
    client: DataChannel,
    now: Instant,
}

impl Pair {
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant has no other maker; it stands for any time"
    )]
    fn open(terminal: Option<Terminal>, is_encrypted: bool) -> Self {
        let now = Instant::now();
        let hello = ClientHello {
            client_version: "1.2.900.0".to_owned(),
            terminal,
        };
        let demand = KeyDemand {
            key_id: "alias/sessions".to_owned(),
            challenge: [3; 16],
        };
        let session_type = SessionType::StandardStream;
        let mut pair = Self {
            agent: if is_encrypted {
                DataChannel::encrypted_agent(now, [1; 16], session_type, &demand)
            } else {
                DataChannel::agent(now, [1; 16], session_type, serde_json::Value::Null)
            },
            client: DataChannel::client(now, [2; 16], hello),
            now,
        };
        pair.settle();
        pair
    }

    /// Carries messages both ways until neither end has any; how many payload bytes were delivered.
    fn settle(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            let moved = carry(&mut self.agent, &mut self.client, self.now, &mut delivered)
                + carry(&mut self.client, &mut self.agent, self.now, &mut delivered);
            if moved == 0 {
                return delivered;
            }
        }
    }
}

fn carry(from: &mut DataChannel, to: &mut DataChannel, now: Instant, bytes: &mut usize) -> usize {
    let mut moved = 0;
    while let Some(message) = from.poll_transmit(now, 1) {
        // Both ends are ours: a breach would show as bytes that are missing.
        let _ = to.handle_message(now, message);
        moved += 1;
    }
    while let Some(event) = to.poll_event() {
        match event {
            Event::Payload { payload, .. } => *bytes += payload.len(),
            // KMS answers at once. A key that is not taken would show as bytes that are missing.
            Event::KeyAsked { .. } => drop(to.offer_key(&[7; 64], b"key", [1; 12])),
            Event::KeyCame { .. } => {
                let random = KeyRandom {
                    first_nonce: [2; 12],
                    challenge: [4; 16],
                };
                drop(to.take_key(&[7; 64], random));
            }
            _ => {}
        }
    }
    moved
}

fn flood(bencher: Bencher<'_, '_>, read: usize, terminal: Option<&Terminal>, is_encrypted: bool) {
    let payload = Bytes::from(vec![b'x'; read]);
    bencher
        .counter(BytesCount::new(FLOOD))
        .with_inputs(|| Pair::open(terminal.cloned(), is_encrypted))
        .bench_values(|mut pair| {
            let mut delivered = 0;
            for _ in 0..FLOOD / read {
                while pair
                    .agent
                    .send(PayloadType::Output, payload.clone())
                    .is_err()
                {
                    delivered += pair.settle();
                }
            }
            delivered += pair.settle();
            assert_eq!(delivered, FLOOD);
        });
}

#[divan::bench(args = READS)]
fn output_to_our_client(bencher: Bencher<'_, '_>, read: usize) {
    flood(bencher, read, Some(&Terminal::default()), false);
}

#[divan::bench(args = READS)]
fn output_to_our_client_under_kms(bencher: Bencher<'_, '_>, read: usize) {
    flood(bencher, read, Some(&Terminal::default()), true);
}

#[divan::bench(args = READS)]
fn output_to_the_plugin_of_aws(bencher: Bencher<'_, '_>, read: usize) {
    flood(bencher, read, None, false);
}

#[divan::bench]
fn keys_and_their_echoes(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(KEYS))
        .with_inputs(|| Pair::open(Some(Terminal::default()), false))
        .bench_values(|mut pair| {
            for _ in 0..KEYS {
                let key = Bytes::from_static(b"k");
                let sent = pair.client.send(PayloadType::Output, key.clone());
                let arrived = pair.settle();
                let echoed = pair.agent.send(PayloadType::Output, key);
                assert_eq!((arrived, pair.settle()), (1, 1));
                assert!(sent.is_ok() && echoed.is_ok());
            }
        });
}
