//! `usher dev`: a whole Usher on this machine, in the foreground, from nothing and without configuration.
//!
//! Invariants: whatever was started is stopped and whatever was made on the host is removed on every way out, in the
//! reverse order; what a crash left is removed at the next start; everything else is kept in the data directory and
//! found again. It listens on loopback only, plain and over TLS: it serves this machine alone.

mod data_dir;
mod environment;
mod error;
mod listener;
mod local_agent;
mod runner;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use usher_aws::{
    Caller, ConsoleLink, CredentialSource, Credentials, Endpoint, StartSession, Trust,
};
use usher_server::{
    AccessKeyPair, CommandParameters, Config, Database, Listener, Nodes, Perimeter, Recording,
    RootKey, Server, StreamUrl,
};
use usher_wire::ids::{AccountId, NodeId};

use crate::client::Signals;
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;
use data_dir::DataDir;
use environment::Environment;
pub(crate) use error::DevError;
use listener::Sockets;
use local_agent::LocalAgent;
use runner::Runner;

const ACCOUNT: &str = "000000000000";
const REGION: &str = "usher-1";
const ADMINISTRATOR: &str = "admin";
/// As in docs/server.toml.
const IDENTITY_CHECK: Duration = Duration::from_secs(60);

/// A control channel is up in well under a second; a loaded machine may take longer.
const NODE_READY_WITHIN: Duration = Duration::from_secs(30);
/// For open requests to end.
const SERVER_STOPS_WITHIN: Duration = Duration::from_secs(5);

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct DevArguments {
    /// Directory for everything that is kept
    #[arg(long, value_name = "DIR", default_value = "./.usher")]
    data_dir: PathBuf,
    /// Loopback address for API and gateway; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = listener::PLAIN)]
    listen: SocketAddr,
    /// Loopback address for the same over TLS; port 0 takes a free one [default: 127.0.0.1:8443, or a free port beside
    /// a --listen that was moved]
    #[arg(long, value_name = "ADDRESS")]
    listen_tls: Option<SocketAddr>,
    /// Open a session on this machine, and stop when it ends
    #[arg(long, conflicts_with_all = ["no_agent", "command"])]
    connect: bool,
    /// Run the server alone
    #[arg(long)]
    no_agent: bool,
    /// Run this with the environment that reaches the server, and stop when it ends
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Starts everything, does what was asked for, stops everything.
pub(crate) async fn run(arguments: DevArguments) -> Result<Outcome, Error> {
    let signals = Signals::install().map_err(Error::Terminal)?;
    let runner = Runner::find()?;
    let data = DataDir::open(&arguments.data_dir, &runner)?;
    let agent = if arguments.no_agent {
        None
    } else {
        Some(LocalAgent::find(&data)?)
    };
    let sockets = Sockets::bind(arguments.listen, arguments.listen_tls).await?;
    data.log_to_file()?;

    let server = Server::open(config(&data, &sockets, &runner))
        .await
        .map_err(DevError::Server)?;
    if let Some(agent) = &agent {
        // After the data are ours alone, before anything new is made: what a crash left on the host.
        agent.undo().await?;
    }
    let served = Served::prepare(&server, &sockets, &data).await?;
    // The lock is ours by now: nobody else makes an authority here at the same time.
    let listeners = sockets.listeners(&data.tls())?;
    let activation = match &agent {
        Some(agent) if agent.node()?.is_none() => Some(
            server
                .local_activation(&runner.host_name())
                .await
                .map_err(DevError::Server)?,
        ),
        _ => None,
    };
    let running = Running::start(server, listeners);
    let result = match agent {
        Some(agent) => with_agent(agent, activation, served, &runner, arguments, signals).await,
        None => served.serve(None, &runner, arguments, signals).await,
    };
    running.stop().await;
    result
}

/// Runs this machine's agent around what was asked for, and removes what it made on the host.
async fn with_agent(
    agent: LocalAgent,
    activation: Option<usher_server::Activation>,
    served: Served,
    runner: &Runner,
    arguments: DevArguments,
    mut signals: Signals,
) -> Result<Outcome, Error> {
    agent.write_config(&served.endpoint)?;
    if let Some(activation) = activation {
        agent.register(&activation).await?;
    }
    let node = agent.node()?.ok_or(DevError::NodeNotReady)?;
    let mut process = agent.start()?;
    let ready = tokio::select! {
        ready = served.until_connected(&node) => ready,
        status = process.ended() => Err(DevError::AgentEnded { status, log: agent.log().to_owned() }.into()),
        _ = signals.end_or_interrupt() => Ok(false),
    };
    let result = match ready {
        Ok(true) => tokio::select! {
            result = served.serve(Some(node), runner, arguments, signals) => result,
            status = process.ended() => Err(DevError::AgentEnded { status, log: agent.log().to_owned() }.into()),
        },
        Ok(false) => Ok(Outcome::Done),
        Err(error) => Err(error),
    };
    process.stop().await;
    // A failure to remove must be seen, but not instead of what went wrong before.
    match (agent.undo().await, result) {
        (Err(undo), Ok(_)) => Err(undo.into()),
        (_, result) => result,
    }
}

fn config(data: &DataDir, sockets: &Sockets, runner: &Runner) -> Config {
    Config {
        data_dir: data.server(),
        database: Database::InDataDir,
        root_key: RootKey::InDataDir,
        public_url: sockets.url(),
        account: AccountId::parse(ACCOUNT).unwrap_or_else(|_| unreachable!("twelve digits")),
        region: REGION.to_owned(),
        default_preferences: runner.preferences(),
        extra_refused_os_users: Vec::new(),
        identity_check: IDENTITY_CHECK,
        recording: Recording::On,
        recording_retention: None,
        command_parameters: CommandParameters::Constrained,
        stream_url: StreamUrl::Direct,
        perimeter: Perimeter::default(),
        audit_webhook: None,
    }
}

/// The server on its own task.
struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(server: Server, listeners: Vec<Listener>) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.run(listeners, stop.clone()));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(SERVER_STOPS_WITHIN, self.task).await;
    }
}

