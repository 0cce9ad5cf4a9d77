//! The broker's rules as tables: a list of steps, and what the writers would send afterwards.

use std::time::Duration;

use super::*;

const AGENT: ConnectionId = ConnectionId(1);
const CLIENT: ConnectionId = ConnectionId(2);
const NEWER: ConnectionId = ConnectionId(3);

fn frame(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn ending(output: &str) -> Ending {
    Ending {
        output: output.into(),
        tell_agent: true,
    }
}

/// Everything the side's writer would do before it waits or stops.
fn drain(broker: &mut Broker, side: Side, connection: ConnectionId) -> Vec<Next> {
    let mut said = Vec::new();
    loop {
        let next = broker.poll_next(side, connection);
        let stops = matches!(next, Next::Wait | Next::Finished | Next::Replaced);
        said.push(next);
        if stops {
            return said;
        }
    }
}

fn joined(now: Instant) -> Broker {
    let mut broker = Broker::new(now, false);
    assert_eq!(broker.attach(now, Side::Agent, AGENT), None);
    assert_eq!(broker.attach(now, Side::Client, CLIENT), None);
    broker
}

/// Fills the lane toward the client with frames from the agent until `bytes` are taken.
fn flood(broker: &mut Broker, now: Instant, bytes: usize) {
    let block = Bytes::from(vec![0; 4096]);
    for sequence in 0..bytes / block.len() {
        assert_eq!(
            broker.arrive(
                now,
                Side::Agent,
                AGENT,
                Some(sequence as i64),
                block.clone()
            ),
            Arrival::Taken
        );
    }
}

#[test]
fn a_connection_without_the_seat_can_neither_send_nor_receive() {
    let now = Instant::now();
    let mut broker = Broker::new(now, false);
    assert_eq!(
        broker.arrive(now, Side::Client, CLIENT, None, frame("x")),
        Arrival::Replaced
    );
    assert_eq!(broker.poll_next(Side::Client, CLIENT), Next::Replaced);
}

#[test]
fn the_newest_connection_of_a_side_takes_the_seat_and_what_waits_for_it() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert_eq!(
        broker.arrive(now, Side::Agent, AGENT, Some(0), frame("prompt")),
        Arrival::Taken
    );
    assert_eq!(broker.attach(now, Side::Client, NEWER), Some(CLIENT));
    assert_eq!(broker.poll_next(Side::Client, CLIENT), Next::Replaced);
    assert_eq!(
        broker.arrive(now, Side::Client, CLIENT, Some(0), frame("late")),
        Arrival::Replaced
    );
    assert!(
        !broker.detach(Side::Client, CLIENT),
        "the old one's goodbye must not empty the new one's seat"
    );
    assert_eq!(
        drain(&mut broker, Side::Client, NEWER),
        [Next::Relay(frame("prompt")), Next::Wait]
    );
}

#[test]
fn nothing_is_relayed_after_the_end() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert!(broker.end(ending("")));
    for (side, connection) in [(Side::Agent, AGENT), (Side::Client, CLIENT)] {
        assert_eq!(
            broker.arrive(now, side, connection, Some(9), frame("x")),
            Arrival::Ended
        );
    }
}

#[test]
fn a_full_lane_hands_the_frame_back_and_takes_it_once_there_is_room() {
    let now = Instant::now();
    let mut broker = joined(now);
    flood(&mut broker, now, LANE_BYTES);
    let more = frame("one more");
    assert_eq!(
        broker.arrive(now, Side::Agent, AGENT, Some(9999), more.clone()),
        Arrival::Full(more.clone())
    );
    assert!(matches!(
        broker.poll_next(Side::Client, CLIENT),
        Next::Relay(_)
    ));
    assert_eq!(
        broker.arrive(now, Side::Agent, AGENT, Some(9999), more),
        Arrival::Taken
    );
}

