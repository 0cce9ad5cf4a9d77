//! How many calls a second a server answers: one that only reads memory, one that reads the database, and StartSession.
//!
//! Sixty-four callers, each on a connection of its own that stays open, on the cores that the server has too. Their
//! requests are signed beforehand; the server checks each signature. What is measured is the server as it is shipped:
//! SQLite with every commit synced, the audit trail, and a recording begun for every session. Each figure comes
//! with how many synced writes the same disk made a second just before, one after the other, so that what waits for the
//! disk can be told from what does not. Wants an idle machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    dead_code,
    unused_imports,
    reason = "the tests' helpers have more than is needed here"
)]

#[path = "../tests/it/client.rs"]
mod client;
#[path = "../tests/it/database.rs"]
mod database;
#[path = "../tests/it/gateway_peers.rs"]
mod gateway_peers;
#[path = "../tests/it/harness.rs"]
mod harness;
#[path = "../tests/it/nodes.rs"]
mod nodes;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use gateway_peers::{Node, acknowledge};
use harness::Running;

const CALLERS: usize = 64;
/// Calls at a stretch. Somebody may have two hundred sessions at a time.
const CALLS: usize = 192;
/// Stretches in a round. The sessions of one are ended before the next, while no time is taken.
const STRETCHES: usize = 4;
/// Each with a server of its own, whose node never says that a session is over and may have nine hundred.
const ROUNDS: usize = 5;

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let calls = CALLS * STRETCHES;
    println!("{CALLERS} callers, {calls} calls a round, {ROUNDS} rounds; calls a second");
    for operation in [
        "GetConnectionStatus",
        "DescribeInstanceInformation",
        "StartSession",
    ] {
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            let (calls, synced) = round(operation).await;
            found.push(format!("{calls:.0} (synced writes: {synced:.0})"));
        }
        println!("{operation:27} {}", found.join(", "));
    }
}

/// Calls a second, and synced writes a second.
async fn round(operation: &str) -> (f64, f64) {
    let server =
        Running::start_with(|_, config| config.identity_check = Duration::from_secs(60)).await;
    let node = Node::register(&server).await;
    let taking = connected(&server, &node).await;
    let input = match operation {
        "DescribeInstanceInformation" => json!({}),
        _ => json!({"Target": node.id}),
    };
    let request = request(&server, operation, &input);
    let synced = syncs_a_second(server.folder());
    let mut taken = Duration::ZERO;
    for _ in 0..STRETCHES {
        let (time, answers) = stretch(&server, &request).await;
        taken += time;
        end_sessions(&server, &answers).await;
    }
    taking.abort();
    server.stop().await;
    ((CALLS * STRETCHES) as f64 / taken.as_secs_f64(), synced)
}

async fn end_sessions(server: &Running, answers: &[Value]) {
    let sessions = answers
        .iter()
        .filter_map(|answer| answer["SessionId"].as_str());
    for session in sessions {
        let session = json!({"SessionId": session});
        let ended = server.ssm(&server.admin, "TerminateSession", &session);
        ended.await.served();
    }
}

/// Connects the node, which takes what it is sent.
async fn connected(server: &Running, node: &Node) -> JoinHandle<()> {
    let mut control = node.control(server).await;
    tokio::spawn(async move {
        loop {
            let task = control.next_frame().await;
            control.frame(&acknowledge(&task)).await;
        }
    })
}

/// The signed call, to the byte, on a connection that stays open.
fn request(server: &Running, operation: &str, input: &Value) -> Arc<[u8]> {
    let call = server
        .ssm_call(operation, input)
        .signed(&server.admin, "ssm", server.now());
    let mut bytes = format!(
        "POST / HTTP/1.1\r\ncontent-length: {}\r\n",
        call.content.len()
    );
    for (name, value) in &call.headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), &call.content].concat().into()
}

/// Makes the calls; how long they took, and their answers.
async fn stretch(server: &Running, request: &Arc<[u8]>) -> (Duration, Vec<Value>) {
    let left = Arc::new(AtomicUsize::new(CALLS));
    let mut streams = Vec::new();
    for _ in 0..CALLERS {
        let stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let begun = Instant::now();
    let callers: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(call(stream, Arc::clone(request), Arc::clone(&left))))
        .collect();
    let mut answers = Vec::new();
    for caller in callers {
        answers.extend(caller.await.unwrap());
    }
    let taken = begun.elapsed();
    let answers = answers.iter().map(|answer| json_of(answer)).collect();
    (taken, answers)
}

/// Calls until there are no calls left.
async fn call(mut stream: TcpStream, request: Arc<[u8]>, left: Arc<AtomicUsize>) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    let one_less = |left: usize| left.checked_sub(1);
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
        .is_ok()
    {
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::with_capacity(2 << 10);
        while !is_whole(&answer) {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        answers.push(answer);
    }
    answers
}

/// The body of an answer, which must be that of a success.
fn json_of(answer: &[u8]) -> Value {
    let text = String::from_utf8_lossy(answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .expect("an answer says how long it is");
    answer.len() == head + 4 + length.parse::<usize>().unwrap()
}

/// Writes of a page, each synced before the next, as one writer of a database makes them.
fn syncs_a_second(folder: &Path) -> f64 {
    const WRITES: u32 = 300;
    let mut file = File::create(folder.join("synced")).unwrap();
    let begun = Instant::now();
    for _ in 0..WRITES {
        file.write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    f64::from(WRITES) / begun.elapsed().as_secs_f64()
}
