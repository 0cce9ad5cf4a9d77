//! Sentences of the service in the agent's output, and input that a person takes back.

use usher_wire::data_channel::{Event, Full};
use usher_wire::frame::{FLAG_NOTICE, FLAG_SYN, MessageType, PayloadType};

use super::peer::{Bench, bytes};

const NOTICE: &str = r#"{"Text":"two minutes"}"#;

#[test]
fn a_client_takes_no_notice_and_an_agent_none_that_cannot_be_read() {
    let mut client = Bench::open_client();
    client.control(MessageType::UsherNotice, NOTICE);
    let mut agent = Bench::open_agent();
    agent.control(MessageType::UsherNotice, "not json");
    for bench in [&mut client, &mut agent] {
        assert_eq!(bench.events(), []);
        assert_eq!(bench.channel.counters().discarded, 1);
    }
}

#[test]
fn a_notice_longer_than_one_payload_is_handed_back() {
    let mut agent = Bench::open_agent();
    let long = bytes(&"x".repeat(1025));
    assert_eq!(agent.channel.send_notice(long.clone()), Err(Full(long)));
}

#[test]
fn a_notice_goes_in_order_with_the_output_and_is_marked() {
    let mut agent = Bench::open_agent();
    agent.control(MessageType::UsherNotice, NOTICE);
    let text = "two minutes".to_owned();
    assert_eq!(agent.events(), [Event::Notice { text }]);
    agent
        .channel
        .send(PayloadType::Output, bytes("before"))
        .unwrap();
    agent.channel.send_notice(bytes("two minutes")).unwrap();
    agent
        .channel
        .send(PayloadType::Output, bytes("after"))
        .unwrap();
    let sent: Vec<_> = agent
        .sent()
        .into_iter()
        .map(|frame| (frame.payload, frame.flags, frame.payload_type))
        .collect();
    let output = PayloadType::Output;
    assert_eq!(
        sent,
        [
            (bytes("before"), 0, output),
            (bytes("two minutes"), FLAG_NOTICE, output),
            (bytes("after"), 0, output),
        ]
    );
    assert_eq!(FLAG_NOTICE & FLAG_SYN, 0);
}

#[test]
fn input_that_was_sent_cannot_be_taken_back_and_input_that_waits_can() {
    let mut client = Bench::open_client();
    let send = |client: &mut Bench, text: &str| {
        client
            .channel
            .send(PayloadType::Output, bytes(text))
            .unwrap();
    };
    send(&mut client, "sent");
    assert_eq!(client.sent_data(), [(0, bytes("sent"))]);
    send(&mut client, "pasted");
    client
        .channel
        .send_urgent(PayloadType::Output, bytes("\x03"))
        .unwrap();
    client.channel.discard_waiting();
    assert_eq!(client.sent_data(), [(1, bytes("\x03"))]);
    client.acknowledge(0);
    client.acknowledge(1);
    assert!(client.channel.all_acknowledged());
}