#[test]
fn the_two_directions_do_not_share_room() {
    let now = Instant::now();
    let mut broker = joined(now);
    flood(&mut broker, now, LANE_BYTES);
    assert_eq!(
        broker.arrive(now, Side::Client, CLIENT, Some(0), frame("ctrl-c")),
        Arrival::Taken
    );
    assert_eq!(
        drain(&mut broker, Side::Agent, AGENT),
        [Next::Relay(frame("ctrl-c")), Next::Wait]
    );
}

#[test]
fn frames_keep_their_order_and_their_bytes() {
    let now = Instant::now();
    let mut broker = joined(now);
    for text in ["one", "two", "three"] {
        assert_eq!(
            broker.arrive(now, Side::Agent, AGENT, Some(0), frame(text)),
            Arrival::Taken
        );
    }
    assert_eq!(
        drain(&mut broker, Side::Client, CLIENT),
        [
            Next::Relay(frame("one")),
            Next::Relay(frame("two")),
            Next::Relay(frame("three")),
            Next::Wait
        ]
    );
}

#[test]
fn the_farewell_comes_after_everything_that_was_taken() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert_eq!(
        broker.arrive(now, Side::Agent, AGENT, Some(0), frame("last words")),
        Arrival::Taken
    );
    assert!(broker.end(ending("idle for too long")));
    assert_eq!(
        drain(&mut broker, Side::Client, CLIENT),
        [
            Next::Relay(frame("last words")),
            Next::Close("idle for too long".into()),
            Next::Finished
        ]
    );
    assert!(broker.client_was_told());
}

#[test]
fn the_agent_is_told_at_once_and_without_the_sentence() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert_eq!(
        broker.arrive(now, Side::Client, CLIENT, Some(0), frame("typed ahead")),
        Arrival::Taken
    );
    assert!(broker.end(ending("terminated by an administrator")));
    assert_eq!(
        drain(&mut broker, Side::Agent, AGENT),
        [Next::Close(String::new()), Next::Finished]
    );
}

#[test]
fn an_agent_that_ends_by_itself_gets_no_farewell() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert!(broker.end(Ending {
        output: String::new(),
        tell_agent: false
    }));
    assert_eq!(drain(&mut broker, Side::Agent, AGENT), [Next::Wait]);
    assert_eq!(
        drain(&mut broker, Side::Client, CLIENT),
        [Next::Close(String::new()), Next::Finished]
    );
}

#[test]
fn only_the_first_ending_counts() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert!(broker.end(ending("first")));
    assert!(!broker.end(ending("second")));
    assert_eq!(
        broker.ending.as_ref().map(|e| e.output.as_str()),
        Some("first")
    );
}

#[test]
fn a_farewell_under_which_the_connection_broke_is_still_owed() {
    let now = Instant::now();
    let mut broker = joined(now);
    broker.end(ending("done"));
    drain(&mut broker, Side::Client, CLIENT);
    broker.farewell_failed(Side::Client, NEWER);
    assert!(broker.client_was_told());
    broker.farewell_failed(Side::Client, CLIENT);
    assert!(!broker.client_was_told());
}

#[test]
fn a_client_that_comes_back_after_the_end_gets_what_waits_and_the_farewell_again() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert!(broker.detach(Side::Client, CLIENT));
    assert_eq!(
        broker.arrive(now, Side::Agent, AGENT, Some(0), frame("output")),
        Arrival::Taken
    );
    assert!(broker.end(ending("done")));
    broker.attach(now, Side::Client, NEWER);
    let all = [
        Next::Relay(frame("output")),
        Next::Close("done".into()),
        Next::Finished,
    ];
    assert_eq!(drain(&mut broker, Side::Client, NEWER), all);
    broker.attach(now, Side::Client, CLIENT);
    assert_eq!(
        drain(&mut broker, Side::Client, CLIENT),
        [Next::Close("done".into()), Next::Finished]
    );
}

