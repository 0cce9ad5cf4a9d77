//! The closed lists of message and payload types.
//!
//! An unknown message type is an error of the frame; an unknown payload type is kept by its number, because a stream
//! frame must be acknowledged even by a peer that can't use it.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! message_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What kind of message a frame is, by the ASCII name in its header.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageType {
            $($(#[$doc])* $variant,)*
        }

        impl MessageType {
            /// The type with this name.
            pub fn from_name(name: &[u8]) -> Option<Self> {
                $(if name == $name.as_bytes() { return Some(Self::$variant); })*
                None
            }

            /// The name on the wire, at most 32 bytes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

message_types! {
    /// Agent to client, numbered.
    OutputStreamData = "output_stream_data",
    /// Client to agent, numbered.
    InputStreamData = "input_stream_data",
    /// Confirms one numbered message; both directions.
    Acknowledge = "acknowledge",
    /// The service ends the session.
    ChannelClosed = "channel_closed",
    /// The other end is present again: transmit.
    StartPublication = "start_publication",
    /// The other end is absent: stop transmitting.
    PausePublication = "pause_publication",
    /// Agent to service on the data channel: connected, terminating.
    AgentSessionState = "agent_session_state",
    /// Service to agent on the control channel: start a session.
    InteractiveShell = "interactive_shell",
    /// Agent to service: a session has ended.
    AgentTaskComplete = "agent_task_complete",
    /// Service to agent: the completion was received.
    AgentTaskAcknowledge = "agent_task_acknowledge",
    /// Service to our own agent on the data channel: a sentence for the person's terminal.
    UsherNotice = "usher_notice",
    /// Service to our own agent on the control channel: would this OS user be let in?
    UsherExplain = "usher_explain",
    /// Our own agent to service: the answer.
    UsherExplained = "usher_explained",
    /// AWS's agent: counters, of no use to us.
    AgentTelemetry = "agent_telemetry",
    /// AWS's agent: result of a self-update, of no use to us.
    AgentUpdateResult = "agent_update_result",
    /// AWS's agent: receipt for a Run Command job, which we never send.
    AgentJobAck = "agent_job_ack",
    /// AWS's agent: result of a Run Command job, which we never send.
    AgentJobReply = "agent_job_reply",
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for MessageType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What the payload of a stream message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadType {
    /// 0: not a stream message.
    Undefined,
    /// 1: raw bytes, either direction.
    Output,
    /// 2: legacy, unused by AWS's programs.
    Error,
    /// 3: window size, client to agent, JSON.
    Size,
    /// 4: unused by AWS's programs.
    Parameter,
    /// 5: agent to client, JSON.
    HandshakeRequest,
    /// 6: client to agent, JSON.
    HandshakeResponse,
    /// 7: agent to client, JSON.
    HandshakeComplete,
    /// 8: agent to client, JSON.
    EncChallengeRequest,
    /// 9: client to agent, JSON.
    EncChallengeResponse,
    /// 10: big-endian u32; 1 disconnect from port, 2 terminate session, 3 connecting to the port failed.
    Flag,
    /// 11: raw bytes, agent to client.
    StdErr,
    /// 12: exit code as text, agent to client.
    ExitCode,
    /// Any other number.
    Other(u32),
}

impl PayloadType {
    /// The type with this number on the wire.
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Undefined,
            1 => Self::Output,
            2 => Self::Error,
            3 => Self::Size,
            4 => Self::Parameter,
            5 => Self::HandshakeRequest,
            6 => Self::HandshakeResponse,
            7 => Self::HandshakeComplete,
            8 => Self::EncChallengeRequest,
            9 => Self::EncChallengeResponse,
            10 => Self::Flag,
            11 => Self::StdErr,
            12 => Self::ExitCode,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u32 {
        match self {
            Self::Undefined => 0,
            Self::Output => 1,
            Self::Error => 2,
            Self::Size => 3,
            Self::Parameter => 4,
            Self::HandshakeRequest => 5,
            Self::HandshakeResponse => 6,
            Self::HandshakeComplete => 7,
            Self::EncChallengeRequest => 8,
            Self::EncChallengeResponse => 9,
            Self::Flag => 10,
            Self::StdErr => 11,
            Self::ExitCode => 12,
            Self::Other(number) => number,
        }
    }

    /// Whether the payload is a byte stream, so that cutting or joining payloads does not change its meaning.
    pub const fn is_byte_stream(self) -> bool {
        matches!(self, Self::Output | Self::StdErr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_numbers_survive_the_round_trip() {
        for number in 0..64 {
            assert_eq!(PayloadType::from_number(number).number(), number);
        }
    }

    #[test]
    fn names_are_found_again_and_others_are_not() {
        assert_eq!(MessageType::from_name(b"agent_job"), None);
        assert_eq!(MessageType::from_name(b""), None);
        let kind = MessageType::AgentTaskComplete;
        assert_eq!(MessageType::from_name(kind.name().as_bytes()), Some(kind));
    }
}
