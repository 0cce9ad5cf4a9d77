//! When acknowledgements leave: those of keys with the next message, or alone after a moment; all others at once.

use std::time::Duration;

use usher_wire::data_channel::ACKNOWLEDGE_WITHIN;
use usher_wire::frame::{MessageType, PayloadType};

use super::peer::{Bench, bytes};

const MS: Duration = Duration::from_millis(1);

fn types(bench: &mut Bench) -> Vec<MessageType> {
    let frames = bench.sent();
    frames.iter().map(|frame| frame.message_type).collect()
}

#[test]
fn a_key_nobody_answers_is_acknowledged_alone_and_in_time() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"k");
    agent.events();
    assert_eq!(types(&mut agent), []);
    let due = agent.now + ACKNOWLEDGE_WITHIN;
    assert_eq!(agent.channel.poll_timeout(), Some(due));
    agent.pass((ACKNOWLEDGE_WITHIN - MS).as_millis() as u64);
    assert_eq!(types(&mut agent), []);
    agent.pass(1);
    assert_eq!(types(&mut agent), [MessageType::Acknowledge]);
    assert_eq!(agent.channel.poll_timeout(), None);
}

#[test]
fn later_keys_do_not_put_off_an_acknowledgement() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"k");
    agent.events();
    agent.sent();
    agent.pass((ACKNOWLEDGE_WITHIN - MS).as_millis() as u64);
    agent.receive(1, PayloadType::Output, b"l");
    agent.events();
    assert_eq!(types(&mut agent), []);
    agent.pass(1);
    assert_eq!(types(&mut agent), [MessageType::Acknowledge; 2]);
}

#[test]
fn what_is_no_key_is_acknowledged_at_once() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, &[b'x'; 65]);
    agent.events();
    assert_eq!(types(&mut agent), [MessageType::Acknowledge]);
    agent.receive(1, PayloadType::Size, br#"{"cols":80,"rows":24}"#);
    agent.events();
    assert_eq!(types(&mut agent), [MessageType::Acknowledge]);
}

#[test]
fn many_keys_are_acknowledged_at_once() {
    let mut agent = Bench::open_agent();
    for number in 0..9 {
        agent.receive(number, PayloadType::Output, b"k");
    }
    assert_eq!(agent.events().len(), 9);
    assert_eq!(types(&mut agent), [MessageType::Acknowledge; 9]);
}

#[test]
fn one_that_is_due_goes_ahead_of_what_we_have_to_say() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, &[b'x'; 65]);
    agent.events();
    agent
        .channel
        .send(PayloadType::Output, bytes("out"))
        .unwrap();
    let expected = [MessageType::Acknowledge, MessageType::OutputStreamData];
    assert_eq!(types(&mut agent), expected);
}

#[test]
fn a_pause_does_not_hold_back_an_acknowledgement() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"k");
    agent.events();
    agent.sent();
    agent.control(MessageType::PausePublication, "");
    assert_eq!(types(&mut agent), []);
    agent.pass(ACKNOWLEDGE_WITHIN.as_millis() as u64);
    assert_eq!(types(&mut agent), [MessageType::Acknowledge]);
}

#[test]
fn a_key_is_acknowledged_behind_its_echo() {
    let mut agent = Bench::open_agent();
    agent.receive(0, PayloadType::Output, b"k");
    agent.events();
    assert_eq!(types(&mut agent), []);
    agent.channel.send(PayloadType::Output, bytes("k")).unwrap();
    let expected = [MessageType::OutputStreamData, MessageType::Acknowledge];
    assert_eq!(types(&mut agent), expected);
}
