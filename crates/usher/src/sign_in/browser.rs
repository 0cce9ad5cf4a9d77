//! The browser of this machine: it is sent to the provider, and comes back to a port of 127.0.0.1 (RFC 8252, section
//! 7.3) with the answer. The port takes one answer and is closed.
//!
//! Everybody on the machine can reach the port: what arrives is bounded in size, number and time, and what is not the
//! answer to the question ends the sign-in.

use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use usher_aws::openid::{Code, Question};

use super::SignInError;

const PATH: &str = "/callback";
/// How long a person may take.
const COME_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Browsers open connections before they need them; one that says nothing must not keep the next from being heard.
const MOST_AT_ONCE: usize = 8;
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a request; codes of some providers are long.
const LONGEST: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;

/// A port that waits for the browser.
#[derive(Debug)]
pub(super) struct Redirect {
    listener: TcpListener,
    /// As the browser names us, and nobody who was led here under another name.
    host: String,
}

/// Whose request is read, with the query that it brought.
struct Visitor {
    stream: TcpStream,
    query: String,
}

impl Redirect {
    /// Takes a free port.
    pub(super) async fn listen() -> Result<Self, SignInError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(SignInError::Listen)?;
        let address = listener.local_addr().map_err(SignInError::Listen)?;
        Ok(Self {
            listener,
            host: address.to_string(),
        })
    }

    /// Where the browser has to come back to.
    pub(super) fn url(&self) -> String {
        format!("http://{}{PATH}", self.host)
    }

    /// Waits for the answer to `question`.
    pub(super) async fn code(self, question: &Question) -> Result<Code, SignInError> {
        let mut reading = JoinSet::new();
        let mut late = pin!(sleep(COME_WITHIN));
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if reading.len() < MOST_AT_ONCE => {
                    let (stream, _) = accepted.map_err(SignInError::Listen)?;
                    reading.spawn(timeout(READ_WITHIN, read(stream, self.host.clone())));
                }
                Some(read) = reading.join_next() => {
                    if let Ok(Ok(Ok(Some(mut visitor)))) = read {
                        let judged = question.code(&visitor.query);
                        let told = answer(&mut visitor.stream, judged.is_ok());
                        // The browser's page is a courtesy: whether it arrives changes nothing.
                        let _ = timeout(READ_WITHIN, told).await;
                        return Ok(judged?);
                    }
                }
                () = &mut late => {
                    return Err(SignInError::NobodyCame {
                        issuer: question.issuer().to_owned(),
                        minutes: COME_WITHIN.as_secs() / 60,
                    });
                }
            }
        }
    }
}

/// Reads one request. None: it was not for us, and was told so.
async fn read(mut stream: TcpStream, host: String) -> io::Result<Option<Visitor>> {
    let mut head = Vec::new();
    let query = loop {
        if stream.read_buf(&mut head).await? == 0 || head.len() > LONGEST {
            return Ok(None);
        }
        if let Some(query) = query_of(&head, &host) {
            break query;
        }
    };
    match query {
        Some(query) => Ok(Some(Visitor { stream, query })),
        None => {
            let page = page("404 Not Found", "There is nothing here.");
            stream.write_all(page.as_bytes()).await?;
            stream.shutdown().await?;
            Ok(None)
        }
    }
}

/// The query of the request in `head`; inside, None for a request that is not the provider's answer; None as long as the
/// request is not whole.
fn query_of(head: &[u8], host: &str) -> Option<Option<String>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(status) if status.is_partial() => return None,
        Ok(_) => {}
        Err(_) => return Some(None),
    }
    let named = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("host"));
    let is_ours = named.is_some_and(|header| header.value == host.as_bytes());
    let target = request.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_answer = is_ours && request.method == Some("GET") && path == PATH;
    Some(is_answer.then(|| query.to_owned()))
}

async fn answer(stream: &mut TcpStream, is_good: bool) -> io::Result<()> {
    let page = match is_good {
        true => page(
            "200 OK",
            "The sign-in goes on in the terminal. This page can be closed.",
        ),
        false => page(
            "400 Bad Request",
            "This did not sign anybody in. The terminal says why.",
        ),
    };
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

fn page(status: &str, sentence: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Usher</title><p>{sentence}</p></html>\n"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Opens the person's browser, where there is one: the address was printed, so that nothing depends on it.
pub(super) fn open(url: &str) {
    let program = match cfg!(target_os = "macos") {
        true => "open",
        false => "xdg-open",
    };
    let has_screen = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "macos") || has_screen("DISPLAY") || has_screen("WAYLAND_DISPLAY") {
        let _ = tokio::process::Command::new(program)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "127.0.0.1:4000";

    fn asked(line: &str, host: &str) -> Option<Option<String>> {
        query_of(
            format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes(),
            HOST,
        )
    }

    #[test]
    fn only_the_providers_answer_under_our_own_name_is_heard() {
        assert_eq!(
            asked("GET /callback?code=c", "evil.example:4000"),
            Some(None)
        );
        assert_eq!(asked("GET /callback?code=c", "localhost:4000"), Some(None));
        assert_eq!(asked("POST /callback?code=c", HOST), Some(None));
        assert_eq!(asked("GET /favicon.ico", HOST), Some(None));
        assert_eq!(query_of(b"\x16\x03\x01\x02\x00", HOST), Some(None));
        assert_eq!(
            query_of(b"GET /callback?code=c HTTP/1.1\r\nHost: ", HOST),
            None
        );
        let query = asked("GET /callback?code=c&state=s", HOST);
        assert_eq!(query, Some(Some("code=c&state=s".to_owned())));
    }

    #[tokio::test]
    async fn a_stranger_is_told_that_there_is_nothing() {
        let redirect = Redirect::listen().await.unwrap();
        let mut stranger = TcpStream::connect(&redirect.host).await.unwrap();
        let (stream, _) = redirect.listener.accept().await.unwrap();
        let line = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", redirect.host);
        stranger.write_all(line.as_bytes()).await.unwrap();
        assert!(read(stream, redirect.host).await.unwrap().is_none());
        let mut told = String::new();
        stranger.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with("HTTP/1.1 404 "), "{told}");
    }
}
