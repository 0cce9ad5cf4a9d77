//! The three clients of the matrix, and how each is asked for a session.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::DEADLINE;
use crate::harness::process::{Process, child_of};
use crate::harness::programs;
use crate::harness::site::Site;

/// AWS's plugin, by the name under which the `aws` CLI starts it.
pub(crate) const PLUGIN: &str = "session-manager-plugin";

/// One half of a row's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Client {
    /// The `aws` CLI with AWS's plugin.
    AwsPlugin,
    /// The `aws` CLI with Usher's client under the plugin's name.
    AwsOurs,
    /// `usher`.
    Usher,
}

/// All of them, in the order of the page.
pub(crate) const CLIENTS: [Client; 3] = [Client::AwsPlugin, Client::AwsOurs, Client::Usher];

const PORT: &str = "AWS-StartPortForwardingSession";
const REMOTE: &str = "AWS-StartPortForwardingSessionToRemoteHost";

impl Client {
    /// As it stands in its row.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AwsPlugin => "aws + AWS's plugin",
            Self::AwsOurs => "aws + Usher's plugin",
            Self::Usher => "usher",
        }
    }

    fn aws(self, site: &Site) -> Command {
        let mut aws = site.command("aws");
        if self == Self::AwsPlugin {
            let directory = programs::directory_of(PLUGIN).unwrap();
            let path = format!("{}:{}", directory.display(), site.variable("PATH"));
            aws.env("PATH", path)
                .env("SSL_CERT_FILE", site.path("first.pem"));
        }
        aws.args(["ssm", "start-session", "--target"]);
        aws
    }

    /// A shell.
    pub(crate) fn shell(self, site: &Site, node: &str) -> Command {
        if self == Self::Usher {
            let mut usher = site.command("usher");
            usher.args(["start-session", node]);
            return usher;
        }
        let mut aws = self.aws(site);
        aws.arg(node);
        aws
    }

    /// A document with these parameters, on a terminal.
    pub(crate) fn document(
        self,
        site: &Site,
        node: &str,
        document: &str,
        parameters: &[(&str, &str)],
    ) -> Command {
        let parameters: Value = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!([value])))
            .collect();
        let mut command = self.shell(site, node);
        command
            .args(["--document-name", document, "--parameters"])
            .arg(parameters.to_string());
        command
    }

    /// A shell's script without a terminal on the node.
    pub(crate) fn command(self, site: &Site, node: &str, script: &str) -> Command {
        if self == Self::Usher {
            let mut usher = site.command("usher");
            usher.args(["exec", "--target", node, "--", "sh", "-c", script]);
            return usher;
        }
        let words = format!("sh -c '{script}'");
        let document = "AWS-StartNonInteractiveCommand";
        self.document(site, node, document, &[("command", &words)])
    }

    /// One connection on the standard streams.
    pub(crate) fn stream(self, site: &Site, node: &str, port: u16) -> Command {
        let port = port.to_string();
        if self == Self::Usher {
            let mut usher = site.command("usher");
            usher.args(["ssh-proxy", node, &port]);
            return usher;
        }
        self.document(site, node, "AWS-StartSSHSession", &[("portNumber", &port)])
    }

    fn forward(self, site: &Site, node: &str, host: &str, port: u16) -> Command {
        if self == Self::Usher {
            let mut usher = site.command("usher");
            let place = format!("0:{host}:{port}");
            usher.args(["forward", "--target", node, "-L", &place]);
            return usher;
        }
        let port = port.to_string();
        let mut parameters = vec![("portNumber", port.as_str()), ("localPortNumber", "0")];
        if host == "localhost" {
            return self.document(site, node, PORT, &parameters);
        }
        parameters.push(("host", host));
        self.document(site, node, REMOTE, &parameters)
    }
}

/// A forward that listens.
pub(crate) struct Tunnel {
    process: Process,
    lines: Receiver<String>,
    seen: String,
    port: u16,
    of_aws: bool,
}

impl Tunnel {
    /// Opens one to the place as the node sees it.
    pub(crate) fn open(client: Client, site: &Site, node: &str, host: &str, port: u16) -> Self {
        let mut child = client
            .forward(site, node, host, port)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = sync_channel(256);
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                for line in lines {
                    let _ = tell.send(line);
                }
            });
        }
        let mut tunnel = Self {
            process: Process::new(child),
            lines,
            seen: String::new(),
            port: 0,
            of_aws: client != Client::Usher,
        };
        let before = match tunnel.of_aws {
            true => "Port ",
            false => "listening on localhost:",
        };
        while tunnel.port == 0 {
            let line = tunnel.lines.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("no port was opened:\n{}", tunnel.seen));
            let told = line.split_once(before).map(|(_, told)| told);
            let digits = told.and_then(|told| told.split(|c: char| !c.is_ascii_digit()).next());
            tunnel.port = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            tunnel.see(&line);
        }
        tunnel
    }

    fn see(&mut self, line: &str) {
        self.seen.push_str(line);
        self.seen.push('\n');
    }

    /// A new connection, whose reads end after that long.
    pub(crate) fn connect(&self, patience: Duration) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream
    }

    /// Ends it as a key of the keyboard does, which the `aws` command leaves to its plugin; hands back all it said.
    pub(crate) fn close(mut self) -> String {
        let pid = self.process.pid();
        let holder = if self.of_aws { child_of(pid) } else { pid };
        kill_process(holder, Signal::INT).unwrap();
        self.process.wait(DEADLINE).unwrap();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            self.see(&line);
        }
        self.seen
    }
}
