//! Every bound and timer of the gateway, with what happens when it is reached. Queue sizes toward one side of a
//! session stand in `broker/lane.rs`.

use std::time::Duration;

/// From the upgrade to the complete open message. Later: the connection is closed.
pub(crate) const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// Length of an open message in bytes; AWS's are below 400. Longer: the connection is closed.
pub(crate) const OPEN_BYTES: usize = 4 * 1024;

/// Connections of one address that have not sent their open message yet. More: the upgrade is answered 503.
pub(crate) const OPENING_PER_ADDRESS: usize = 64;

/// Bytes of the body of a call that asks for a token. Longer: 413.
pub(crate) const CREATE_CHANNEL_BYTES: usize = 8 * 1024;

/// Time for a node to say whether it would let somebody in; its account database may be a directory far away.
pub(crate) const EXPLAIN_TIME: Duration = Duration::from_secs(25);

/// Such questions open at one time. More: who asks is told to ask again.
pub(crate) const OPEN_QUESTIONS: usize = 64;

/// How often a ping is sent. Keeps address translation alive (client.md section 3 asks for 60 s at most).
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(25);

/// Silence after which a peer counts as gone: three of our pings unanswered. Time in which we ourselves do not read,
/// because the other side has no room, does not count.
pub(crate) const SILENCE: Duration = Duration::from_secs(75);

/// Frames on one connection that cannot be read or are of a type their sender may not use. More: it is closed.
pub(crate) const BAD_FRAMES: u32 = 64;

/// Bytes of a recorded session's frames after which no more are gathered for one write. The last one may pass it.
pub(crate) const RECORDED_BATCH: usize = 256 * 1024;

/// What a socket may read ahead. Small, because one waiting frame can keep the whole block alive.
pub(crate) const READ_BLOCK: usize = 16 * 1024;

/// What is written in one system call at most before a flush is due.
pub(crate) const WRITE_BLOCK: usize = 128 * 1024;

/// From StartSession to the agent's data channel. Later: the session fails; agents drop a task they cannot read
/// without a word (agent.md section 0).
pub(crate) const START_WITHIN: Duration = Duration::from_secs(30);

/// AWS's agent drops tasks that arrive in the first moment after its open message (agent.md 3.6).
pub(crate) const AGENT_SETTLES: Duration = Duration::from_secs(1);

/// After the agent reported its completion elsewhere, its data channel may still bring output. It ends when nothing
/// moved for this long.
pub(crate) const COMPLETION_STILLNESS: Duration = Duration::from_secs(5);

/// How long an ended session waits for a client that has not heard of the end, and for an agent to confirm it.
pub(crate) const FAREWELL: Duration = Duration::from_secs(30);

/// When the end of a session is stored again that the database did not take, at first; each time twice as late.
pub(crate) const STORE_AGAIN: Duration = Duration::from_millis(500);

/// How far apart such attempts get.
pub(crate) const STORE_AGAIN_AT_LEAST: Duration = Duration::from_secs(15);

/// How long a closed socket is still read, so that what we sent last is not lost to a reset.
pub(crate) const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// Life of a client's token. Within it the same client may open again and again; ResumeSession gives a new one.
pub(crate) const CLIENT_TOKEN_MS: i64 = 5 * 60 * 1000;

/// Life of a node's single-use token; agents open at once.
pub(crate) const NODE_TOKEN_MS: i64 = 60 * 1000;

/// How far back ended sessions are closed again when a node reconnects.
pub(crate) const RECLOSE_MS: i64 = 24 * 60 * 60 * 1000;

/// How many of them; older ones are left to the agent.
pub(crate) const RECLOSE_SESSIONS: i64 = 1000;

/// Live sessions of one node. More: the new session fails with a sentence; beyond 1000 AWS's agent stops listening.
pub(crate) const SESSIONS_PER_NODE: usize = 900;

/// Live sessions of one owner. More: the new session fails with a sentence.
pub(crate) const SESSIONS_PER_OWNER: usize = 200;
