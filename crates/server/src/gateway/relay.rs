//! One attached connection of a data channel: a reader and a writer around the broker's answers.
//!
//! The bytes that came in are the bytes that go out; of a frame only the header is read. No database, no JSON but the
//! agent's session state. Back pressure is the reader waiting for room on the other side; the writer feeds until
//! nothing waits and then flushes once. A recorded session's frames come in batches, and wait until they are written.

use bytes::Bytes;
use usher_wire::frame::{Frame, FrameHeader};
use usher_wire::message::{SessionState, SessionStateName, TaskStatus};

use super::allowed::{Handling, handling};
use super::broker::Next;
use super::limits::{BAD_FRAMES, RECORDED_BATCH};
use super::live::{AgentReport, Attachment};
use super::socket::{Inbound, Outbound, PeerGone};
use super::{outgoing, recorded, sentence};
use crate::clock::Clock;

/// Why a writer stopped.
#[derive(Debug, PartialEq, Eq)]
enum Stopped {
    /// Everything was said, `channel_closed` included.
    Finished,
    /// The socket is of no use any more, or belongs to nobody.
    Lost,
}

/// Serves the connection until its peer leaves, a newer one replaces it, or the session's end was told.
pub(crate) async fn serve(
    attachment: Attachment,
    mut outbound: Outbound,
    mut inbound: Inbound,
    clock: &Clock,
) {
    let stopped = tokio::select! {
        () = attachment.gone() => Stopped::Lost,
        () = read(&attachment, &mut inbound, clock) => Stopped::Lost,
        stopped = write(&attachment, &mut outbound, clock) => stopped,
    };
    if stopped == Stopped::Lost {
        return attachment.farewell_failed();
    }
    let goodbye = async {
        match outbound.close().await {
            Ok(()) => inbound.drain().await,
            Err(PeerGone) => attachment.farewell_failed(),
        }
    };
    tokio::select! {
        // A peer that does not read must not hold up the end.
        () = attachment.gone() => {}
        () = goodbye => {}
    }
}

async fn read(attachment: &Attachment, inbound: &mut Inbound, clock: &Clock) {
    let (session, side) = (attachment.session(), attachment.side());
    // One write holds what has come meanwhile; without a recording a frame waits for nothing.
    let most = if session.tape.is_some() {
        RECORDED_BATCH
    } else {
        0
    };
    let mut bad_frames = 0;
    let mut frames = Vec::new();
    while let Ok(()) = inbound.gather(&mut frames, most).await {
        let passes = recorded::record(session, side, &frames, clock).await;
        for (bytes, passes) in frames.drain(..).zip(passes) {
            if !passes || !take(attachment, bytes).await {
                bad_frames += 1;
            }
            if bad_frames > BAD_FRAMES {
                tracing::warn!(session = %session.id, ?side, "closing a data channel whose peer sends what it may not");
                return;
            }
        }
    }
}

/// Handles one frame; false for one that cannot be read or is not this peer's to send.
async fn take(attachment: &Attachment, bytes: Bytes) -> bool {
    let Ok(header) = FrameHeader::parse(&bytes) else {
        return false;
    };
    match handling(attachment.side(), &header) {
        Handling::Relay(sequence) => {
            // After the end the frame has nowhere to go; the writer is telling the peer.
            let _ = attachment.relay(sequence, bytes).await;
            true
        }
        Handling::SessionState => take_session_state(attachment, bytes),
        Handling::Refuse => false,
    }
}

fn take_session_state(attachment: &Attachment, bytes: Bytes) -> bool {
    let Ok(frame) = Frame::decode(bytes) else {
        return false;
    };
    let Ok(state) = serde_json::from_slice::<SessionState>(&frame.payload) else {
        return false;
    };
    if state.session_id != attachment.session().id.as_str() {
        return false;
    }
    // `Connected` says what the attachment says already.
    if state.session_state == SessionStateName::Terminating {
        let (failed, output) = match state.usher {
            Some(ours) => (
                ours.status == TaskStatus::Failed,
                sentence::from_agent(&ours.output),
            ),
            None => (false, String::new()),
        };
        attachment.report(AgentReport { failed, output });
    }
    true
}

async fn write(attachment: &Attachment, outbound: &mut Outbound, clock: &Clock) -> Stopped {
    loop {
        let sent = match attachment.next() {
            Next::Relay(frame) => outbound.feed(frame).await,
            Next::Pause => {
                outbound
                    .feed(outgoing::pause_publication(clock.now_ms()))
                    .await
            }
            Next::Start => {
                outbound
                    .feed(outgoing::start_publication(clock.now_ms()))
                    .await
            }
            Next::Close(output) => {
                let session = attachment.session();
                outbound
                    .feed(outgoing::channel_closed(
                        clock.now_ms(),
                        session.node.as_str(),
                        session.id.as_str(),
                        &output,
                    ))
                    .await
            }
            Next::Wait => wait(attachment, outbound).await,
            Next::Finished => return Stopped::Finished,
            Next::Replaced => return Stopped::Lost,
        };
        if sent.is_err() {
            return Stopped::Lost;
        }
    }
}

/// Nothing waits: one flush for everything fed, then the next wake-up or heartbeat.
async fn wait(attachment: &Attachment, outbound: &mut Outbound) -> Result<(), PeerGone> {
    outbound.flush().await?;
    tokio::select! {
        () = attachment.woken() => Ok(()),
        () = outbound.heartbeat_due() => outbound.beat().await,
    }
}
