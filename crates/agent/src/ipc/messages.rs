//! The messages around a session: control, monitor and login, one enum per direction.

use std::os::fd::OwnedFd;

use usher_wire::ids::SessionId;

use super::fields::{Reader, Writer};
use super::{IpcError, Message};

/// Control to monitor.
#[derive(Debug)]
pub(crate) enum ToMonitor {
    /// Start a session; the task is an anonymous file that only its session worker reads.
    Start {
        session: SessionId,
        grant: Vec<u8>,
        task: OwnedFd,
    },
    /// The service has ended a session.
    End { session: SessionId },
    /// The service has acknowledged a session's end: it may be forgotten.
    Reported { session: SessionId },
    /// Would this OS user be let in? Without a name: the account of sessions without Run As.
    Explain {
        request: String,
        user: Option<String>,
    },
}

/// Monitor to control.
#[derive(Debug)]
pub(crate) enum ToControl {
    /// Who the node is; the first message.
    Configure {
        endpoint: String,
        region: String,
        node: String,
        fingerprint: String,
        /// PEM of the only authorities that count for the service.
        authorities: Option<String>,
        key: OwnedFd,
    },
    /// A session has ended; repeated to a restarted control until it is reported.
    Ended {
        session: SessionId,
        outcome: Outcome,
    },
    /// Answers Explain; without a refusal the OS user would be let in.
    Explained {
        request: String,
        refusal: Option<String>,
    },
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran and ended.
    Success,
    /// It was refused or broke; a sentence for the person.
    Failed(String),
}

/// Monitor to login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ToLogin {
    /// Check this grant; the first message.
    Check { session: SessionId, grant: Vec<u8> },
    /// Say whether this OS user would be let in, and end; the first message.
    Explain { user: Option<String> },
    /// Hang up, then kill.
    End,
}

/// Login to monitor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromLogin {
    /// The grant holds and the account may be used: the session worker may start.
    Accepted,
    /// A sentence for the person, before the login is granted or when its program cannot start; the login process ends.
    Refused { sentence: String },
    /// From now on it waits for this; one that never answers is what the person is told about.
    Asks(Asked),
}

/// Whom a login waits for before it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Asked {
    /// The name service, and the tools that make ssm-user.
    AccountDatabase = 1,
    /// PAM's modules.
    Pam = 2,
}

/// No text is empty where there may be none.
fn optional(fields: &mut Reader<'_>) -> Result<Option<String>, IpcError> {
    Ok(Some(fields.text()?.to_owned()).filter(|text| !text.is_empty()))
}

fn session(fields: &mut Reader<'_>) -> Result<SessionId, IpcError> {
    SessionId::parse(fields.text()?).map_err(|_| IpcError::InvalidField)
}

impl Message for ToMonitor {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Start {
                session,
                grant,
                task,
            } => {
                fields.byte(1);
                fields.text(session.as_str());
                fields.slice(grant);
                fields.descriptor(task);
            }
            Self::End { session } => {
                fields.byte(2);
                fields.text(session.as_str());
            }
            Self::Reported { session } => {
                fields.byte(3);
                fields.text(session.as_str());
            }
            Self::Explain { request, user } => {
                fields.byte(4);
                fields.text(request);
                fields.text(user.as_deref().unwrap_or_default());
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Start {
                session: session(fields)?,
                grant: fields.slice()?.to_vec(),
                task: fields.descriptor()?,
            }),
            2 => Ok(Self::End {
                session: session(fields)?,
            }),
            3 => Ok(Self::Reported {
                session: session(fields)?,
            }),
            4 => Ok(Self::Explain {
                request: fields.text()?.to_owned(),
                user: optional(fields)?,
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Message for ToControl {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Configure {
                endpoint,
                region,
                node,
                fingerprint,
                authorities,
                key,
            } => {
                fields.byte(1);
                let authorities = authorities.as_deref().unwrap_or_default();
                for text in [endpoint, region, node, fingerprint, authorities] {
                    fields.text(text);
                }
                fields.descriptor(key);
            }
            Self::Ended { session, outcome } => {
                fields.byte(2);
                fields.text(session.as_str());
                match outcome {
                    Outcome::Success => fields.byte(0),
                    Outcome::Failed(sentence) => {
                        fields.byte(1);
                        fields.text(sentence);
                    }
                }
            }
            Self::Explained { request, refusal } => {
                fields.byte(3);
                fields.text(request);
                fields.text(refusal.as_deref().unwrap_or_default());
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Configure {
                endpoint: fields.text()?.to_owned(),
                region: fields.text()?.to_owned(),
                node: fields.text()?.to_owned(),
                fingerprint: fields.text()?.to_owned(),
                authorities: optional(fields)?,
                key: fields.descriptor()?,
            }),
            2 => Ok(Self::Ended {
                session: session(fields)?,
                outcome: match fields.byte()? {
                    0 => Outcome::Success,
                    1 => Outcome::Failed(fields.text()?.to_owned()),
                    _ => return Err(IpcError::InvalidField),
                },
            }),
            3 => Ok(Self::Explained {
                request: fields.text()?.to_owned(),
                refusal: optional(fields)?,
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Message for ToLogin {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Check { session, grant } => {
                fields.byte(1);
                fields.text(session.as_str());
                fields.slice(grant);
            }
            Self::End => fields.byte(2),
            Self::Explain { user } => {
                fields.byte(3);
                fields.text(user.as_deref().unwrap_or_default());
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Check {
                session: session(fields)?,
                grant: fields.slice()?.to_vec(),
            }),
            2 => Ok(Self::End),
            3 => Ok(Self::Explain {
                user: optional(fields)?,
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Message for FromLogin {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Accepted => fields.byte(1),
            Self::Refused { sentence } => {
                fields.byte(2);
                fields.text(sentence);
            }
            Self::Asks(asked) => {
                fields.byte(3);
                fields.byte(*asked as u8);
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Accepted),
            2 => Ok(Self::Refused {
                sentence: fields.text()?.to_owned(),
            }),
            3 => match fields.byte()? {
                1 => Ok(Self::Asks(Asked::AccountDatabase)),
                2 => Ok(Self::Asks(Asked::Pam)),
                _ => Err(IpcError::InvalidField),
            },
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}
