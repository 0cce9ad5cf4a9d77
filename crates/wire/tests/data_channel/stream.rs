//! The stream once it is open: order, acknowledgements, repeats, pauses, the end.

use bytes::Bytes;
use usher_wire::data_channel::Event;
use usher_wire::frame::{MessageType, PayloadType};
use uuid::Uuid;

use super::peer::{Bench, bytes, output};

#[test]
fn junk_and_messages_of_the_wrong_direction_are_counted_and_ignored() {
    let mut agent = Bench::open_agent();
    let now = agent.now;
    agent
        .channel
        .handle_message(now, Bytes::from_static(b"junk"))
        .unwrap();
    agent.control(MessageType::OutputStreamData, "x");
    agent.control(MessageType::AgentSessionState, "{}");
    agent.control(MessageType::Acknowledge, "not json");
    assert_eq!(agent.channel.counters().discarded, 4);
    assert_eq!(agent.events(), []);
    assert_eq!(agent.sent(), []);
}

#[test]
fn an_acknowledge_for_a_number_never_sent_changes_nothing() {
    let mut agent = Bench::open_agent();
    agent.channel.send(PayloadType::Output, bytes("x")).unwrap();
    agent.sent();
    for number in [2, 99, -1, i64::MAX, i64::MIN] {
        agent.acknowledge(number);
    }
    assert_eq!(agent.channel.counters().discarded, 5);
    assert!(!agent.channel.all_acknowledged());
    agent.acknowledge(1);
    assert!(agent.channel.all_acknowledged());
    assert_eq!(agent.channel.poll_timeout(), None);
}

#[test]
fn extreme_numbers_from_a_peer_are_refused() {
    let mut agent = Bench::open_agent();
    for number in [i64::MAX, i64::MIN, -1, 8193] {
        agent.receive(number, PayloadType::Output, b"x");
    }
    assert_eq!(agent.events(), []);
    agent.receive(0, PayloadType::Output, b"first");
    assert_eq!(agent.events(), [output("first")]);
}

#[test]
fn a_payload_is_acknowledged_when_it_is_taken_and_not_before() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"a");
    agent.receive(1, PayloadType::Output, b"b");
    assert_eq!(agent.sent(), []);
    // A copy of one that still waits is not acknowledged either.
    agent.receive(1, PayloadType::Output, b"b");
    assert_eq!(agent.sent(), []);
    assert_eq!(agent.channel.poll_event(), Some(output("a")));
    assert_eq!(agent.sent_acknowledgements(), [0]);
    assert_eq!(agent.events(), [output("b")]);
    assert_eq!(agent.sent_acknowledgements(), [1]);
}

#[test]
fn a_duplicate_is_acknowledged_again_and_not_run_again() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"a");
    assert_eq!(agent.events().len(), 1);
    assert_eq!(agent.sent_acknowledgements(), [0]);
    agent.receive(0, PayloadType::Output, b"a");
    assert_eq!(agent.events(), []);
    assert_eq!(agent.sent_acknowledgements(), [0]);
}

#[test]
fn payloads_this_end_cannot_use_are_acknowledged_so_that_the_stream_goes_on() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Other(99), b"x");
    agent.receive(1, PayloadType::Size, b"{\"cols\":0,\"rows\":5}");
    agent.receive(2, PayloadType::Size, b"junk");
    agent.receive(3, PayloadType::Output, b"a");
    assert_eq!(agent.events(), [output("a")]);
    assert_eq!(agent.sent_acknowledgements(), [0, 1, 2, 3]);
}

/// The bytes of traces: `\r` and Ctrl-C under number 1, the next key under number 3.
#[test]
fn a_number_reused_with_another_id_is_run_as_the_next_message() {
    let mut agent = Bench::open_agent();
    let id = Uuid::from_u128;
    agent
        .receive_as(id(10), 0, PayloadType::Output, b"size")
        .unwrap();
    agent
        .receive_as(id(11), 1, PayloadType::Output, b"\r")
        .unwrap();
    agent
        .receive_as(id(13), 3, PayloadType::Output, b"l")
        .unwrap();
    agent
        .receive_as(id(12), 1, PayloadType::Output, b"\x03")
        .unwrap();
    assert_eq!(
        agent.events(),
        [output("size"), output("\r"), output("\x03"), output("l")]
    );
    assert_eq!(agent.sent_acknowledgements(), [0, 1, 1, 3]);
    // The plugin goes on sending it: a duplicate now.
    agent
        .receive_as(id(12), 1, PayloadType::Output, b"\x03")
        .unwrap();
    assert_eq!(agent.events(), []);
    assert_eq!(agent.sent_acknowledgements(), [1]);
    agent
        .receive_as(id(14), 4, PayloadType::Output, b"s")
        .unwrap();
    assert_eq!(agent.events(), [output("s")]);
}

#[test]
fn a_number_whose_place_was_taken_by_a_reused_one_is_run_after_it() {
    let mut agent = Bench::open_agent();
    let id = Uuid::from_u128;
    for (message, number, key) in [(1, 0, b"a"), (2, 0, b"b"), (3, 1, b"c"), (4, 2, b"d")] {
        agent
            .receive_as(id(message), number, PayloadType::Output, key)
            .unwrap();
    }
    assert_eq!(agent.events(), ["a", "b", "c", "d"].map(output));
}

