//! What is held, for whom and how much: back pressure, the urgent lane, flights, bounded memory.

use bytes::Bytes;
use usher_wire::data_channel::Full;
use usher_wire::frame::PayloadType;
use usher_wire::message::{SessionType, Size};

use super::peer::{Bench, bytes, output};

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
        let size = Size { cols, rows: 1 };
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
