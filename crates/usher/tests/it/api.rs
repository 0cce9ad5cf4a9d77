//! The few API answers a client needs, from a table: operation to JSON.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An endpoint that answers what it was told to.
pub(crate) struct Api {
    url: String,
    called: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// Answers each operation with its value and status 200, others with an error.
    pub(crate) async fn new(answers: &[(&str, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers: HashMap<String, String> = answers
            .iter()
            .map(|(operation, value)| ((*operation).to_owned(), value.to_string()))
            .collect();
        let called = Arc::new(Mutex::new(Vec::new()));
        let (answers, log) = (Arc::new(answers), Arc::clone(&called));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&answers), Arc::clone(&log)));
            }
        });
        Self { url, called }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The operations that were called, in order.
    pub(crate) fn called(&self) -> Vec<String> {
        self.called.lock().unwrap().clone()
    }
}

async fn answer(
    mut stream: TcpStream,
    answers: Arc<HashMap<String, String>>,
    called: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").map_or(0, |value| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let operation = header("x-amz-target").unwrap().replace("AmazonSSM.", "");
    let unknown = r#"{"__type":"AccessDeniedException","message":"you may not"}"#.to_owned();
    let (status, body) = match answers.get(&operation) {
        Some(answer) => ("200 OK", answer.clone()),
        None => ("400 Bad Request", unknown),
    };
    called.lock().unwrap().push(operation);
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}
