//! A client so plain that it can also misbehave: one request to the byte, one answer as it came.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{Request, SigningCredentials, SigningScope, sign};

use crate::harness::{Keys, REGION};

/// One request, to the byte.
#[derive(Clone)]
pub(crate) struct Http {
    address: SocketAddr,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
    chunked: bool,
    breaks_off: bool,
    path: String,
    pub(crate) method: &'static str,
}

impl Http {
    pub(crate) fn post(address: SocketAddr) -> Self {
        let headers = vec![("host".to_owned(), address.to_string())];
        Self {
            address,
            headers,
            content: Vec::new(),
            chunked: false,
            breaks_off: false,
            path: "/".to_owned(),
            method: "POST",
        }
    }

    pub(crate) fn get(address: SocketAddr, path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            ..Self::post(address)
        }
    }

    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn at(self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.content = body.as_bytes().to_vec();
        self
    }

    /// Sends the body as AWS's agent does, without saying how long it is.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Ends what is sent before the last byte of the body, as a cut network does, and still listens.
    pub(crate) fn breaking_off(mut self) -> Self {
        self.breaks_off = true;
        self
    }

    /// Hands the request to a signer of `usher_wire` and adds the headers it returns.
    pub(crate) fn add_headers(
        mut self,
        signer: impl FnOnce(&Request<'_>) -> Vec<(&'static str, String)>,
    ) -> Self {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let request = Request {
            method: self.method,
            path,
            query,
            headers: &headers,
            body: &self.content,
        };
        let added = signer(&request);
        self.headers.extend(
            added
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        self
    }

    pub(crate) fn signed(self, keys: &Keys, service: &str, now_ms: u64) -> Self {
        self.signed_for(keys, service, REGION, now_ms)
    }

    pub(crate) fn signed_for(self, keys: &Keys, service: &str, region: &str, now_ms: u64) -> Self {
        let credentials = SigningCredentials {
            access_key_id: keys.id.clone(),
            secret: Secret::from(keys.secret.as_str()),
            session_token: keys.token.as_deref().map(Secret::from),
        };
        self.add_headers(|request| {
            sign(
                request,
                &credentials,
                &SigningScope {
                    region,
                    service,
                    now_ms,
                },
            )
            .unwrap()
        })
    }

    pub(crate) async fn send(self) -> Reply {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nconnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.content.len();
        let mut content = match self.chunked {
            false => {
                head.push_str(&format!("content-length: {length}\r\n"));
                self.content
            }
            true => {
                head.push_str("transfer-encoding: chunked\r\n");
                [
                    format!("{length:x}\r\n").as_bytes(),
                    &self.content,
                    b"\r\n0\r\n\r\n",
                ]
                .concat()
            }
        };
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer and close before it has read a body it refuses.
        if self.breaks_off {
            content.pop();
        }
        let _ = stream.write_all(&content).await;
        if self.breaks_off {
            stream.shutdown().await.unwrap();
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Reply::parse(&answer)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The text of the first XML element `name`.
    pub(crate) fn element(&self, name: &str) -> String {
        self.find(name)
            .unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    pub(crate) fn find(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    }

    /// Status and AWS error code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = match self.body.starts_with('{') {
            true => self.json()["__type"]
                .as_str()
                .unwrap_or("no code")
                .to_owned(),
            false => self.find("Code").unwrap_or_else(|| "no code".to_owned()),
        };
        (self.status, code)
    }

    pub(crate) fn message(&self) -> String {
        match self.body.starts_with('{') {
            true => self.json()["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            false => self.find("Message").unwrap_or_default(),
        }
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.refusal(), (status, code.to_owned()), "{}", self.body);
        assert!(self.header("x-amzn-requestid").is_some(), "{}", self.head);
        assert!(self.header("date").is_some(), "{}", self.head);
    }

    #[track_caller]
    pub(crate) fn served(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.header("x-amzn-requestid").is_some(), "{}", self.head);
        assert!(self.header("date").is_some(), "{}", self.head);
        self
    }
}
