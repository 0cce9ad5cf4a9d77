//! One live session's recorder.
//!
//! It owns the promise that the gateway delivers nothing of a node's output that is not in the file: what may pass is
//! answered after the write. It takes each number of the node's stream once, finds its place again in the file of an
//! earlier process, and stops for good when it cannot write. Its calls block: they are for threads that may wait.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use usher_policy::LogFailure;

use super::Shared;
use super::file::{Block, FileError, Head, RecordingFile};
use super::record::{Record, What, sha256};
use super::space::NoRoom;
use super::stream::{Standing, Stream};

/// After how many bytes the disk is asked again how full it is.
const RESERVE_EVERY: u64 = 1024 * 1024;
/// What a block takes beside the records' bodies, at most.
const BLOCK_OVERHEAD: u64 = 64;
/// The same for a record.
const RECORD_OVERHEAD: u64 = 64;

/// Something on its way through the gateway.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    /// A numbered message of the node.
    Output {
        /// Its number.
        sequence: i64,
        /// Its payload.
        payload: Bytes,
        /// What its header says that SHA-256 of the payload is.
        digest: [u8; 32],
        /// Whether the person sees the payload.
        is_shown: bool,
        /// The payload's type.
        kind: u32,
    },
    /// A message of the client that a sealed recording needs.
    Told {
        /// Its number.
        sequence: i64,
        /// Its payload's type.
        kind: u32,
        /// Its payload.
        payload: Bytes,
    },
    /// The person's terminal has this size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
}

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// For each thing heard, whether it may go on its way.
    pub(crate) passes: Vec<bool>,
    /// The recording ended with this batch, for this reason.
    pub(crate) lost: Option<String>,
}

/// How a recording ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    /// The place after its last block; none where the file could not be read.
    pub(crate) head: Option<Head>,
    /// Why it does not hold the whole session.
    pub(crate) lost: Option<String>,
}

/// Why nothing can be written any more.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// The recorder of one session.
#[derive(Debug)]
pub(crate) struct Tape {
    session: String,
    owner: String,
    path: PathBuf,
    on_loss: LogFailure,
    sealed: bool,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Not looked at by this process yet.
    Unopened,
    Running(Box<Running>),
    /// Nothing is written any more.
    Over(Closed),
}

#[derive(Debug)]
struct Running {
    file: RecordingFile,
    stream: Stream,
    size: Option<(u16, u16)>,
    sealed: bool,
    /// Of the client's messages that a sealed recording keeps, the highest number so far.
    told: Option<i64>,
    /// Bytes since the disk was asked how full it is.
    unchecked: u64,
}

