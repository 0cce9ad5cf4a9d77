//! The command line: parse, log, run one command, and decide the exit code in one place.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, ConfigError};
use crate::{control, copy, dialer, install, login, monitor, register, session, undo};

/// Name and version in `User-Agent`.
pub(crate) const PROGRAM: &str = concat!("usher-agent/", env!("CARGO_PKG_VERSION"));

/// The agent of a managed node: people get a shell on it as the OS user that Run As decides.
#[derive(Debug, Parser)]
#[command(name = "usher-agent", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register this machine as a managed node.
    Register {
        #[command(flatten)]
        config: ConfigFile,
        /// The activation's id.
        #[arg(long, value_name = "UUID")]
        activation_id: String,
        /// A file that holds the activation code; - reads it from standard input.
        #[arg(long, value_name = "FILE")]
        activation_code_file: PathBuf,
    },
    /// Serve sessions until told to stop. As root for all OS users, otherwise for the own one.
    Run(ConfigFile),
    /// Make this machine ready for the agent: accounts, directories, PAM's rules, the service file.
    Install(Installation),
    /// Remove what `install` made and nobody changed; the registration stays.
    Uninstall(Installation),
    /// Remove what the configuration's journal lists as made on this machine.
    Undo(ConfigFile),
    /// The node's control channel; started by `run`.
    #[command(hide = true)]
    Control,
    /// One session's data channel; started by `run`.
    #[command(hide = true)]
    Session,
    /// One port session's connections; started by its login.
    #[command(hide = true)]
    Dialer,
    /// One copy's files; started by its login.
    #[command(hide = true)]
    Copy,
    /// One login; started by `run`.
    #[command(hide = true)]
    LoginChild(ConfigFile),
}

#[derive(Debug, Args)]
struct Installation {
    #[command(flatten)]
    config: ConfigFile,
    /// Only print what would be done.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/usher/agent.toml")]
    config: PathBuf,
}

impl ConfigFile {
    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config)
    }

    fn path(&self) -> &Path {
        &self.config
    }
}

/// Everything a command can fail with.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Register(#[from] register::RegisterError),
    #[error("{0}")]
    Monitor(#[from] monitor::MonitorError),
    #[error("{0}")]
    Install(#[from] install::InstallError),
    #[error("{0}")]
    Undo(#[from] undo::UndoError),
    #[error("{0}")]
    Control(#[from] control::ControlError),
    #[error("{0}")]
    Dialer(#[from] dialer::DialerError),
    #[error("{0}")]
    Copy(#[from] copy::CopierError),
    #[error("{0}")]
    Login(#[from] login::LoginError),
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let command = CommandLine::parse().command;
    log_to_standard_error();
    match run(command) {
        Ok(code) => code,
        Err(failure) => {
            tracing::error!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Register {
            config,
            activation_id,
            activation_code_file,
        } => {
            let node = register::run(&config.load()?, &activation_id, &activation_code_file)?;
            tracing::info!("registered; the node's id is {node}");
            return Ok(print(node.as_str()));
        }
        Command::Run(config) => monitor::run(config.path(), &config.load()?)?,
        Command::Install(asked) => install::install(asked.config.path(), asked.dry_run)?,
        Command::Uninstall(asked) => install::uninstall(asked.config.path(), asked.dry_run)?,
        Command::Undo(config) => undo::run(&config.load()?)?,
        Command::Control => control::run()?,
        Command::Session => return Ok(ExitCode::from(session::run() as u8)),
        Command::Dialer => dialer::run()?,
        Command::Copy => return Ok(copy::run()?),
        Command::LoginChild(config) => login::run(&config.load()?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Data goes to standard output; a reader that is gone is a failure, not a panic.
fn print(line: &str) -> ExitCode {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        // Otherwise a line that cannot be written is itself written to standard error, which ends the task that logs.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn an_activation_code_cannot_be_given_as_an_argument() {
        let given = ["usher-agent", "register", "--activation-code", "secret"];
        assert!(CommandLine::try_parse_from(given).is_err());
    }

    #[test]
    fn the_command_line_is_consistent_and_hides_the_workers() {
        let mut command = CommandLine::command();
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        assert!(help.contains("register"));
        assert!(!help.contains("login-child"), "{help}");
    }
}
