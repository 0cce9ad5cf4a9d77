//! `CONNECT`, for clients that insist on AWS's names for their services: they are set to this server as their HTTPS proxy,
//! ask it for one of those names, and speak TLS with the server itself on the same connection.
//!
//! It leads nowhere else. A proxy that connected to other hosts, or to this machine's other ports, would be a way into the
//! network.

use std::io;

use http::uri::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::limits;

/// Bytes of the longest request.
const LONGEST: usize = 8 * 1024;

/// The hosts that are this server by another name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// In lower case.
    pub(crate) hosts: Vec<String>,
    /// Every name below this one, too.
    pub(crate) below: Option<String>,
}

impl Names {
    /// Whether `CONNECT` may ask for this authority.
    fn admit(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        let host = authority.host().to_ascii_lowercase();
        let is_below = |domain: &String| {
            host.strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
        };
        authority.port_u16() == Some(443)
            && (self.hosts.contains(&host) || self.below.as_ref().is_some_and(is_below))
    }
}

/// Answers the request; true if TLS follows on the stream.
pub(super) async fn open(stream: &mut TcpStream, names: &Names) -> io::Result<bool> {
    let head = match tokio::time::timeout(limits::HEAD_TIME, head(stream)).await {
        Ok(head) => head?,
        Err(_) => return Ok(false),
    };
    let (answer, is_open) = match asked(&head) {
        Some(authority) if names.admit(authority) => (
            "HTTP/1.1 200 Connection established\r\n\r\n".to_owned(),
            true,
        ),
        Some(_) => (refusal("403 Forbidden", names), false),
        None => (refusal("405 Method Not Allowed", names), false),
    };
    stream.write_all(answer.as_bytes()).await?;
    Ok(is_open)
}

/// The request up to its empty line, and not a byte of what follows. Nothing may follow: TLS begins with our answer.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// What a `CONNECT` asks for; none for another method.
fn asked(head: &str) -> Option<&str> {
    let mut words = head.lines().next()?.split(' ');
    (words.next() == Some("CONNECT")).then(|| words.next())?
}

fn refusal(status: &str, names: &Names) -> String {
    let below = names.below.iter().map(|domain| format!("*.{domain}"));
    let names: Vec<String> = names.hosts.iter().cloned().chain(below).collect();
    let text = format!(
        "This proxy connects to port 443 of {} alone. For other hosts use none: set NO_PROXY.\n",
        names.join(", ")
    );
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_names_are_connected_to() {
        let names = Names {
            hosts: vec!["kms.usher-1.amazonaws.com".to_owned()],
            below: Some("s3.usher-1.amazonaws.com".to_owned()),
        };
        for refused in [
            "",
            "kms.usher-1.amazonaws.com",
            "kms.usher-1.amazonaws.com:80",
            "kms.us-east-1.amazonaws.com:443",
            "x.kms.usher-1.amazonaws.com:443",
            "s3.usher-1.amazonaws.com:443",
            ".s3.usher-1.amazonaws.com:443",
            "evils3.usher-1.amazonaws.com:443",
            "127.0.0.1:443",
            "kms.usher-1.amazonaws.com@127.0.0.1:443",
        ] {
            assert!(!names.admit(refused), "{refused}");
        }
        for admitted in [
            "kms.usher-1.amazonaws.com:443",
            "KMS.usher-1.amazonaws.com:443",
            "logs.s3.usher-1.amazonaws.com:443",
        ] {
            assert!(names.admit(admitted), "{admitted}");
        }
    }

    #[test]
    fn another_method_asks_for_nothing() {
        assert_eq!(asked("GET kms:443 HTTP/1.1\r\n\r\n"), None);
        assert_eq!(asked("connect kms:443 HTTP/1.1\r\n\r\n"), None);
        assert_eq!(asked("CONNECT kms:443 HTTP/1.1\r\n\r\n"), Some("kms:443"));
    }
}