impl Tape {
    /// The recorder of a session whose file is at `path`.
    pub(super) fn new(
        session: String,
        owner: String,
        path: PathBuf,
        on_loss: LogFailure,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            session,
            owner,
            path,
            on_loss,
            sealed: false,
            shared,
            state: Mutex::new(State::Unopened),
        }
    }

    /// The same for a session whose payloads only its ends can read.
    pub(super) fn with_sealed(self, sealed: bool) -> Self {
        Self { sealed, ..self }
    }

    /// Whether it keeps payloads as they travel.
    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// The session.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// What happens to the session when it can no longer be recorded.
    pub(crate) fn on_loss(&self) -> LogFailure {
        self.on_loss
    }

    /// Writes what was heard and says what of it may go on. Blocks.
    pub(crate) fn keep(&self, now_ms: u64, batch: &[Heard]) -> Kept {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let was_lost = matches!(*state, State::Over(_));
        let mut kept = match self.running(&mut state) {
            Ok(running) => {
                let (passes, records) = running.judge(now_ms, batch);
                match self.write(running, &records) {
                    Ok(()) => {
                        return Kept { passes, lost: None };
                    }
                    Err(error) => {
                        let lost = self.lose(running, now_ms, &error);
                        *state = State::Over(lost);
                        Kept::default()
                    }
                }
            }
            Err(Some(error)) => {
                *state = State::Over(Closed {
                    head: None,
                    lost: Some(error.to_string()),
                });
                Kept::default()
            }
            Err(None) => Kept::default(),
        };
        let State::Over(closed) = &*state else {
            return kept;
        };
        // What was recorded to its end is over; what was lost goes on, unless the preferences end it.
        let passes = closed.lost.is_some() && self.on_loss == LogFailure::Continue;
        kept.passes = vec![passes; batch.len()];
        kept.lost = closed.lost.clone().filter(|_| !was_lost);
        kept
    }

    /// Ends the recording with the session. Blocks until the file survives the machine.
    pub(crate) fn close(&self, now_ms: u64) -> Closed {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = match self.running(&mut state) {
            Ok(running) => {
                let end = Record {
                    at: now_ms,
                    what: What::End,
                };
                let written = running
                    .file
                    .append(&[end])
                    .and_then(|()| Ok(running.file.sync()?));
                Closed {
                    head: Some(running.file.head()),
                    lost: written.err().map(|error| error.to_string()),
                }
            }
            Err(Some(error)) => Closed {
                head: None,
                lost: Some(error.to_string()),
            },
            Err(None) => match &*state {
                State::Over(closed) => closed.clone(),
                State::Unopened | State::Running(_) => Closed {
                    head: None,
                    lost: None,
                },
            },
        };
        *state = State::Over(closed.clone());
        closed
    }

    /// Makes what was written so far survive the machine. Blocks.
    pub(crate) fn sync(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Running(running) = &*state
            && let Err(error) = running.file.sync()
        {
            tracing::error!(session = self.session, %error, "a recording could not be written to the disk");
        }
    }

    /// The open file; no error where the recording is over.
    fn running<'a>(&self, state: &'a mut State) -> Result<&'a mut Running, Option<Unwritable>> {
        if let State::Unopened = state {
            match self.find_place() {
                Ok(Found::Open(running)) => *state = State::Running(running),
                Ok(Found::Over(closed)) => *state = State::Over(closed),
                Err(error) => return Err(Some(error)),
            }
        }
        match state {
            State::Running(running) => Ok(running),
            State::Unopened | State::Over(_) => Err(None),
        }
    }

    /// Reads what an earlier process, or nobody yet, has written.
    fn find_place(&self) -> Result<Found, Unwritable> {
        let file = RecordingFile::open(&self.path, &self.session, &self.shared.vault)?;
        self.shared.space.count(&self.owner, file.head().offset);
        let mut running = Running {
            file,
            stream: Stream::default(),
            size: None,
            sealed: self.sealed,
            told: None,
            unchecked: RESERVE_EVERY,
        };
        loop {
            let before = running.file.head().offset;
            let records = match running.file.read()? {
                Block::Records(records) => records,
                Block::End => return Ok(Found::Open(Box::new(running))),
                Block::Torn => {
                    // Nothing of it was delivered: the process ended while it wrote.
                    running.file.cut().map_err(FileError::from)?;
                    return Ok(Found::Open(Box::new(running)));
                }
            };
            let head = running.file.head();
            self.shared
                .space
                .count(&self.owner, head.offset.saturating_sub(before));
            for record in records {
                match record.what {
                    What::Shown {
                        sequence,
                        bytes,
                        digest,
                    } => running.stream.accept(sequence, digest, bytes.len()),
                    What::Told { sequence, .. } => running.told = Some(sequence),
                    What::Size { columns, rows } => running.size = Some((columns, rows)),
                    What::Lost(why) => {
                        return Ok(Found::Over(Closed {
                            head: Some(head),
                            lost: Some(why),
                        }));
                    }
                    What::End => {
                        return Ok(Found::Over(Closed {
                            head: Some(head),
                            lost: None,
                        }));
                    }
                }
            }
        }
    }

    fn write(&self, running: &mut Running, records: &[Record]) -> Result<(), Unwritable> {
        if records.is_empty() {
            return Ok(());
        }
        let bodies: usize = records.iter().map(Record::length).sum();
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let bytes = u64::try_from(bodies)
            .unwrap_or(u64::MAX)
            .saturating_add(count.saturating_mul(RECORD_OVERHEAD))
            .saturating_add(BLOCK_OVERHEAD);
        let space = &self.shared.space;
        running.unchecked = running.unchecked.saturating_add(bytes);
        if running.unchecked > RESERVE_EVERY {
            space.check_reserve(&self.shared.folder)?;
            running.unchecked = 0;
        }
        let before = running.file.head().offset;
        space.take(&self.owner, before, bytes)?;
        let written = running.file.append(records);
        // The estimate was enough; what it had too much goes back.
        let used = running.file.head().offset.saturating_sub(before);
        space.give_back(&self.owner, bytes.saturating_sub(used));
        written?;
        self.shared.written.notify_one();
        Ok(())
    }

    /// Marks in the recording, as far as that can be written, that it ends before its session.
    fn lose(&self, running: &mut Running, now_ms: u64, error: &Unwritable) -> Closed {
        let why = error.to_string();
        let mark = Record {
            at: now_ms,
            what: What::Lost(why.clone()),
        };
        let marked = running.file.append(&[mark]);
        if let Err(error) = marked.and_then(|()| Ok(running.file.sync()?)) {
            tracing::error!(session = self.session, %error, "the end of a recording could not be marked in it");
        }
        Closed {
            head: Some(running.file.head()),
            lost: Some(why),
        }
    }
}