#[test]
fn the_oldest_message_is_repeated_ever_later_until_it_is_acknowledged() {
    let mut agent = Bench::open_agent();
    agent.channel.send(PayloadType::Output, bytes("x")).unwrap();
    let first = agent.sent();
    let mut repeats = 0;
    for _ in 0..100 {
        agent.pass(100);
        for frame in agent.sent() {
            assert_eq!(frame, first[0], "a repeat is the same message, id included");
            repeats += 1;
        }
    }
    assert!(
        (4..=8).contains(&repeats),
        "{repeats} repeats in ten seconds"
    );
    agent.acknowledge(1);
    agent.pass(60_000);
    assert_eq!(agent.sent(), []);
}

#[test]
fn a_new_transport_gets_everything_unacknowledged_at_once_and_in_order() {
    let mut agent = Bench::open_agent();
    for text in ["a", "b", "c", "d"] {
        agent
            .channel
            .send(PayloadType::Output, bytes(text))
            .unwrap();
    }
    agent.sent();
    agent.acknowledge(2);
    agent.channel.handle_disconnected();
    agent.channel.send(PayloadType::Output, bytes("e")).unwrap();
    assert_eq!(agent.sent(), []);
    assert_eq!(agent.channel.poll_timeout(), None);
    let now = agent.now;
    agent.channel.handle_connected(now);
    let texts: Vec<_> = agent.sent_data();
    assert_eq!(
        texts,
        [
            (1, bytes("a")),
            (3, bytes("c")),
            (4, bytes("d")),
            (5, bytes("e"))
        ]
    );
}

#[test]
fn an_empty_payload_is_not_sent() {
    let mut agent = Bench::open_agent();
    agent
        .channel
        .send(PayloadType::Output, Bytes::new())
        .unwrap();
    assert_eq!(agent.sent(), []);
}

#[test]
fn a_paused_end_keeps_what_it_sends_and_repeats_it_on_start() {
    let mut agent = Bench::open_agent();
    agent.channel.send(PayloadType::Output, bytes("a")).unwrap();
    agent.sent();
    agent.control(MessageType::PausePublication, "");
    agent.channel.send(PayloadType::Output, bytes("b")).unwrap();
    agent.pass(60_000);
    assert_eq!(agent.sent(), []);
    assert_eq!(agent.events(), [Event::Paused]);
    agent.control(MessageType::StartPublication, "");
    assert_eq!(agent.events(), [Event::Resumed]);
    assert_eq!(agent.sent_data(), [(1, bytes("a")), (2, bytes("b"))]);
}

#[test]
fn stream_data_or_an_acknowledge_resumes_a_paused_end() {
    for resume in [
        (|agent| agent.receive(0, PayloadType::Output, b"x")) as fn(&mut Bench),
        |agent| agent.acknowledge(0),
    ] {
        let mut agent = Bench::open_agent();
        agent.control(MessageType::PausePublication, "");
        agent.channel.send(PayloadType::Output, bytes("b")).unwrap();
        assert_eq!(agent.sent_data(), []);
        resume(&mut agent);
        assert_eq!(agent.sent_data(), [(1, bytes("b"))]);
    }
}

#[test]
fn what_was_in_flight_before_a_pause_is_repeated_after_any_resumption() {
    let mut agent = Bench::open_agent();
    agent.channel.send(PayloadType::Output, bytes("a")).unwrap();
    agent.sent();
    agent.control(MessageType::PausePublication, "");
    agent.receive(0, PayloadType::Output, b"x");
    assert_eq!(agent.sent_data(), []);
    agent.pass(1000);
    assert_eq!(agent.sent_data(), [(1, bytes("a"))]);
}

#[test]
fn what_arrived_before_the_end_is_delivered_before_it() {
    let mut client = Bench::open_client();
    client.receive(1, PayloadType::Output, b"logout");
    client.close("");
    client.receive(2, PayloadType::Output, b"too late");
    assert_eq!(
        client.events(),
        [
            output("logout"),
            Event::Closed {
                output: String::new()
            }
        ]
    );
    assert_eq!(client.sent(), []);
}

#[test]
fn a_closed_channel_takes_nothing_and_wants_nothing() {
    let mut client = Bench::open_client();
    client
        .channel
        .send(PayloadType::Output, bytes("x"))
        .unwrap();
    client.sent();
    client.control(MessageType::PausePublication, "");
    client.close("");
    let now = client.now;
    client.channel.handle_disconnected();
    client.channel.handle_connected(now);
    assert_eq!(client.channel.poll_timeout(), None);
    assert_eq!(client.sent(), []);
    assert!(
        client
            .channel
            .send(PayloadType::Output, bytes("y"))
            .is_err()
    );
    assert!(
        client
            .channel
            .send_urgent(PayloadType::Output, bytes("z"))
            .is_err()
    );
}

#[test]
fn an_unreadable_closing_still_closes() {
    let mut client = Bench::open_client();
    client.control(MessageType::ChannelClosed, "junk");
    assert_eq!(
        client.events(),
        [Event::Closed {
            output: String::new()
        }]
    );
}
