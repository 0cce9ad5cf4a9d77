//! Which message a peer may send on a data channel, and what the gateway does with it: a pure table.
//!
//! The invariant: only the server makes `channel_closed` and the publication messages, and neither side can speak in
//! the other's name.

use usher_wire::frame::{FLAG_NOTICE, FrameHeader, MessageType};

use super::broker::Side;

/// What the gateway does with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handling {
    /// To the other side, as it is. The number is that of a stream message in which a person or a program speaks;
    /// acknowledgements and notices have none.
    Relay(Option<i64>),
    /// The agent's word to the service about the session.
    SessionState,
    /// Not this peer's to say: dropped and counted.
    Refuse,
}

/// What to do with a frame from `side`.
pub(crate) fn handling(side: Side, header: &FrameHeader) -> Handling {
    match (side, header.message_type) {
        (_, MessageType::Acknowledge) => Handling::Relay(None),
        // What the agent says for us keeps no idle session alive.
        (Side::Agent, MessageType::OutputStreamData) if header.flags == FLAG_NOTICE => {
            Handling::Relay(None)
        }
        (Side::Agent, MessageType::OutputStreamData)
        | (Side::Client, MessageType::InputStreamData) => Handling::Relay(Some(header.sequence)),
        (Side::Agent, MessageType::AgentSessionState) => Handling::SessionState,
        _ => Handling::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use usher_wire::frame::Frame;
    use uuid::Uuid;

    use super::*;

    fn check(side: Side, kind: MessageType, expected: Handling) {
        let mut frame = Frame::unsequenced(kind, 0, Uuid::nil(), 1, Bytes::new());
        frame.sequence = 7;
        let header = FrameHeader::parse(&frame.encode()).unwrap();
        assert_eq!(handling(side, &header), expected, "{side:?} {kind}");
    }

    #[test]
    fn no_peer_may_close_pause_or_speak_for_the_other_side() {
        for side in [Side::Agent, Side::Client] {
            check(side, MessageType::ChannelClosed, Handling::Refuse);
            check(side, MessageType::PausePublication, Handling::Refuse);
            check(side, MessageType::StartPublication, Handling::Refuse);
            check(side, MessageType::InteractiveShell, Handling::Refuse);
            check(side, MessageType::UsherNotice, Handling::Refuse);
            check(side, MessageType::AgentTaskComplete, Handling::Refuse);
        }
        check(Side::Agent, MessageType::InputStreamData, Handling::Refuse);
        check(
            Side::Client,
            MessageType::OutputStreamData,
            Handling::Refuse,
        );
        check(
            Side::Client,
            MessageType::AgentSessionState,
            Handling::Refuse,
        );
    }

    #[test]
    fn what_the_agent_says_for_the_service_is_nobodys_activity() {
        let kind = MessageType::OutputStreamData;
        let notice = Frame::unsequenced(kind, FLAG_NOTICE, Uuid::nil(), 1, Bytes::new());
        let header = FrameHeader::parse(&notice.encode()).unwrap();
        assert_eq!(handling(Side::Agent, &header), Handling::Relay(None));
        let mut input = notice;
        input.message_type = MessageType::InputStreamData;
        let header = FrameHeader::parse(&input.encode()).unwrap();
        assert_eq!(handling(Side::Client, &header), Handling::Relay(Some(0)));
    }

    #[test]
    fn streams_and_acknowledgements_pass_and_the_state_stays_here() {
        check(
            Side::Agent,
            MessageType::OutputStreamData,
            Handling::Relay(Some(7)),
        );
        check(
            Side::Client,
            MessageType::InputStreamData,
            Handling::Relay(Some(7)),
        );
        check(Side::Agent, MessageType::Acknowledge, Handling::Relay(None));
        check(
            Side::Client,
            MessageType::Acknowledge,
            Handling::Relay(None),
        );
        check(
            Side::Agent,
            MessageType::AgentSessionState,
            Handling::SessionState,
        );
    }
}