/// What the file of a recording is.
enum Found {
    Open(Box<Running>),
    Over(Closed),
}

impl Running {
    /// Which of a batch may go on once the records are written.
    fn judge(&mut self, now_ms: u64, batch: &[Heard]) -> (Vec<bool>, Vec<Record>) {
        let mut records = Vec::new();
        let passes = batch.iter().map(|heard| {
            let (passes, what) = self.judge_one(heard);
            records.extend(what.map(|what| Record { at: now_ms, what }));
            passes
        });
        let passes = passes.collect();
        (passes, records)
    }

    fn judge_one(&mut self, heard: &Heard) -> (bool, Option<What>) {
        match heard {
            Heard::Size { columns, rows } => {
                let is_new = self.size.replace((*columns, *rows)) != Some((*columns, *rows));
                let what = What::Size {
                    columns: *columns,
                    rows: *rows,
                };
                (true, is_new.then_some(what))
            }
            Heard::Told {
                sequence,
                kind,
                payload,
            } => {
                let is_new = self.told.is_none_or(|told| told < *sequence);
                self.told = self.told.max(Some(*sequence));
                let what = What::Told {
                    sequence: *sequence,
                    bytes: typed(*kind, payload),
                };
                (true, is_new.then_some(what))
            }
            Heard::Output {
                sequence,
                payload,
                digest,
                is_shown,
                kind,
            } => {
                // Clients check the digest of what is not empty: a message with a wrong one is never seen.
                let payload_digest = sha256(payload);
                if !payload.is_empty() && payload_digest != *digest {
                    return (false, None);
                }
                // What is kept of a sealed message is what is compared when it comes again: its type too.
                let (kept, kept_digest) = match self.sealed {
                    true => {
                        let bytes = typed(*kind, payload);
                        let digest = sha256(&bytes);
                        (bytes, digest)
                    }
                    false if *is_shown => (payload.clone(), payload_digest),
                    false => (Bytes::new(), payload_digest),
                };
                match self.stream.judge(*sequence, &kept_digest) {
                    Standing::Repeat => (true, None),
                    Standing::Contradiction | Standing::TooFarAhead => (false, None),
                    Standing::New => {
                        self.stream.accept(*sequence, kept_digest, payload.len());
                        let what = What::Shown {
                            sequence: *sequence,
                            bytes: kept,
                            digest: kept_digest,
                        };
                        (true, Some(what))
                    }
                }
            }
        }
    }
}

/// A payload behind four bytes of its type.
fn typed(kind: u32, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(4 + payload.len());
    bytes.put_u32(kind);
    bytes.put_slice(payload);
    bytes.freeze()
}

#[cfg(test)]
mod tests;
