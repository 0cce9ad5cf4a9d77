//! Reaching a host through the HTTP proxy the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`):
//! WebSockets need it done by hand, since the proxy must not see the upgrade. Loopback is never proxied.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::endpoint::Endpoint;

/// A proxy's answer to CONNECT has no reason to be longer.
const MAX_ANSWER: usize = 8 * 1024;

/// What went wrong between us and the other end of the TCP connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("{0}")]
    Tcp(#[from] std::io::Error),
    #[error("the proxy {proxy} answered `{answer}`")]
    Proxy { proxy: String, answer: String },
}

/// A TCP connection to the host of `target`, whose scheme is `http` or `https` even for WebSockets.
pub(crate) async fn dial(target: &Uri) -> Result<TcpStream, DialError> {
    let host = target.host().unwrap_or_default();
    let port = target
        .port_u16()
        .unwrap_or(if target.scheme_str() == Some("https") {
            443
        } else {
            80
        });
    let proxy = if is_loopback(host) {
        None
    } else {
        Matcher::from_env().intercept(target)
    };
    let stream = match proxy {
        Some(proxy) => through(&proxy, host, port).await?,
        None => TcpStream::connect((host.trim_matches(['[', ']']), port)).await?,
    };
    // Keystrokes are single small messages: waiting to fill a segment would be felt.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The TCP ports that reaching `endpoint` takes: its own, and its proxy's where the environment names one.
pub fn ports_toward(endpoint: &Endpoint) -> Vec<u16> {
    let Ok(target) = endpoint.url("/").parse::<Uri>() else {
        return Vec::new();
    };
    let default = if endpoint.is_secure() { 443 } else { 80 };
    let own = target.port_u16().unwrap_or(default);
    let proxy = Matcher::from_env().intercept(&target);
    let proxy = proxy.map(|proxy| proxy.uri().port_u16().unwrap_or(80));
    std::iter::once(own).chain(proxy).collect()
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn through(proxy: &Intercept, host: &str, port: u16) -> Result<TcpStream, DialError> {
    let address = proxy.uri();
    let name = address
        .authority()
        .map_or_else(String::new, |a| a.host().to_owned());
    let mut stream = TcpStream::connect((name.as_str(), address.port_u16().unwrap_or(80))).await?;
    let authorization = proxy
        .basic_auth()
        .and_then(|value| value.to_str().ok())
        .map(|value| format!("Proxy-Authorization: {value}\r\n"))
        .unwrap_or_default();
    let request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let answer = read_head(&mut stream).await?;
    let status = answer.split_whitespace().nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(stream);
    }
    Err(DialError::Proxy {
        proxy: name,
        answer: answer.lines().next().unwrap_or("nothing").to_owned(),
    })
}

/// Byte by byte: what follows the blank line belongs to the tunnel and must stay in the socket.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_ANSWER {
        let mut byte = [0u8; 1];
        if stream.read(&mut byte).await? == 0 {
            break;
        }
        head.extend_from_slice(&byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn loopback_is_never_proxied() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        assert!(!is_loopback("usher.example"));
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_named_with_its_answer() {
        let error = against("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("127.0.0.1") && text.contains("407"), "{text}");
    }

    #[tokio::test]
    async fn bytes_after_the_proxys_answer_belong_to_the_tunnel() {
        let mut stream = against("HTTP/1.1 200 OK\r\n\r\nhello").await.unwrap();
        let mut tunnelled = String::new();
        stream.read_to_string(&mut tunnelled).await.unwrap();
        assert_eq!(tunnelled, "hello");
    }

    async fn against(answer: &'static str) -> Result<TcpStream, DialError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let matcher = Matcher::builder().all(address).build();
        let proxy = matcher
            .intercept(&Uri::from_static("https://gateway.example"))
            .unwrap();
        let result = through(&proxy, "gateway.example", 443).await;
        served.await.unwrap();
        result
    }
}
