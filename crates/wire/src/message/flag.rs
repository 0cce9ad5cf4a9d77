//! Flags: short words between the two ends of a session, in order with the stream (payload type 10).
//!
//! AWS's programs know the first three; the others are ours and go only to a peer that said `Usher`.

use bytes::Bytes;

/// The first half of our own flags, `Us`: no number AWS is likely to take.
const OURS: u32 = 0x5573_0000;

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
            &[0x55, 0x73, 1, 0],
            &[0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Flag::from_payload(payload), None, "{payload:?}");
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
