//! The command line under our own name: words in, a command out. One file per command does the work.

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use usher_aws::CallerOptions;

use crate::admin::AdminCommand;
use crate::audit::{self, ListArguments, VerifyArguments};
use crate::cp::{self, CpArguments};
use crate::credentials;
use crate::dev::DevArguments;
use crate::error::Error;
use crate::exec::{self, ExecArguments};
use crate::exit::{self, Face, Outcome};
use crate::forward::{self, ForwardArguments};
use crate::login::{self, LoginArguments};
use crate::node_list::{self, Format};
use crate::play::{self, PlayArguments};
use crate::run_as::{self, RunAsCommand};
use crate::server::SettingsFile;
use crate::sessions;
use crate::sessions_report::{self, ReportArguments};
use crate::sessions_search::{self, SearchArguments};
use crate::ssh::{self, SshConfigArguments, SshProxyArguments};
use crate::start_session::{self, StartSessionArguments};

/// A self-hosted Session Manager: shells on managed nodes without inbound ports or SSH keys.
#[derive(Debug, Parser)]
#[command(name = "usher", version, propagate_version = true)]
struct Usher {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything on this machine: server, this machine as a managed node, and its keys in a file
    Dev(DevArguments),
    /// Run the server in the foreground, until SIGTERM or SIGINT
    Server(SettingsFile),
    /// Work on a server's data while it does not run
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look at the trail of who did what, and whether it is what it was
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Sign in by the identity provider of the profile, or to the web console
    Login {
        #[command(flatten)]
        login: LoginArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Print the keys of a profile whose people sign in, renewed where due; a credential_process
    Credentials(CallerArguments),
    /// Forget a sign-in, here and at the identity provider
    Logout(CallerArguments),
    /// Open a shell on a managed node
    StartSession {
        #[command(flatten)]
        session: StartSessionArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Run a command on a managed node; its output, its input and its status are ours
    Exec {
        #[command(flatten)]
        command: ExecArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Copy files and directories to or from a managed node
    Cp {
        #[command(flatten)]
        copy: CpArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Lead ports of this machine to places that a managed node can reach
    Forward {
        #[command(flatten)]
        forward: ForwardArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Carry an SSH connection to a managed node; a ProxyCommand
    SshProxy {
        #[command(flatten)]
        proxy: SshProxyArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Write the lines by which ssh, VS Code or Ansible reach managed nodes
    SshConfig(SshConfigArguments),
    /// Play the recording of a session
    Play {
        #[command(flatten)]
        play: PlayArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// What there is to know about sessions
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Write the completion script of a shell
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Find out who becomes whom
    RunAs {
        #[command(subcommand)]
        command: RunAsCommand,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// List the managed nodes
    Nodes {
        /// How to write the list
        #[arg(long, value_enum, default_value_t = Format::Text)]
        output: Format,
        #[command(flatten)]
        caller: CallerArguments,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Hold the trail in a data directory against its signed heads; ends with 1 if it was changed
    Verify(VerifyArguments),
    /// List records, newest first
    List {
        #[command(flatten)]
        list: ListArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
}

#[derive(Debug, Subcommand)]
enum SessionsCommand {
    /// Who connected where, as whom, by which rule, when, why, and where the log is
    Report {
        #[command(flatten)]
        report: ReportArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Find what sessions showed: each line that holds a word, and when; the status is 1 where there is none
    Search {
        #[command(flatten)]
        search: SearchArguments,
        #[command(flatten)]
        caller: CallerArguments,
    },
    /// Check that a session's recording is what the server wrote; the status is 1 where it is not
    Verify {
        /// Id of the session
        session: String,
        #[command(flatten)]
        caller: CallerArguments,
    },
}

/// Who calls, and where; found as the aws command finds it where it is not said.
#[derive(Debug, Args)]
struct CallerArguments {
    /// Address of the server, such as http://127.0.0.1:8480 [env: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Region of the server [env: AWS_REGION]
    #[arg(long)]
    region: Option<String>,
    /// Profile in the AWS configuration files [env: AWS_PROFILE]
    #[arg(long)]
    profile: Option<String>,
    /// Certificates to trust beside the system's, in PEM [env: AWS_CA_BUNDLE]
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
    /// Refuse sessions that KMS does not encrypt [env: USHER_REQUIRE_ENCRYPTION]
    #[arg(long)]
    require_encryption: bool,
}

impl From<CallerArguments> for CallerOptions {
    fn from(arguments: CallerArguments) -> Self {
        let CallerArguments {
            endpoint_url,
            region,
            profile,
            ca_bundle,
            require_encryption,
        } = arguments;
        Self {
            profile,
            region,
            endpoint_url,
            ca_bundle,
            require_encryption,
        }
    }
}

/// Runs the command that `arguments`, program name included, ask for.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let usher = match Usher::try_parse_from(arguments) {
        Ok(usher) => usher,
        Err(error) => {
            // Help and version are no errors: they go to standard output and end with 0, usage with 2.
            let _ = error.print();
            return ExitCode::from(exit::low_byte(error.exit_code()));
        }
    };
    let threads = match usher.command {
        Command::Dev(_) | Command::Server(_) => Threads::Several,
        _ => Threads::One,
    };
    let result = block_on(threads, run(usher.command));
    if let Err(error) = &result {
        error.report();
    }
    ExitCode::from(exit::code(Face::Usher, &result))
}

async fn run(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Dev(arguments) => crate::dev::run(arguments).await,
        Command::Server(file) => crate::server::run(file).await,
        Command::Admin(command) => crate::admin::run(command).await,
        Command::Audit(AuditCommand::Verify(arguments)) => audit::verify(arguments).await,
        Command::Audit(AuditCommand::List { list, caller }) => {
            audit::list(list, caller.into()).await
        }
        Command::Sessions(SessionsCommand::Report { report, caller }) => {
            sessions_report::run(report, caller.into()).await
        }
        Command::Login { login, caller } => login::run(login, caller.into()).await,
        Command::Credentials(caller) => credentials::run(caller.into()).await,
        Command::Logout(caller) => login::logout(caller.into()).await,
        Command::StartSession { session, caller } => {
            start_session::run(session, caller.into()).await
        }
        Command::Exec { command, caller } => exec::run(command, caller.into()).await,
        Command::Cp { copy, caller } => cp::run(copy, caller.into()).await,
        Command::Forward { forward, caller } => forward::run(forward, caller.into()).await,
        Command::SshProxy { proxy, caller } => ssh::proxy(proxy, caller.into()).await,
        Command::SshConfig(arguments) => ssh::config(&arguments),
        Command::Play { play, caller } => play::run(play, caller.into()).await,
        Command::Sessions(SessionsCommand::Search { search, caller }) => {
            sessions_search::run(search, caller.into()).await
        }
        Command::Sessions(SessionsCommand::Verify { session, caller }) => {
            sessions::verify(&session, caller.into()).await
        }
        Command::Completion { shell } => completion(shell),
        Command::RunAs { command, caller } => run_as::run(command, caller.into()).await,
        Command::Nodes { output, caller } => node_list::run(output, caller.into()).await,
    }
}

/// Made from the same definition as the command line itself.
fn completion(shell: Shell) -> Result<Outcome, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Usher::command(), "usher", &mut script);
    let written = std::io::stdout().lock().write_all(&script);
    written.map_err(Error::Output).map(|()| Outcome::Done)
}

/// What a program's tasks run on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Threads {
    /// For a client: between its terminal and its connection no key is handed from thread to thread.
    One,
    /// For a server: a slow call holds up no session.
    Several,
}

/// Runs `work` to its end. What it left on other threads, such as a read of the keyboard, is not waited for.
pub(crate) fn block_on(
    threads: Threads,
    work: impl Future<Output = Result<Outcome, Error>>,
) -> Result<Outcome, Error> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Several => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Terminal)?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> bool {
        Usher::try_parse_from(std::iter::once("usher").chain(words.iter().copied())).is_err()
    }

    #[test]
    fn the_definition_holds_together() {
        Usher::command().debug_assert();
    }

    #[test]
    fn what_is_no_command_is_refused() {
        assert!(refused(&[]));
        assert!(refused(&["start-session"]));
        assert!(refused(&["start-session", "a", "b"]));
        assert!(refused(&["start-session", "a", "--target", "a"]));
        assert!(refused(&["start-session", "a", "--parameters", "ls"]));
        assert!(refused(&["nodes", "--output", "yaml"]));
        assert!(refused(&["exec", "--target", "a"]));
        assert!(refused(&["exec", "--target", "a", "true"]));
        assert!(refused(&["exec", "--", "true"]));
        assert!(refused(&["cp", "web-1:a"]));
        assert!(refused(&["server", "/etc/usher/server.toml"]));
        assert!(refused(&["admin"]));
        assert!(refused(&["login", "--console", "--device"]));
        assert!(refused(&["login", "--issuer", "https://id.example.com"]));
        assert!(refused(&["dev", "--connect", "--no-agent"]));
        assert!(refused(&["dev", "--connect", "--", "true"]));
    }

    #[test]
    fn the_words_of_aws_are_understood() {
        assert!(!refused(&[
            "start-session",
            "web-1",
            "--document-name",
            "D",
            "--reason",
            "r",
            "--region",
            "usher-1"
        ]));
        assert!(!refused(&[
            "start-session",
            "--target",
            "mi-1",
            "--parameters",
            "command=ls",
            "--endpoint-url",
            "http://h",
            "--profile",
            "p"
        ]));
        assert!(!refused(&[
            "nodes",
            "--output",
            "json",
            "--ca-bundle",
            "ca.pem"
        ]));
        assert!(!refused(&["exec", "--target", "a", "--", "ls", "-l", "--"]));
        assert!(!refused(&["server"]));
        assert!(!refused(&[
            "admin",
            "bootstrap",
            "--config",
            "f",
            "--user",
            "u"
        ]));
        assert!(!refused(&[
            "dev",
            "--data-dir",
            "d",
            "--listen",
            "127.0.0.1:0",
            "--no-agent",
            "--",
            "sh",
            "-c",
            "x"
        ]));
    }
}
