//! How sessions open: with our peers, with AWS's, and with clients that know nothing of a handshake.

use usher_wire::data_channel::{Event, PeerError};
use usher_wire::frame::{FLAG_SYN, MessageType, PayloadType};
use usher_wire::message::{HandshakeRequest, SessionType, Terminal};
use uuid::Uuid;

use super::peer::{Bench, bytes, output};

// As captured from the AWS plugin 1.2.0.0 and the AWS agent 3.3.0.0.
const PLUGIN_RESPONSE: &[u8] = br#"{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}"#;
const PORT_REQUEST: &[u8] = br#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"localPortNumber":"49667","portNumber":"39547","type":"LocalPortForwarding"}}}]}"#;
const COMPLETE: &[u8] = br#"{"HandshakeTimeToComplete":1378607,"CustomerMessage":"This session is encrypted using AWS KMS."}"#;

fn opened(terminal: Option<Terminal>, peer_is_usher: bool) -> Event {
    Event::Opened {
        terminal,
        peer_is_usher,
    }
}

#[test]
fn a_response_that_cannot_be_read_or_failed_is_a_breach() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    let error = agent
        .receive_as(Uuid::nil(), 0, PayloadType::HandshakeResponse, b"junk")
        .unwrap_err();
    assert_eq!(
        error,
        PeerError::MalformedHandshake(PayloadType::HandshakeResponse)
    );

    let mut agent = Bench::agent(SessionType::StandardStream);
    let failed = br#"{"ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":2,"Error":"no"}]}"#;
    let error = agent
        .receive_as(Uuid::nil(), 0, PayloadType::HandshakeResponse, failed)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Encountered error while initiating handshake. SessionType failed on client with status 2 error: no"
    );
}

#[test]
fn an_agent_asks_first_and_marks_the_start_of_its_stream() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    let sent = agent.sent();
    let [frame] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert_eq!((frame.sequence, frame.flags), (0, FLAG_SYN));
    assert_eq!(
        (frame.message_type, frame.payload_type),
        (MessageType::OutputStreamData, PayloadType::HandshakeRequest)
    );
    let request: HandshakeRequest = serde_json::from_slice(&frame.payload).unwrap();
    assert!(request.usher.is_some());
    assert_eq!(agent.events(), []);
}

#[test]
fn an_aws_plugin_opens_the_session_and_gets_the_completion() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    agent.sent();
    agent.receive(0, PayloadType::HandshakeResponse, PLUGIN_RESPONSE);
    assert_eq!(agent.events(), [opened(None, false)]);
    let sent = agent.sent();
    assert_eq!(sent[0].message_type, MessageType::Acknowledge);
    assert_eq!(
        (sent[1].payload_type, sent[1].sequence),
        (PayloadType::HandshakeComplete, 1)
    );
    assert_eq!(agent.channel.max_payload(), 1024);
    assert_eq!(agent.channel.peer_version(), "1.2.0.0");
}

#[test]
fn a_client_that_ignores_the_question_has_its_first_message_delivered() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    agent.sent();
    agent.receive(0, PayloadType::Size, br#"{"cols":120,"rows":40}"#);
    agent.receive(1, PayloadType::Output, b"id\n");
    assert_eq!(
        agent.events(),
        [
            opened(None, false),
            Event::Size {
                cols: 120,
                rows: 40
            },
            output("id\n")
        ]
    );
    assert_eq!(agent.sent_acknowledgements(), [0, 1]);
}

#[test]
fn silence_opens_the_session_after_five_seconds_and_a_late_response_is_still_completed() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    agent.sent();
    agent.acknowledge(0);
    agent.pass(4999);
    assert_eq!(agent.events(), []);
    agent.pass(1);
    assert_eq!(agent.events(), [opened(None, false)]);
    let late = br#"{"ClientVersion":"1.2.900.0","ProcessedClientActions":[],"Usher":{"Version":1,"Terminal":{"Cols":90,"Rows":30}}}"#;
    agent.receive(0, PayloadType::HandshakeResponse, late);
    assert_eq!(agent.events(), [Event::Size { cols: 90, rows: 30 }]);
    assert_eq!(agent.sent()[1].payload_type, PayloadType::HandshakeComplete);
    assert!(agent.channel.peer_is_usher());
}

#[test]
fn a_port_session_is_not_opened_by_silence_because_its_framing_depends_on_the_answer() {
    let mut agent = Bench::agent(SessionType::Port);
    agent.sent();
    agent.acknowledge(0);
    agent.pass(60_000);
    assert_eq!(agent.events(), []);
    agent.receive(0, PayloadType::HandshakeResponse, PLUGIN_RESPONSE);
    assert_eq!(agent.events(), [opened(None, false)]);
}

#[test]
fn the_five_seconds_do_not_run_while_no_client_is_there() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    agent.control(MessageType::PausePublication, "");
    assert_eq!(agent.sent(), []);
    agent.pass(60_000);
    assert_eq!(agent.events(), [Event::Paused]);
    agent.control(MessageType::StartPublication, "");
    assert_eq!(agent.sent().len(), 1);
    agent.pass(4999);
    assert_eq!(agent.events(), [Event::Resumed]);
    agent.pass(1);
    assert_eq!(agent.events(), [opened(None, false)]);
}

