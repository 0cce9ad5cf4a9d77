//! Many connections at once through one forward: none gets a byte of another, and each keeps its half-close.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

use super::{Forward, LOCAL, aws, listener};
use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::skip::lacks;

const CONNECTIONS: u64 = 200;

/// Sums that no lost, doubled or swapped byte leaves alone (FNV-1a).
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Bytes of its own for each connection, of a length of its own.
fn bytes_of(number: u64) -> Vec<u8> {
    let length = 1 + number * 997 % 200_000;
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let bytes = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    });
    bytes.collect()
}

/// Answers each connection, once it has said all, with the checksum of what it said and as many bytes again.
fn answer(listener: &TcpListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        thread::spawn(move || {
            let mut said = Vec::new();
            if stream.read_to_end(&mut said).is_err() {
                return;
            }
            let _ = stream.write_all(&checksum(&said).to_be_bytes());
            said.reverse();
            let _ = stream.write_all(&said);
        });
    }
}

#[test]
fn two_hundred_connections_at_once_each_get_their_own_bytes_back() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let (listener, port) = listener();
    thread::spawn(move || answer(&listener));
    let forward = Forward::start(&mut aws(&fixture, LOCAL, &[("portNumber", &port)]));
    // All are open before any of them says a word.
    let streams: Vec<_> = (0..CONNECTIONS).map(|_| forward.connect()).collect();
    let people: Vec<_> = streams
        .into_iter()
        .zip(0..)
        .map(|(mut stream, number)| {
            thread::spawn(move || {
                let mut bytes = bytes_of(number);
                stream.write_all(&bytes).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).unwrap();
                let sum = checksum(&bytes).to_be_bytes();
                bytes.reverse();
                let whole = answer.len() == 8 + bytes.len()
                    && answer[..8] == sum
                    && answer[8..] == bytes[..];
                (number, whole, answer.len(), bytes.len())
            })
        })
        .collect();
    for person in people {
        let (number, whole, got, sent) = person.join().unwrap();
        assert!(whole, "connection {number}: {got} bytes for {sent}");
    }
}
