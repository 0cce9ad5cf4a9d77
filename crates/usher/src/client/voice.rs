//! What the person is told about a session, and where it is written.
//!
//! Under the plugin's name the texts are AWS's to the letter and go to standard output, since scripts match on them.
//! Under our own name standard output is the session's alone, and we speak only when there is something to say.

use std::io::{self, Write};

use super::escape::HELP;
use super::forward::Listen;
use crate::error::Error;
use crate::exit::Face;
use crate::text::printable;

/// One session's texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice<'a> {
    face: Face,
    session: &'a str,
}

impl<'a> Voice<'a> {
    pub(super) fn new(face: Face, session: &'a str) -> Self {
        Self { face, session }
    }

    /// Whether AWS's plugin is imitated.
    pub(super) fn is_plugin(self) -> bool {
        self.face != Face::Usher
    }

    /// Before the data channel is opened.
    pub(super) fn starting(self) -> Result<(), Error> {
        self.plugin_only(&format!(
            "\nStarting session with SessionId: {}\n",
            self.session
        ))
    }

    /// The session is open, perhaps with a line from its agent.
    pub(super) fn opened(self, message: &str) -> Result<(), Error> {
        match (message, self.is_plugin()) {
            ("", _) => Ok(()),
            (message, true) => self.plugin_only(&format!("{}\n", printable(message))),
            (message, false) => aside(&printable(message)),
        }
    }

    /// The service closed the channel; `status` is the shell's, where it is known.
    pub(super) fn closed(self, reason: &str, status: Option<i32>) -> Result<(), Error> {
        let session = self.session;
        if self.is_plugin() {
            return if reason.is_empty() {
                self.plugin_only(&format!(
                    "\n\nExiting session with sessionId: {session}.\n\n"
                ))
            } else {
                self.plugin_only(&format!(
                    "\n\nSessionId: {session} : {}\n\n",
                    printable(reason)
                ))
            };
        }
        // Without a status the reason becomes the command's error, which is reported in one place.
        if reason.is_empty() || status.is_none() {
            Ok(())
        } else {
            aside(&printable(reason))
        }
    }

    /// The session was over when it should have been taken up again.
    pub(super) fn timed_out(self) -> Result<(), Error> {
        self.plugin_only(&format!("Session: {} timed out.\n", self.session))
    }

    /// A local port is forwarded from here on.
    pub(super) fn forwarding(self, place: &Listen) -> Result<(), Error> {
        let session = self.session;
        if !self.is_plugin() {
            return aside(&format!("usher: listening on {place}"));
        }
        let opened = match place {
            Listen::Tcp(_, port) => format!("Port {port} opened for sessionId {session}.\n"),
            Listen::Unix(path) => format!(
                "Unix socket {} opened for sessionId {session}.\n",
                path.display()
            ),
        };
        self.plugin_only(&format!("{opened}Waiting for connections...\n"))
    }

    /// What is said of the first connection, which another task accepts.
    pub(super) fn accepted(self) -> impl FnOnce() + Send + 'static {
        let text = self
            .is_plugin()
            .then(|| format!("\nConnection accepted for session [{}]\n", self.session));
        move || {
            if let Some(text) = text {
                let _ = io::stdout().write_all(text.as_bytes());
            }
        }
    }

    /// The node could not connect one of them.
    pub(super) fn not_connected(self) {
        let _ = if self.is_plugin() {
            io::stdout()
                .write_all(b"\nConnection to destination port failed, check SSM Agent logs.\n")
        } else {
            writeln!(
                io::stderr(),
                "usher: the node could not connect; the log of its agent says why"
            )
        };
    }

    /// A key ends a forward.
    pub(super) fn leaving(self) -> Result<(), Error> {
        self.plugin_only("Terminate signal received, exiting.\n")
    }

    /// The connection is gone and is being made again; said on a raw terminal, hence the carriage returns.
    pub(super) fn interrupted(self, cause: &str) {
        let text = format!(
            "connection lost ({}); making it again, Ctrl-C leaves",
            printable(cause)
        );
        // A notice about the connection must not end the session when standard error is gone.
        let _ = write!(io::stderr().lock(), "\r\nusher: {text}\r\n");
    }

    /// The connection is back.
    pub(super) fn resumed(self) {
        let _ = write!(io::stderr().lock(), "usher: connected again\r\n");
    }

    /// On a raw terminal.
    pub(super) fn escapes(self) {
        let _ = io::stderr().lock().write_all(HELP.as_bytes());
    }

    fn plugin_only(self, text: &str) -> Result<(), Error> {
        if !self.is_plugin() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(Error::Output)
    }
}

fn aside(text: &str) -> Result<(), Error> {
    writeln!(io::stderr().lock(), "{text}").map_err(Error::Output)
}
