//! The messages within a session: its worker and its login, one enum per direction.
//!
//! What a worker asks for is judged by login against the grant; nothing here decides.

use std::os::fd::OwnedFd;

use usher_sys::ExitStatus;

use super::fields::{Reader, Writer};
use super::{IpcError, Message};

/// More locale variables than this a client has no use for.
const MAX_LOCALE: u16 = 16;

/// What runs in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// The account's login shell, on a terminal.
    Shell,
    /// A command line for the system's shell, on a terminal.
    OnTerminal { command: String },
    /// A command line of words, without a shell and on pipes; standard error on a pipe of its own or not.
    OnPipes { command: String, separate: bool },
    /// Connections to one port, made as the account; `localhost` is the node itself.
    Port { host: String, port: u16 },
    /// Files, read and written as the account.
    Copy,
}

/// What a session worker asks of login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) run: Run,
    /// The terminal's size; 0 where it is unknown.
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) term: String,
    pub(crate) locale: Vec<(String, String)>,
}

/// Session to login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ToShell {
    /// Start what the session is for.
    Open(Open),
    /// The session worker ends with this exit code; its last message.
    Leaving { code: u8 },
    /// Send the program's process group this signal: 1, 2, 3 or 15.
    Signal { number: u8 },
}

/// Login to session.
#[derive(Debug)]
pub(crate) enum FromShell {
    /// The shell or command runs; the terminal's master side.
    Started { terminal: OwnedFd },
    /// The command runs; our ends of its pipes.
    StartedOnPipes {
        input: OwnedFd,
        output: OwnedFd,
        /// Only if it was asked to be separate.
        errors: Option<OwnedFd>,
    },
    /// Connections can be made; our end of the dialer's socket.
    Dials { dialer: OwnedFd },
    /// It could not be started; a sentence for the person.
    Failed { sentence: String },
    /// It has ended, and every process of its session with it.
    Exited { status: ExitStatus },
}

impl Run {
    fn encode(&self, fields: &mut Writer<'_>) {
        match self {
            Self::Shell => fields.byte(0),
            Self::OnTerminal { command } => {
                fields.byte(1);
                fields.text(command);
            }
            Self::OnPipes { command, separate } => {
                fields.byte(if *separate { 3 } else { 2 });
                fields.text(command);
            }
            Self::Port { host, port } => {
                fields.byte(4);
                fields.text(host);
                fields.short(*port);
            }
            Self::Copy => fields.byte(5),
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            0 => Ok(Self::Shell),
            1 => Ok(Self::OnTerminal {
                command: fields.text()?.to_owned(),
            }),
            kind @ (2 | 3) => Ok(Self::OnPipes {
                command: fields.text()?.to_owned(),
                separate: kind == 3,
            }),
            4 => Ok(Self::Port {
                host: fields.text()?.to_owned(),
                port: fields.short()?,
            }),
            5 => Ok(Self::Copy),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Open {
    fn encode(&self, fields: &mut Writer<'_>) {
        self.run.encode(fields);
        fields.short(self.columns);
        fields.short(self.rows);
        fields.text(&self.term);
        fields.short(u16::try_from(self.locale.len()).unwrap_or(u16::MAX));
        for (name, value) in &self.locale {
            fields.text(name);
            fields.text(value);
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        let run = Run::decode(fields)?;
        let columns = fields.short()?;
        let rows = fields.short()?;
        let term = fields.text()?.to_owned();
        let count = fields.short()?;
        if count > MAX_LOCALE {
            return Err(IpcError::InvalidField);
        }
        let locale = (0..count)
            .map(|_| Ok((fields.text()?.to_owned(), fields.text()?.to_owned())))
            .collect::<Result<_, IpcError>>()?;
        Ok(Self {
            run,
            columns,
            rows,
            term,
            locale,
        })
    }
}

impl Message for ToShell {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Open(open) => {
                fields.byte(1);
                open.encode(fields);
            }
            Self::Leaving { code } => {
                fields.byte(2);
                fields.byte(*code);
            }
            Self::Signal { number } => {
                fields.byte(3);
                fields.byte(*number);
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Open::decode(fields).map(Self::Open),
            2 => Ok(Self::Leaving {
                code: fields.byte()?,
            }),
            3 => Ok(Self::Signal {
                number: fields.byte()?,
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Message for FromShell {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Started { terminal } => {
                fields.byte(1);
                fields.descriptor(terminal);
            }
            Self::Failed { sentence } => {
                fields.byte(2);
                fields.text(sentence);
            }
            Self::Exited { status } => {
                let (kind, number) = match status {
                    ExitStatus::Code(code) => (0, *code),
                    ExitStatus::Signal(signal) => (1, *signal),
                };
                fields.byte(3);
                fields.byte(kind);
                fields.int(number);
            }
            Self::Dials { dialer } => {
                fields.byte(5);
                fields.descriptor(dialer);
            }
            Self::StartedOnPipes {
                input,
                output,
                errors,
            } => {
                fields.byte(4);
                fields.byte(u8::from(errors.is_some()));
                fields.descriptor(input);
                fields.descriptor(output);
                if let Some(errors) = errors {
                    fields.descriptor(errors);
                }
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Started {
                terminal: fields.descriptor()?,
            }),
            2 => Ok(Self::Failed {
                sentence: fields.text()?.to_owned(),
            }),
            3 => {
                let status: fn(i32) -> ExitStatus = match fields.byte()? {
                    0 => ExitStatus::Code,
                    1 => ExitStatus::Signal,
                    _ => return Err(IpcError::InvalidField),
                };
                Ok(Self::Exited {
                    status: status(fields.int()?),
                })
            }
            4 => {
                let separate = match fields.byte()? {
                    0 => false,
                    1 => true,
                    _ => return Err(IpcError::InvalidField),
                };
                Ok(Self::StartedOnPipes {
                    input: fields.descriptor()?,
                    output: fields.descriptor()?,
                    errors: separate.then(|| fields.descriptor()).transpose()?,
                })
            }
            5 => Ok(Self::Dials {
                dialer: fields.descriptor()?,
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}
