//! The messages around a dialer: login tells it where to connect, and the session worker when.
//!
//! The worker, which speaks with the network, has no word for where.

use std::os::fd::OwnedFd;

use usher_wire::message::DialAnswer;

use super::fields::{Reader, Writer};
use super::{IpcError, Message};
use crate::port_rules::MOST_RULES;

/// To a dialer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ToDialer {
    /// Where every connection goes and which addresses it may have; the first message, from login.
    Target {
        host: String,
        port: u16,
        allow: Vec<String>,
        deny: Vec<String>,
    },
    /// Make a connection.
    Dial { id: u32 },
}

/// From a dialer.
#[derive(Debug)]
pub(crate) enum FromDialer {
    /// The connection is made.
    Dialed { id: u32, socket: OwnedFd },
    /// It could not be made.
    NotDialed { id: u32, refusal: NotDialed },
}

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotDialed {
    pub(crate) answer: DialAnswer,
    /// For the person.
    pub(crate) sentence: String,
}

fn write_texts<'a>(fields: &mut Writer<'a>, texts: &'a [String]) {
    fields.short(u16::try_from(texts.len()).unwrap_or(u16::MAX));
    for text in texts {
        fields.text(text);
    }
}

fn read_texts(fields: &mut Reader<'_>) -> Result<Vec<String>, IpcError> {
    let count = fields.short()?;
    if usize::from(count) > MOST_RULES {
        return Err(IpcError::InvalidField);
    }
    (0..count)
        .map(|_| fields.text().map(str::to_owned))
        .collect()
}

impl Message for ToDialer {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Target {
                host,
                port,
                allow,
                deny,
            } => {
                fields.byte(1);
                fields.text(host);
                fields.short(*port);
                write_texts(fields, allow);
                write_texts(fields, deny);
            }
            Self::Dial { id } => {
                fields.byte(2);
                fields.int(id.cast_signed());
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        match fields.byte()? {
            1 => Ok(Self::Target {
                host: fields.text()?.to_owned(),
                port: fields.short()?,
                allow: read_texts(fields)?,
                deny: read_texts(fields)?,
            }),
            2 => Ok(Self::Dial {
                id: fields.int()?.cast_unsigned(),
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}

impl Message for FromDialer {
    fn encode<'a>(&'a self, fields: &mut Writer<'a>) {
        match self {
            Self::Dialed { id, socket } => {
                fields.byte(1);
                fields.int(id.cast_signed());
                fields.descriptor(socket);
            }
            Self::NotDialed { id, refusal } => {
                fields.byte(2);
                fields.int(id.cast_signed());
                fields.byte(refusal.answer.code());
                fields.text(&refusal.sentence);
            }
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<Self, IpcError> {
        let kind = fields.byte()?;
        let id = fields.int()?.cast_unsigned();
        match kind {
            1 => Ok(Self::Dialed {
                id,
                socket: fields.descriptor()?,
            }),
            2 => Ok(Self::NotDialed {
                id,
                refusal: NotDialed {
                    answer: DialAnswer::from_code(fields.byte()?),
                    sentence: fields.text()?.to_owned(),
                },
            }),
            kind => Err(IpcError::UnknownKind(kind)),
        }
    }
}