#[test]
fn a_question_that_was_acknowledged_but_never_answered_outlives_a_new_transport() {
    let mut agent = Bench::agent(SessionType::StandardStream);
    agent.sent();
    agent.acknowledge(0);
    agent.pass(1000);
    agent.channel.handle_disconnected();
    agent.pass(60_000);
    let now = agent.now;
    agent.channel.handle_connected(now);
    assert_eq!((agent.sent(), agent.events()), (vec![], vec![]));
    agent.pass(5000);
    assert_eq!(agent.events(), [opened(None, false)]);
}

#[test]
fn our_two_ends_know_each_other_and_the_shell_starts_at_its_size() {
    let terminal = Terminal {
        cols: 120,
        rows: 40,
        term: "xterm".to_owned(),
        ..Terminal::default()
    };
    let mut agent = Bench::agent(SessionType::StandardStream);
    let mut client = Bench::client(Some(terminal.clone()));
    for _ in 0..3 {
        let now = agent.now;
        while let Some(message) = agent.channel.poll_transmit(now, 1) {
            client.channel.handle_message(now, message).unwrap();
        }
        while let Some(message) = client.channel.poll_transmit(now, 1) {
            agent.channel.handle_message(now, message).unwrap();
        }
    }
    assert_eq!(agent.events(), [opened(Some(terminal), true)]);
    assert_eq!(
        client.events(),
        [Event::HandshakeComplete {
            customer_message: String::new()
        }]
    );
    assert!(client.channel.peer_is_usher() && client.channel.max_payload() > 1024);
    assert!(agent.channel.all_acknowledged() && client.channel.all_acknowledged());
    assert_eq!(
        client.channel.session_type(),
        Some(SessionType::StandardStream)
    );
}

#[test]
fn a_client_keeps_its_input_until_the_handshake_is_complete() {
    let mut client = Bench::client(None);
    client
        .channel
        .send(PayloadType::Output, bytes("typed early"))
        .unwrap();
    client
        .channel
        .send_urgent(PayloadType::Size, bytes(r#"{"cols":1,"rows":1}"#))
        .unwrap();
    assert_eq!(client.sent(), []);
    client.receive(0, PayloadType::HandshakeRequest, PORT_REQUEST);
    let sent = client.sent();
    assert_eq!(
        (sent[1].payload_type, sent[1].sequence),
        (PayloadType::HandshakeResponse, 0)
    );
    assert_eq!(sent.len(), 2);
    client.receive(1, PayloadType::HandshakeComplete, COMPLETE);
    let message = "This session is encrypted using AWS KMS.".to_owned();
    assert_eq!(
        client.events(),
        [Event::HandshakeComplete {
            customer_message: message
        }]
    );
    let data = client.sent_data();
    assert_eq!(
        data,
        [
            (1, bytes(r#"{"cols":1,"rows":1}"#)),
            (2, bytes("typed early"))
        ]
    );
    assert_eq!(client.channel.session_type(), Some(SessionType::Port));
    assert_eq!(client.channel.properties()["portNumber"], "39547");
    assert_eq!(client.channel.peer_version(), "3.3.0.0");
}

#[test]
fn the_first_output_of_an_aws_agent_stands_for_the_handshake() {
    let mut client = Bench::client(Some(Terminal::default()));
    client
        .channel
        .send(PayloadType::Output, bytes("ls\r"))
        .unwrap();
    client.receive(0, PayloadType::Output, b"$ ");
    let complete = Event::HandshakeComplete {
        customer_message: String::new(),
    };
    assert_eq!(client.events(), [complete, output("$ ")]);
    assert_eq!(
        client.channel.session_type(),
        Some(SessionType::StandardStream)
    );
    assert_eq!(client.sent_data(), [(0, bytes("ls\r"))]);
    assert!(!client.channel.peer_is_usher());
}

#[test]
fn handshake_messages_that_arrive_out_of_order_are_run_in_order() {
    let mut client = Bench::client(None);
    client.receive(2, PayloadType::Output, b"$ ");
    client.receive(1, PayloadType::HandshakeComplete, COMPLETE);
    assert_eq!(client.events(), []);
    client.receive(0, PayloadType::HandshakeRequest, PORT_REQUEST);
    let events = client.events();
    assert!(
        matches!(
            events.as_slice(),
            [Event::HandshakeComplete { .. }, Event::Payload { .. }]
        ),
        "{events:?}"
    );
}

#[test]
fn a_refusal_sentence_arrives_before_any_handshake() {
    let mut client = Bench::client(None);
    client.close("the session names no OS user");
    assert_eq!(
        client.events(),
        [Event::Closed {
            output: "the session names no OS user".to_owned()
        }]
    );
    assert!(!client.channel.writable());
    assert_eq!(client.channel.poll_timeout(), None);
}
