//! Flags: short words between the two ends of a session, in order with the stream (payload type 10).
//!
//! AWS's programs know the first three; the others are ours and go only to a peer that said `Usher`.

use bytes::Bytes;

/// The first half of our own flags, `Us`: no number AWS is likely to take.
const OURS: u32 = 0x5573_0000;

/// Beyond every signal.
const ANSWERS: u32 = 0x100;

/// How the node made a connection, as RFC 1928 (section 6, REP) numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialAnswer {
    /// 0: it is made.
    Connected,
    /// 1: it failed for a reason that has no number of its own.
    Failed,
    /// 2: a rule forbids it.
    NotAllowed,
    /// 3.
    NetworkUnreachable,
    /// 4: also a name that nobody knows, and a host that does not answer.
    HostUnreachable,
    /// 5: nobody listens there.
    Refused,
}

impl DialAnswer {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Connected => 0,
            Self::Failed => 1,
            Self::NotAllowed => 2,
            Self::NetworkUnreachable => 3,
            Self::HostUnreachable => 4,
            Self::Refused => 5,
        }
    }

    /// The answer of this number; an unknown number is a failure.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Connected,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// What a flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// 1: the local connection of a plain port session has ended.
    DisconnectToPort,
    /// 2: the client ends the session.
    TerminateSession,
    /// 3: the agent could not connect to the port.
    ConnectToPortError,
    /// Ours: there is no more input. What a pipe says by its end.
    EndOfInput,
    /// Ours: from here on each forwarded connection begins with a byte that says how it was made.
    AnswerDials,
    /// Ours: a signal for the program, by its number on Linux: 1, 2, 3 or 15.
    Signal(u8),
}

impl Flag {
    /// Reads the payload: a big-endian number of 4 bytes. None for what no end of ours sends.
    pub fn from_payload(payload: &[u8]) -> Option<Self> {
        match u32::from_be_bytes(payload.try_into().ok()?) {
            1 => Some(Self::DisconnectToPort),
            2 => Some(Self::TerminateSession),
            3 => Some(Self::ConnectToPortError),
            number if number == OURS => Some(Self::EndOfInput),
            number if number == OURS + ANSWERS => Some(Self::AnswerDials),
            number => match u8::try_from(number.checked_sub(OURS)?).ok()? {
                signal @ (1 | 2 | 3 | 15) => Some(Self::Signal(signal)),
                _ => None,
            },
        }
    }

    /// The payload.
    pub fn to_payload(self) -> Bytes {
        let number = match self {
            Self::DisconnectToPort => 1,
            Self::TerminateSession => 2,
            Self::ConnectToPortError => 3,
            Self::EndOfInput => OURS,
            Self::AnswerDials => OURS + ANSWERS,
            Self::Signal(signal) => OURS + u32::from(signal),
        };
        Bytes::copy_from_slice(&number.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_flag_is_none() {
        for payload in [
            &b""[..],
            &[0, 0, 0],
            &[0, 0, 0, 0],
            &[0, 0, 0, 4],
            &[0, 0, 0, 1, 0],
            &[0x55, 0x73, 0, 9],
            &[0x55, 0x73, 1, 1],
            &[0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Flag::from_payload(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn an_unknown_answer_is_a_failure_and_never_a_connection() {
        for code in 6..=u8::MAX {
            assert_eq!(DialAnswer::from_code(code), DialAnswer::Failed);
        }
        for code in 0..6 {
            assert_eq!(DialAnswer::from_code(code).code(), code);
        }
    }

    // The second as captured from AWS's plugin (traces.md section 4).
    #[test]
    fn flags_are_read_as_they_are_written() {
        for flag in [
            Flag::DisconnectToPort,
            Flag::TerminateSession,
            Flag::ConnectToPortError,
            Flag::EndOfInput,
            Flag::AnswerDials,
            Flag::Signal(2),
            Flag::Signal(15),
        ] {
            assert_eq!(Flag::from_payload(&flag.to_payload()), Some(flag));
        }
        assert_eq!(
            Flag::from_payload(&[0, 0, 0, 2]),
            Some(Flag::TerminateSession)
        );
    }
}
