//! `usher server`: the server as an operator runs it, from a settings file until it is told to stop.
//!
//! Invariants: nothing is opened before every setting has been judged, it is said to be ready only when its sockets
//! listen and its data are open, and SIGTERM or SIGINT ends it in good order with status 0. What the settings mean
//! is the server's business; here they are only fetched, and their errors given a hint.

mod error;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use usher_server::{Listener, Server, Settings};

use crate::error::Error;
use crate::exit::Outcome;
pub(crate) use error::ServeError;

/// Where the settings are.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsFile {
    /// The settings; docs/server.toml documents every key
    #[arg(long, value_name = "FILE", default_value = "/etc/usher/server.toml")]
    config: PathBuf,
}

impl SettingsFile {
    /// Reads them, with the variables that override them.
    pub(crate) fn load(&self) -> Result<Settings, ServeError> {
        Ok(Settings::load(&self.config, std::env::vars_os())?)
    }
}

/// Serves until a signal says to stop.
pub(crate) async fn run(file: SettingsFile) -> Result<Outcome, Error> {
    log_to_standard_error();
    // Before anything is opened: a signal that comes early is not lost.
    let stop = stopped_by_signal().map_err(ServeError::Signals)?;
    let settings = file.load()?;
    let listeners = settings.listeners().await.map_err(ServeError::from)?;
    let public_url = settings.config.public_url.clone();
    let server = Server::open(settings.config)
        .await
        .map_err(ServeError::from)?;
    say_ready(&public_url, &listeners);
    server.run(listeners, stop).await;
    tracing::info!("the server has stopped");
    Ok(Outcome::Done)
}

/// What is logged where `RUST_LOG` says nothing. s3s calls each refusal an error; what becomes of a request is logged by us.
pub(crate) const LOGGED: &str = "info,s3s=off";

/// Standard output is for data, and a server has none.
pub(crate) fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let subscriber = tracing_subscriber::fmt()
        // Otherwise a line that cannot be written is itself written to standard error, which ends the task that logs.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second one in the same process (a test's) would be refused, and is not needed.
    let _ = subscriber.try_init();
}

fn stopped_by_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("the server stops");
        told.cancel();
    });
    Ok(stop)
}

/// One line that scripts can wait for; the log may be filtered away. A standard error that is gone hinders nothing.
fn say_ready(public_url: &str, listeners: &[Listener]) {
    let sockets: Vec<String> = listeners
        .iter()
        .filter_map(|listener| {
            Some(format!(
                "{}://{}",
                listener.scheme(),
                listener.local_addr().ok()?
            ))
        })
        .collect();
    let _ = writeln!(
        io::stderr(),
        "usher server is ready: {public_url}, listening on {}",
        sockets.join(" and ")
    );
}
