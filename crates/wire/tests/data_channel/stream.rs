//! The stream once it is open: order, acknowledgements, repeats, back pressure, urgency, pauses.

use bytes::Bytes;
use usher_wire::data_channel::{Event, Full};
use usher_wire::frame::{MessageType, PayloadType};
use usher_wire::message::SessionType;
use uuid::Uuid;

use super::peer::{Bench, bytes, output};

#[test]
fn junk_and_messages_of_the_wrong_direction_are_counted_and_ignored() {
    let mut agent = Bench::open_agent();
    let now = agent.now;
    agent
        .channel
        .handle_message(now, 1, Bytes::from_static(b"junk"))
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
fn a_full_buffer_hands_the_payload_back_and_takes_it_once_there_is_room() {
    let mut agent = Bench::open_agent();
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut taken = 0;
    while agent.channel.writable() {
        agent
            .channel
            .send(PayloadType::Output, chunk.clone())
            .unwrap();
        taken += chunk.len();
    }
    assert_eq!(taken, 1024 * 1024);
    assert_eq!(
        agent.channel.send(PayloadType::Output, chunk.clone()),
        Err(Full(chunk.clone()))
    );
    let numbers: Vec<i64> = agent
        .sent_data()
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    assert!(
        numbers.len() * 1024 < 600 * 1024,
        "what is in flight is bounded as well"
    );
    for number in numbers {
        agent.acknowledge(number);
    }
    assert!(agent.channel.writable());
    agent.channel.send(PayloadType::Output, chunk).unwrap();
}

#[test]
fn the_urgent_lane_is_bounded_and_keeps_only_the_newest_size() {
    let mut client = Bench::open_client();
    client.channel.handle_disconnected();
    for cols in 1..500 {
        let size = usher_wire::message::Size { cols, rows: 1 };
        client
            .channel
            .send_urgent(PayloadType::Size, size.to_payload())
            .unwrap();
    }
    let refused = (0..1000).find(|_| {
        client
            .channel
            .send_urgent(PayloadType::Output, bytes("\x03"))
            .is_err()
    });
    assert_eq!(refused, Some(63));
    let now = client.now;
    client.channel.handle_connected(now);
    let data = client.sent_data();
    assert_eq!(data.len(), 64);
    assert_eq!(data[0].1, bytes(r#"{"cols":499,"rows":1}"#));
}

#[test]
fn ctrl_c_overtakes_a_paste() {
    let mut client = Bench::open_client();
    client
        .channel
        .send(PayloadType::Output, Bytes::from(vec![b'p'; 300_000]))
        .unwrap();
    let in_flight: usize = client
        .sent_data()
        .iter()
        .map(|(_, payload)| payload.len())
        .sum();
    assert!(
        in_flight < 80 * 1024,
        "{in_flight} bytes of a paste are out of reach"
    );
    client
        .channel
        .send_urgent(PayloadType::Output, bytes("\x03"))
        .unwrap();
    let data = client.sent_data();
    assert_eq!(data.len(), 1);
    assert_eq!(data[0].1, bytes("\x03"));
}

#[test]
fn long_output_is_cut_to_what_the_peer_takes_and_characters_stay_whole() {
    let mut agent = Bench::open_agent();
    let text = format!("x{}", "€".repeat(1000));
    agent
        .channel
        .send(PayloadType::Output, bytes(&text))
        .unwrap();
    let parts: Vec<Bytes> = agent
        .sent_data()
        .into_iter()
        .map(|(_, payload)| payload)
        .collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| part.len() <= 1024));
    assert!(parts.iter().all(|part| std::str::from_utf8(part).is_ok()));
    assert_eq!(parts.concat(), text.as_bytes());
    // Bytes that are no text are cut all the same.
    agent
        .channel
        .send(PayloadType::Output, Bytes::from(vec![0x80; 3000]))
        .unwrap();
    assert_eq!(agent.sent_data().len(), 3);
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

#[test]
fn a_driver_that_takes_nothing_costs_bounded_memory() {
    let mut client = Bench::open_client();
    let payload = vec![b'x'; 64 * 1024];
    for number in 1..200 {
        client.receive(number, PayloadType::Output, &payload);
    }
    assert!(!client.channel.readable());
    let kept = client.events().len();
    assert!(
        kept * payload.len() <= 4 * 1024 * 1024 + payload.len(),
        "{kept} payloads kept"
    );
    // The refused one is welcome when it comes again, and the early ones behind it were kept, again within bounds.
    client.receive(kept as i64 + 1, PayloadType::Output, b"next");
    let events = client.events();
    assert_eq!(events[0], output("next"));
    assert!(events.len() * payload.len() <= 2 * 1024 * 1024 + payload.len());
}

#[test]
fn an_interactive_flight_is_small_and_that_of_a_port_is_not() {
    let request = br#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port"}}]}"#;
    let mut client = Bench::client(None);
    client.receive(0, PayloadType::HandshakeRequest, request);
    client.receive(1, PayloadType::HandshakeComplete, b"{}");
    assert_eq!(client.channel.session_type(), Some(SessionType::Port));
    client.events();
    client
        .channel
        .send(PayloadType::Output, Bytes::from(vec![0; 1_000_000]))
        .unwrap();
    assert!(client.sent_data().len() > 400);
}
