//! `usher forward`: ports of this machine, or Unix sockets, that lead to places a managed node can reach.
//!
//! Each place is a session of its own, so that each is allowed, shown and ended by itself.

mod dynamic;
mod socks;

use std::path::PathBuf;
use std::str::FromStr;

use tokio::task::JoinSet;
use usher_aws::{CallerOptions, StartSession};

use crate::client::{self, Listen, Near};
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;
use crate::target;
use dynamic::Through;

const TO_NODE: &str = "AWS-StartPortForwardingSession";
const TO_HOST: &str = "AWS-StartPortForwardingSessionToRemoteHost";

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct ForwardArguments {
    /// Node id (mi-…) or the unique name of a computer
    #[arg(long, value_name = "NODE")]
    target: String,
    /// [ADDRESS:]PORT:HOST:HOSTPORT or SOCKET:HOST:HOSTPORT, as for ssh; HOST as the node sees it. May be repeated
    #[arg(
        short = 'L',
        value_name = "FORWARD",
        required_unless_present = "proxies"
    )]
    forwards: Vec<ForwardRule>,
    /// [ADDRESS:]PORT or SOCKET of a SOCKS5 proxy, whose connections the node makes. May be repeated
    #[arg(short = 'D', value_name = "PROXY", value_parser = proxy)]
    proxies: Vec<Listen>,
    /// Why they are opened; shown in history and audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// One forward: where to listen, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ForwardRule {
    listen: Listen,
    host: String,
    port: u16,
}

/// What is no forward.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write [ADDRESS:]PORT:HOST:HOSTPORT, such as 8080:db.internal:80, or SOCKET:HOST:HOSTPORT, such as ./db.sock:localhost:5432"
)]
struct NoForward;

impl FromStr for ForwardRule {
    type Err = NoForward;

    fn from_str(text: &str) -> Result<Self, NoForward> {
        let (rest, port) = text.rsplit_once(':').ok_or(NoForward)?;
        let (listen, host) = split_host(rest).ok_or(NoForward)?;
        let port = port.parse().ok().filter(|port| *port > 0);
        Ok(Self {
            listen: listen_of(listen)?,
            host: Some(host)
                .filter(|host| !host.is_empty())
                .ok_or(NoForward)?
                .to_owned(),
            port: port.ok_or(NoForward)?,
        })
    }
}

fn proxy(text: &str) -> Result<Listen, NoProxy> {
    listen_of(text).map_err(|_| NoProxy)
}

/// What is no place for a proxy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("write [ADDRESS:]PORT, such as 1080, or the path of a socket, such as ./proxy.sock")]
struct NoProxy;

/// The last part that is a host; an IPv6 address stands in brackets.
fn split_host(text: &str) -> Option<(&str, &str)> {
    match text.strip_suffix(']') {
        Some(bracketed) => bracketed.rsplit_once(":["),
        None => text.rsplit_once(':'),
    }
}

fn listen_of(text: &str) -> Result<Listen, NoForward> {
    if text.contains('/') {
        return Ok(Listen::Unix(PathBuf::from(text)));
    }
    let number = |text: &str| text.parse::<u16>().map_err(|_| NoForward);
    match split_address(text) {
        Some(("", _)) => Err(NoForward),
        Some((address, port)) => Ok(Listen::Tcp(address.to_owned(), number(port)?)),
        None => number(text).map(Listen::loopback),
    }
}

fn split_address(text: &str) -> Option<(&str, &str)> {
    let (address, port) = text.rsplit_once(':')?;
    let bare = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    Some((bare.unwrap_or(address), port))
}

impl ForwardRule {
    /// A port of the node itself needs no right to reach other machines through it.
    fn request(&self, target: &str, reason: Option<&str>) -> StartSession {
        let one = |name: &str, value: String| (name.to_owned(), vec![value]);
        let port = one("portNumber", self.port.to_string());
        let (document, parameters) = match self.host.as_str() {
            "localhost" => (TO_NODE, [port].into()),
            host => (TO_HOST, [port, one("host", host.to_owned())].into()),
        };
        StartSession {
            target: target.to_owned(),
            document_name: Some(document.to_owned()),
            reason: reason.map(str::to_owned),
            parameters,
        }
    }
}

/// Holds all of them until they have ended; the first that failed says how.
pub(crate) async fn run(
    arguments: ForwardArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let reach = Reach::find(options.clone()).await?;
    let node = target::resolve(&reach, &arguments.target).await?;
    let mut sessions = JoinSet::new();
    for rule in arguments.forwards {
        let request = rule.request(&node, arguments.reason.as_deref());
        let signals = client::Signals::install().map_err(Error::Terminal)?;
        let reach = Reach::find(options.clone()).await?;
        sessions.spawn(start_session::with(
            reach,
            request,
            signals,
            Near::Listens(rule.listen),
        ));
    }
    for listen in arguments.proxies {
        let through = Through {
            node: node.clone(),
            reason: arguments.reason.clone(),
            options: options.clone(),
        };
        sessions.spawn(dynamic::run(listen, through));
    }
    let mut outcome = Ok(Outcome::Done);
    while let Some(ended) = sessions.join_next().await {
        let ended = ended.map_err(|error| Error::Terminal(error.into()))?;
        if outcome.is_ok() {
            outcome = ended;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_forward_is_refused() {
        for text in [
            "",
            "80",
            "8080:80",
            "x:host:80",
            "8080:host:0",
            "8080:host:x",
            "8080::80",
            ":8080:host:80",
            "70000:host:80",
            "8080:host:80:",
        ] {
            assert_eq!(text.parse::<ForwardRule>(), Err(NoForward), "{text}");
        }
    }

    #[test]
    fn forwards_are_written_as_for_ssh() {
        let check = |text: &str, listen: Listen, host: &str, port: u16| {
            let host = host.to_owned();
            assert_eq!(
                text.parse(),
                Ok(ForwardRule { listen, host, port }),
                "{text}"
            );
        };
        check(
            "8080:db.internal:80",
            Listen::loopback(8080),
            "db.internal",
            80,
        );
        check("0:localhost:22", Listen::loopback(0), "localhost", 22);
        let all = Listen::Tcp("0.0.0.0".to_owned(), 8080);
        check("0.0.0.0:8080:db:80", all, "db", 80);
        check("8080:[fd00::1]:80", Listen::loopback(8080), "fd00::1", 80);
        let loopback = Listen::Tcp("::1".to_owned(), 8080);
        check("[::1]:8080:[fd00::1]:80", loopback, "fd00::1", 80);
        let socket = Listen::Unix(PathBuf::from("./db.sock"));
        check("./db.sock:localhost:5432", socket, "localhost", 5432);
    }

    #[test]
    fn a_port_of_the_node_itself_asks_for_the_lesser_document() {
        let rule: ForwardRule = "1:localhost:22".parse().unwrap();
        assert_eq!(
            rule.request("mi-1", None).document_name.as_deref(),
            Some(TO_NODE)
        );
        let rule: ForwardRule = "1:db:22".parse().unwrap();
        let request = rule.request("mi-1", None);
        assert_eq!(request.document_name.as_deref(), Some(TO_HOST));
        assert_eq!(request.parameters.get("host").unwrap(), &["db"]);
    }
}