/// How the running server is reached, and where that is written down.
struct Served {
    endpoint: String,
    tls_endpoint: String,
    keys: AccessKeyPair,
    reach: Reach,
    nodes: Nodes,
    data: DataDir,
}

impl Served {
    async fn prepare(server: &Server, sockets: &Sockets, data: &DataDir) -> Result<Self, Error> {
        let keys = server
            .bootstrap_admin(ADMINISTRATOR)
            .await
            .map_err(DevError::Server)?;
        let endpoint = sockets.url();
        let here: Endpoint = endpoint.parse().map_err(usher_aws::ProfileError::from)?;
        let caller = Caller {
            kms: here.clone(),
            sts: here.clone(),
            endpoint: here,
            requires_encryption: false,
            region: REGION.to_owned(),
            credentials: CredentialSource::Fixed(Credentials::long_term(
                &keys.access_key_id,
                keys.secret_access_key.expose(),
            )),
            trust: Trust::default(),
        };
        Ok(Self {
            endpoint,
            tls_endpoint: sockets.tls_url(),
            keys,
            reach: Reach::of(caller)?,
            nodes: server.nodes(),
            data: data.clone(),
        })
    }

    /// Waits until the node's control channel is up.
    async fn until_connected(&self, node: &NodeId) -> Result<bool, Error> {
        tokio::time::timeout(NODE_READY_WITHIN, self.nodes.connected(node))
            .await
            .map(|()| true)
            .map_err(|_| DevError::NodeNotReady.into())
    }

    /// Everything is up: say so, and do what was asked for.
    async fn serve(
        self,
        node: Option<NodeId>,
        runner: &Runner,
        arguments: DevArguments,
        mut signals: Signals,
    ) -> Result<Outcome, Error> {
        let environment = Environment::new(
            &self.endpoint,
            &self.keys,
            REGION,
            node.as_ref(),
            &self.data.bin(),
        );
        self.data
            .write_private("env.sh", environment.to_shell().as_bytes())?;
        let link = self.reach.console_link().await?;
        self.greet(node.as_ref(), runner, &arguments, &link);
        match (node, arguments.command.split_first()) {
            (Some(node), _) if arguments.connect => {
                let request = StartSession {
                    target: node.to_string(),
                    ..StartSession::default()
                };
                start_session::on_node(self.reach, request, signals).await
            }
            (_, Some((program, words))) => {
                Ok(run_command(program, words, &environment, signals).await?)
            }
            _ => {
                signals.end_or_interrupt().await;
                Ok(Outcome::Done)
            }
        }
    }

    fn greet(
        &self,
        node: Option<&NodeId>,
        runner: &Runner,
        arguments: &DevArguments,
        console: &ConsoleLink,
    ) {
        let environment = self.data.path().join("env.sh");
        eprintln!("usher dev is ready: {}", self.endpoint);
        let authority = self.data.tls().join("ca.pem");
        eprintln!(
            "  the same over TLS: {} with AWS_CA_BUNDLE={}",
            self.tls_endpoint,
            authority.display()
        );
        eprintln!(
            "  console, signed in as {ADMINISTRATOR} (once, within {} s): {}",
            console.seconds, console.url
        );
        if let Some(node) = node {
            eprintln!("  this machine is the managed node {node}");
            eprintln!("  {}", runner.sentence());
        }
        if arguments.connect {
            eprintln!("  opening a session on it; everything stops when it ends");
        } else if arguments.command.is_empty() {
            eprintln!("  in another terminal:  . {}", environment.display());
            if node.is_some() {
                eprintln!("  and then:             aws ssm start-session --target \"$USHER_NODE\"");
            }
            eprintln!("  Ctrl-C stops it");
        }
    }
}

/// Runs the command in the foreground. Keys of the terminal reach it by themselves; a request to end is passed on.
async fn run_command(
    program: &OsString,
    words: &[OsString],
    environment: &Environment,
    mut signals: Signals,
) -> Result<Outcome, DevError> {
    let not_run = |source| DevError::CommandNotRun {
        program: program.to_string_lossy().into_owned(),
        source,
    };
    let mut command = std::process::Command::new(program);
    command.args(words);
    environment.apply(&mut command);
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .map_err(not_run)?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Outcome::from(status.map_err(not_run)?)),
            () = signals.end() => local_agent::terminate(&child),
        }
    }
}
