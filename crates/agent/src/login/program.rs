//! Starting what a session is for: the login shell or a command on a terminal, a command on pipes, files, or a dialer.
//!
//! Owns that only what the grant permits is started. A command on a terminal is text for `sh`, as with AWS's agent; one
//! without is split into words and executed as they are, so that no parameter of a document is ever read by a shell.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use usher_sys::{Account, Command, Login, Pid, Pty, WindowSize};
use usher_wire::ids::SessionId;

use super::environment::{Terms, environment};
use super::opened::OpenedLogin;
use crate::ipc::{FromShell, Link, Open, Run, ToDialer};
use crate::port_rules::PortRule;

/// Where the size is unknown, the terminal of old.
const UNKNOWN_SIZE: WindowSize = WindowSize {
    columns: 80,
    rows: 24,
};

/// The shell of documents, whatever the account's own is.
const SYSTEM_SHELL: &str = "/bin/sh";

/// Finds the first word on the account's search path, as the account, and becomes it.
const EXECUTE_WORDS: &str = "exec \"$@\"";

/// Starts it, or says why not in a sentence for the person.
pub(super) fn start(
    opened: &mut OpenedLogin,
    id: &SessionId,
    open: &Open,
) -> Result<(Pid, FromShell), String> {
    opened
        .permit()
        .judge(&open.run)
        .map_err(|refusal| refusal.to_string())?;
    let account = opened.account();
    let environment = environment(Terms {
        user: account.name(),
        home: account.home(),
        shell: account.shell(),
        session: id.as_str(),
        term: &open.term,
        locale: &open.locale,
        node: opened.environment(),
    });
    match &open.run {
        Run::Shell => on_terminal(opened, &environment, open, None),
        Run::OnTerminal { command } => on_terminal(opened, &environment, open, Some(command)),
        Run::OnPipes { command, separate } => words(opened, &environment, command, *separate),
        Run::Copy => copier(opened, &environment),
        Run::Port { host, port } => dialer(opened, host, *port),
    }
}

fn on_terminal(
    opened: &mut OpenedLogin,
    environment: &[(String, String)],
    open: &Open,
    command: Option<&str>,
) -> Result<(Pid, FromShell), String> {
    let size = if open.columns == 0 || open.rows == 0 {
        UNKNOWN_SIZE
    } else {
        WindowSize {
            columns: open.columns,
            rows: open.rows,
        }
    };
    let account = opened.account();
    let pty = Pty::open(account, size)
        .map_err(|error| format!("No terminal could be opened for the session: {error}."))?;
    opened.greet(&pty);
    let arguments = command.map(|command| ["sh", "-c", command]);
    let login = Login {
        account,
        pty: &pty,
        command: arguments
            .as_ref()
            .map(|arguments| (Path::new(SYSTEM_SHELL), arguments.as_slice())),
        environment,
        surroundings: opened.surroundings(),
    };
    let program = login.spawn().map_err(|error| {
        let file = command.map_or(account.shell(), |_| Path::new(SYSTEM_SHELL));
        not_started(account, file, &error.to_string())
    })?;
    opened.record(&pty);
    let terminal = pty.into_master();
    Ok((program, FromShell::Started { terminal }))
}

/// A command of words.
fn words(
    opened: &OpenedLogin,
    environment: &[(String, String)],
    command: &str,
    separate: bool,
) -> Result<(Pid, FromShell), String> {
    let words = shell_words::split(command)
        .map_err(|_| "The command has a quote that is not closed.".to_owned())?;
    if words.is_empty() {
        return Err("The command has no words.".to_owned());
    }
    let arguments: Vec<&str> = ["sh", "-c", EXECUTE_WORDS, "sh"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    let shell = Path::new(SYSTEM_SHELL);
    on_pipes(opened, environment, shell, &arguments, separate)
}

/// A copy of this program that is the account and reads and writes files.
fn copier(
    opened: &OpenedLogin,
    environment: &[(String, String)],
) -> Result<(Pid, FromShell), String> {
    let executable = usher_sys::own_executable()
        .map_err(|error| format!("No files can be copied in the session: {error}."))?;
    let arguments = ["usher-agent: copy", "copy"];
    on_pipes(opened, environment, &executable, &arguments, true)
}

fn on_pipes(
    opened: &OpenedLogin,
    environment: &[(String, String)],
    program: &Path,
    arguments: &[&str],
    separate: bool,
) -> Result<(Pid, FromShell), String> {
    let pipe = || {
        usher_sys::pipe()
            .map_err(|error| format!("No pipe could be opened for the session: {error}."))
    };
    let (its_input, input) = pipe()?;
    let (output, its_output) = pipe()?;
    let (errors, its_errors) = if separate {
        let (errors, its_errors) = pipe()?;
        (Some(errors), Some(its_errors))
    } else {
        (None, None)
    };
    let account = opened.account();
    let started = Command {
        account,
        program,
        arguments,
        environment,
        descriptors: [
            its_input.as_fd(),
            its_output.as_fd(),
            its_errors.as_ref().unwrap_or(&its_output).as_fd(),
        ],
        surroundings: opened.surroundings(),
    }
    .spawn()
    .map_err(|error| not_started(account, program, &error.to_string()))?;
    let ends = FromShell::StartedOnPipes {
        input,
        output,
        errors,
    };
    Ok((started, ends))
}

/// A copy of this program that is the account and makes connections to this one place.
fn dialer(opened: &OpenedLogin, host: &str, port: u16) -> Result<(Pid, FromShell), String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("No connection can be made for the session: {error}.")
    };
    let (dialer, its_end) = usher_sys::socket_pair().map_err(|error| failed(&error))?;
    let null = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|error| failed(&error))?;
    let executable = usher_sys::own_executable().map_err(|error| failed(&error))?;
    let pid = Command {
        account: opened.account(),
        program: &executable,
        arguments: &["usher-agent: dialer", "dialer"],
        environment: &[],
        descriptors: [its_end.as_fd(), null.as_fd(), null.as_fd()],
        surroundings: opened.surroundings(),
    }
    .spawn()
    .map_err(|error| failed(&error))?;
    let texts = |rules: &[PortRule]| rules.iter().map(ToString::to_string).collect();
    let (allow, deny) = opened.port_rules();
    let target = ToDialer::Target {
        host: host.to_owned(),
        port,
        allow: texts(allow),
        deny: texts(deny),
    };
    // First in the queue of the socket, before the worker has it.
    let link = Link::new(dialer);
    link.send(&target).map_err(|error| failed(&error))?;
    let dialer = link.into_socket();
    Ok((pid, FromShell::Dials { dialer }))
}

fn not_started(account: &Account, file: &Path, error: &str) -> String {
    format!(
        "{} could not be started as the OS user {}: {error}.",
        file.display(),
        account.name()
    )
}
