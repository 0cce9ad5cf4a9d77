//! A peer that reads one HTTP/1.1 request and gives one prepared answer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use usher_aws::Endpoint;

/// One request as it came.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Headers in order, names as sent.
    pub(crate) fn headers(&self) -> Vec<(&str, &[u8])> {
        let pairs = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        pairs
            .map(|(name, value)| (name, value.as_bytes()))
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }
}

/// Listens on a free port and answers the first request with `answer`, which is a whole HTTP response.
pub(crate) async fn answering(answer: String) -> (Endpoint, JoinHandle<Received>) {
    let (endpoint, listener) = listening().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = receive(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (endpoint, served)
}

/// Answers the first request of every connection and then, with the connection still open, none any more: as a network
/// does that has forgotten it.
pub(crate) async fn answering_once_a_connection(answer: String) -> Endpoint {
    let (endpoint, listener) = listening().await;
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            receive(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            silent.push(stream);
        }
    });
    endpoint
}

async fn listening() -> (Endpoint, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    (endpoint, listener)
}

async fn receive(stream: &mut TcpStream) -> Received {
    let mut received = Vec::new();
    let (head, mut body) = loop {
        let mut chunk = [0u8; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        assert_ne!(n, 0, "the client hung up");
        received.extend_from_slice(&chunk[..n]);
        if let Some(at) = received.windows(4).position(|w| w == b"\r\n\r\n") {
            break (
                String::from_utf8(received[..at].to_vec()).unwrap(),
                received[at + 4..].to_vec(),
            );
        }
    };
    let mut request = Received {
        head,
        body: Vec::new(),
    };
    let length: usize = request
        .header("content-length")
        .map_or(0, |v| v.parse().unwrap());
    while body.len() < length {
        let mut chunk = [0u8; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        body.extend_from_slice(&chunk[..n]);
    }
    request.body = body;
    request
}

/// A response with a body.
pub(crate) fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