#[test]
fn the_agent_is_paused_only_when_more_than_the_hold_waits_for_an_absent_client() {
    let now = Instant::now();
    let mut broker = Broker::new(now, false);
    broker.attach(now, Side::Agent, AGENT);
    flood(&mut broker, now, HOLD_BYTES);
    assert_eq!(drain(&mut broker, Side::Agent, AGENT), [Next::Wait]);
    flood(&mut broker, now, 4096);
    assert_eq!(
        drain(&mut broker, Side::Agent, AGENT),
        [Next::Pause, Next::Wait]
    );
    broker.attach(now, Side::Client, CLIENT);
    assert_eq!(
        drain(&mut broker, Side::Agent, AGENT),
        [Next::Start, Next::Wait]
    );
}

#[test]
fn an_agent_that_was_not_paused_is_not_started() {
    let now = Instant::now();
    let mut broker = Broker::new(now, false);
    broker.attach(now, Side::Agent, AGENT);
    broker.attach(now, Side::Client, CLIENT);
    assert_eq!(drain(&mut broker, Side::Agent, AGENT), [Next::Wait]);
}

#[test]
fn a_side_is_told_that_the_other_is_back_on_a_new_connection() {
    let now = Instant::now();
    for (side, connection, other, others) in [
        (Side::Agent, AGENT, Side::Client, CLIENT),
        (Side::Client, CLIENT, Side::Agent, AGENT),
    ] {
        let mut broker = joined(now);
        assert_eq!(drain(&mut broker, side, connection), [Next::Wait]);
        // Replaced, as a dead connection is, or left first.
        broker.attach(now, other, NEWER);
        assert_eq!(
            drain(&mut broker, side, connection),
            [Next::Start, Next::Wait]
        );
        assert!(broker.detach(other, NEWER));
        assert_eq!(drain(&mut broker, side, connection), [Next::Wait]);
        broker.attach(now, other, others);
        assert_eq!(
            drain(&mut broker, side, connection),
            [Next::Start, Next::Wait]
        );
    }
}

#[test]
fn an_agent_that_reconnects_is_paused_afresh() {
    let now = Instant::now();
    let mut broker = joined(now);
    assert!(broker.detach(Side::Client, CLIENT));
    flood(&mut broker, now, HOLD_BYTES + 4096);
    assert_eq!(
        drain(&mut broker, Side::Agent, AGENT),
        [Next::Pause, Next::Wait]
    );
    broker.attach(now, Side::Agent, NEWER);
    assert_eq!(
        drain(&mut broker, Side::Agent, NEWER),
        [Next::Pause, Next::Wait]
    );
}

#[test]
fn presence_follows_the_seats() {
    let now = Instant::now();
    let mut broker = Broker::new(now, false);
    assert_eq!(broker.presence(), Presence::Awaited);
    broker.attach(now, Side::Client, CLIENT);
    assert_eq!(broker.presence(), Presence::Awaited);
    assert!(!broker.agent_has_attached());
    broker.attach(now, Side::Agent, AGENT);
    assert_eq!(broker.presence(), Presence::Joined);
    broker.detach(Side::Client, CLIENT);
    assert_eq!(broker.presence(), Presence::Parted);
    broker.attach(now, Side::Client, NEWER);
    assert_eq!(broker.presence(), Presence::Joined);
    assert_eq!(Broker::new(now, true).presence(), Presence::Parted);
}

#[test]
fn repeats_and_acknowledgements_are_no_activity() {
    let start = Instant::now();
    let later = start + Duration::from_secs(60);
    let latest = start + Duration::from_secs(90);
    let mut broker = joined(start);
    let offer = |broker: &mut Broker, now, sequence| {
        assert_eq!(
            broker.arrive(now, Side::Agent, AGENT, sequence, frame("x")),
            Arrival::Taken
        );
    };
    offer(&mut broker, start, Some(0));
    offer(&mut broker, later, Some(0));
    offer(&mut broker, later, None);
    assert_eq!(broker.last_activity(), start);
    offer(&mut broker, latest, Some(1));
    assert_eq!(broker.last_activity(), latest);
}
