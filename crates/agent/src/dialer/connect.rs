//! One connection to the session's place: resolve, judge every address, connect, and judge what was connected.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use usher_wire::message::DialAnswer;

use crate::ipc::NotDialed;
use crate::port_rules::{NoPortRule, PortRefusal, PortRule, PortRules};

/// What one address gets to answer. The system's own limit is minutes, and nobody waits that long.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);

/// Where a session connects.
#[derive(Debug)]
pub(super) struct Target {
    host: String,
    port: u16,
    allow: Result<Vec<PortRule>, NoPortRule>,
    deny: Result<Vec<PortRule>, NoPortRule>,
}

/// Why there is no connection. Each is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("The node does not connect: {0}.")]
    Rule(#[from] PortRefusal),
    #[error("The node does not connect: {0}.")]
    NoRule(NoPortRule),
    #[error("The node cannot resolve {host}: {cause}.")]
    Unresolved { host: String, cause: io::Error },
    #[error("The node cannot connect to {host}:{port}: {cause}.")]
    Unreachable {
        host: String,
        port: u16,
        cause: io::Error,
    },
}

impl From<Refusal> for NotDialed {
    fn from(refusal: Refusal) -> Self {
        let answer = match &refusal {
            Refusal::Rule(_) | Refusal::NoRule(_) => DialAnswer::NotAllowed,
            Refusal::Unresolved { .. } => DialAnswer::HostUnreachable,
            Refusal::Unreachable { cause, .. } => match cause.kind() {
                io::ErrorKind::ConnectionRefused => DialAnswer::Refused,
                io::ErrorKind::NetworkUnreachable => DialAnswer::NetworkUnreachable,
                io::ErrorKind::HostUnreachable | io::ErrorKind::TimedOut => {
                    DialAnswer::HostUnreachable
                }
                _ => DialAnswer::Failed,
            },
        };
        Self {
            answer,
            sentence: refusal.to_string(),
        }
    }
}

impl Target {
    /// The rules as the node's configuration has them; one that cannot be read refuses everything.
    pub(super) fn new(host: String, port: u16, allow: &[String], deny: &[String]) -> Self {
        let rules = |texts: &[String]| texts.iter().map(|text| text.parse()).collect();
        Self {
            host,
            port,
            allow: rules(allow),
            deny: rules(deny),
        }
    }

    /// A connection to the first address that answers.
    pub(super) async fn connect(&self) -> Result<OwnedFd, Refusal> {
        let (Ok(allow), Ok(deny)) = (&self.allow, &self.deny) else {
            let unread = self.allow.as_ref().err().or(self.deny.as_ref().err());
            return Err(unread.cloned().map_or_else(
                || self.unreachable(io::ErrorKind::InvalidInput.into()),
                Refusal::NoRule,
            ));
        };
        let rules = PortRules { allow, deny };
        let resolved = lookup_host((self.host.as_str(), self.port)).await;
        let addresses: Vec<SocketAddr> = resolved
            .map_err(|cause| Refusal::Unresolved {
                host: self.host.clone(),
                cause,
            })?
            .collect();
        // One forbidden address forbids the name: which of them answers is not for the name's owner to choose.
        for address in &addresses {
            rules.judge(*address)?;
        }
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let connected = stream
                        .peer_addr()
                        .map_err(|error| self.unreachable(error))?;
                    rules.judge(connected)?;
                    return self.hand_out(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(self.unreachable(last))
    }

    fn hand_out(&self, stream: TcpStream) -> Result<OwnedFd, Refusal> {
        // What is typed must not wait for more of it.
        let _ = stream.set_nodelay(true);
        let stream = stream.into_std().map_err(|error| self.unreachable(error))?;
        Ok(stream.into())
    }

    fn unreachable(&self, cause: io::Error) -> Refusal {
        Refusal::Unreachable {
            host: self.host.clone(),
            port: self.port,
            cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn target(host: &str, port: u16, deny: &[&str]) -> Target {
        let deny: Vec<String> = deny.iter().map(|rule| (*rule).to_owned()).collect();
        Target::new(host.to_owned(), port, &[], &deny)
    }

    async fn refusal(target: Target) -> String {
        target.connect().await.unwrap_err().to_string()
    }

    #[test]
    fn each_refusal_has_the_number_of_its_reason() {
        let unreachable = |kind: io::ErrorKind| Refusal::Unreachable {
            host: "h".to_owned(),
            port: 1,
            cause: kind.into(),
        };
        let rule = PortRefusal::Denied(([127, 0, 0, 1], 1).into());
        for (refusal, answer) in [
            (Refusal::Rule(rule), DialAnswer::NotAllowed),
            (
                unreachable(io::ErrorKind::ConnectionRefused),
                DialAnswer::Refused,
            ),
            (
                unreachable(io::ErrorKind::TimedOut),
                DialAnswer::HostUnreachable,
            ),
            (
                unreachable(io::ErrorKind::NetworkUnreachable),
                DialAnswer::NetworkUnreachable,
            ),
            (
                unreachable(io::ErrorKind::AddrNotAvailable),
                DialAnswer::Failed,
            ),
        ] {
            assert_eq!(NotDialed::from(refusal).answer, answer);
        }
    }

    #[tokio::test]
    async fn a_forbidden_address_is_refused_before_anything_is_sent_to_it() {
        let told = refusal(target("169.254.169.254", 80, &[])).await;
        assert!(told.contains("link-local or metadata"), "{told}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = refusal(target("localhost", port, &["127.0.0.0/8:*"])).await;
        assert!(told.contains("deny_ports"), "{told}");
        let knocked = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(knocked.is_err(), "something was connected");
    }

    #[tokio::test]
    async fn a_rule_that_cannot_be_read_refuses_everything() {
        let told = refusal(target("127.0.0.1", 1, &["everything"])).await;
        assert!(told.contains("no port rule"), "{told}");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let told = refusal(target("127.0.0.1", port, &[])).await;
        assert!(told.contains(&format!("127.0.0.1:{port}")), "{told}");
    }

    #[tokio::test]
    async fn a_listener_is_connected() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(target("127.0.0.1", port, &[]).connect().await.is_ok());
        assert!(listener.accept().await.is_ok());
    }
}
