//! The trail's one writer: takes records, commits them in groups, and signs heads of the chain.
//!
//! Owns two invariants: [`Trail::write`] returns only when the record is on the disk, or says that it is not; and while
//! records cannot be written no call is served. Records that come while a commit is under way go together into the next
//! one, so that many calls cost one. What could not be committed is kept and goes first as soon as the database takes
//! it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chain::{entry, link};
use super::heads::{HeadFiles, HeadKey};
use super::repeats::Repeats;
use crate::clock::Clock;
use crate::store::{AuditEntry, Store, StoreError};

/// Records of one commit; more wait for the next.
const BATCH: usize = 256;

/// Records that wait for a commit; more callers wait for a place.
const QUEUE: usize = 1024;

/// Records kept that could not be committed; more are written to the log.
const UNWRITTEN: usize = 4096;

/// How often a head is signed while there is something new.
const ANCHOR_EVERY: Duration = Duration::from_secs(10);

/// A record is not on the disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail cannot be written: {0}")]
pub(crate) struct Unrecorded(String);

impl From<Unrecorded> for crate::error::ApiError {
    fn from(error: Unrecorded) -> Self {
        Self::internal(error)
    }
}

/// The trail's door.
#[derive(Debug)]
pub(crate) struct Trail {
    queue: mpsc::Sender<Pending>,
    is_whole: Arc<AtomicBool>,
    repeats: Arc<Repeats>,
    proof: Arc<Mutex<Proof>>,
    /// Calls under way: they are ended, and recorded, even when their client has gone.
    pub(super) calls: TaskTracker,
    stop: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// How far the trail is proved by signed heads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// When the last head was signed, milliseconds; none before the first.
    pub(crate) signed_ms: Option<i64>,
    /// Why the latest head that was due is not there.
    pub(crate) problem: Option<&'static str>,
}

#[derive(Debug)]
struct Pending {
    entry: AuditEntry,
    committed: oneshot::Sender<Result<(), Unrecorded>>,
}

impl Trail {
    /// Takes up the trail that is in `store`. What an earlier process left without a head gets one now, unless the
    /// database does not agree with the last head that was given out: that is said, and stays for `verify` to find.
    pub(crate) async fn open(
        store: Store,
        clock: Clock,
        key: HeadKey,
        files: HeadFiles,
    ) -> Result<Self, TrailError> {
        let (heads, _) = files.read(&key).map_err(|source| TrailError {
            folder: files.folder().display().to_string(),
            source,
        })?;
        let anchored = heads.last().map_or(0, |head| head.number);
        let proof = Arc::new(Mutex::new(Proof {
            signed_ms: heads.last().map(|head| head.time_ms),
            problem: None,
        }));
        let (last, _) = store.last_audit().await.unwrap_or_default();
        if last < anchored {
            tracing::error!(
                last,
                anchored,
                "the audit trail is shorter than its last signed head: run `usher audit verify`"
            );
        }
        let (queue, taken) = mpsc::channel(QUEUE);
        let is_whole = Arc::new(AtomicBool::new(true));
        let repeats = Arc::new(Repeats::default());
        let stop = CancellationToken::new();
        let writer = Writer {
            store,
            clock,
            key: Arc::new(key),
            files,
            anchored,
            unwritten: Vec::new(),
            is_whole: Arc::clone(&is_whole),
            repeats: Arc::clone(&repeats),
            proof: Arc::clone(&proof),
            stop: stop.clone(),
        };
        Ok(Self {
            queue,
            is_whole,
            repeats,
            proof,
            calls: TaskTracker::new(),
            stop,
            writer: Mutex::new(Some(tokio::spawn(writer.run(taken)))),
        })
    }

    /// Waits until `record` is on the disk.
    pub(crate) async fn write(&self, record: &Value) -> Result<(), Unrecorded> {
        let stopped = || Unrecorded("the server stops".to_owned());
        let (committed, outcome) = oneshot::channel();
        let pending = Pending {
            entry: entry(record),
            committed,
        };
        self.queue.send(pending).await.map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }

    /// As [`Trail::write`] for the first record of its kind in an hour; the others are counted.
    pub(super) async fn write_first(&self, record: Value, now: i64) -> Result<(), Unrecorded> {
        match self.repeats.first(record, now) {
            Some(record) => self.write(&record).await,
            None => Ok(()),
        }
    }

    /// Whether the latest commit succeeded. Where it did not, nothing may be done that a record would be owed for.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Acquire)
    }

    /// How far it is proved.
    pub(crate) fn proof(&self) -> Proof {
        let proof = self.proof.lock();
        proof.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the calls under way, writes what is left, signs a last head. Nothing can be written afterwards.
    pub(crate) async fn close(&self) {
        self.calls.close();
        self.calls.wait().await;
        self.stop.cancel();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the audit trail's writer ended badly");
        }
    }
}

/// The heads cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail's heads in {folder} cannot be read: {source}")]
pub(crate) struct TrailError {
    folder: String,
    source: std::io::Error,
}

#[derive(Debug)]
struct Writer {
    store: Store,
    clock: Clock,
    key: Arc<HeadKey>,
    files: HeadFiles,
    /// The number that the last head covers.
    anchored: i64,
    unwritten: Vec<AuditEntry>,
    is_whole: Arc<AtomicBool>,
    repeats: Arc<Repeats>,
    proof: Arc<Mutex<Proof>>,
    stop: CancellationToken,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Pending>) {
        let mut ticks = interval(ANCHOR_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                taken = queue.recv_many(&mut batch, BATCH) => match taken {
                    0 => break,
                    _ => {
                        self.commit(&mut batch).await;
                        // From the second record on there is a head, so that "no head" always says that one is gone.
                        if self.anchored == 0 {
                            self.anchor().await;
                        }
                    }
                },
                _ = ticks.tick() => {
                    self.write_repeats(false).await;
                    self.anchor().await;
                }
                () = self.stop.cancelled(), if !queue.is_closed() => queue.close(),
            }
        }
        self.write_repeats(true).await;
        self.anchor().await;
    }

    async fn commit(&mut self, batch: &mut Vec<Pending>) {
        let mut entries = std::mem::take(&mut self.unwritten);
        let mut waiting = Vec::with_capacity(batch.len());
        for Pending { entry, committed } in batch.drain(..) {
            entries.push(entry);
            waiting.push(committed);
        }
        let outcome = self.append(entries).await;
        for committed in waiting {
            // Whoever asked may have gone; the record is written or kept all the same.
            let _ = committed.send(outcome.clone());
        }
    }

    async fn append(&mut self, entries: Vec<AuditEntry>) -> Result<(), Unrecorded> {
        let outcome = self.store.append_audit(&entries, link).await;
        self.is_whole.store(outcome.is_ok(), Ordering::Release);
        outcome
            .map(|_| ())
            .map_err(|error| self.keep(entries, &error))
    }

    fn keep(&mut self, mut entries: Vec<AuditEntry>, error: &StoreError) -> Unrecorded {
        tracing::error!(%error, records = entries.len(), "the audit trail cannot be written: calls are refused until it can");
        for lost in entries.drain(UNWRITTEN.min(entries.len())..) {
            tracing::error!(
                record = lost.record,
                "a record found no place in the audit trail"
            );
        }
        self.unwritten = entries;
        Unrecorded(error.to_string())
    }

    async fn write_repeats(&mut self, all: bool) {
        let now = i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX);
        let due = self.repeats.due(now, all);
        if due.is_empty() && self.unwritten.is_empty() {
            return;
        }
        let mut entries = std::mem::take(&mut self.unwritten);
        entries.extend(due.iter().map(entry));
        // What failed was said, and is kept.
        let _ = self.append(entries).await;
    }

    /// Signs the last record, whoever appended it, unless it has a head already.
    async fn anchor(&mut self) {
        let signed = self.sign_last().await;
        let mut proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
        match signed {
            Ok(signed_ms) => {
                proof.signed_ms = signed_ms.or(proof.signed_ms);
                proof.problem = None;
            }
            Err(problem) => proof.problem = Some(problem),
        }
    }

    /// When it was signed, if it had no head; else why there is none.
    async fn sign_last(&mut self) -> Result<Option<i64>, &'static str> {
        let (number, hash) = self.store.last_audit().await.map_err(|error| {
            tracing::error!(%error, "the audit trail's end cannot be read");
            "The trail's end cannot be read."
        })?;
        if number <= self.anchored {
            return Ok(None);
        }
        let now = i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX);
        let (key, files) = (Arc::clone(&self.key), self.files.clone());
        let written = spawn_blocking(move || files.append(&key.sign(number, &hash, now))).await;
        match written {
            Ok(Ok(())) => {
                self.anchored = number;
                Ok(Some(now))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, folder = %self.files.folder().display(), "a head of the audit trail cannot be written");
                Err("The head of the trail cannot be written.")
            }
            Err(error) => {
                tracing::error!(%error, "a head of the audit trail cannot be signed");
                Err("The head of the trail cannot be signed.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Database;
    use crate::vault::Vault;

    #[tokio::test]
    async fn a_record_that_cannot_be_committed_is_said_to_be_unrecorded_and_nothing_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::InDataDir, folder.path())
            .await
            .unwrap();
        let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
        let (key, files) = (
            HeadKey::of(&vault).unwrap(),
            HeadFiles::at(&folder.path().join("audit")),
        );
        let trail = Trail::open(store.clone(), Clock::System, key, files.clone())
            .await
            .unwrap();
        trail.write(&json!({"eventName": "a"})).await.unwrap();
        assert!(trail.is_whole());
        store.close().await;
        assert!(trail.write(&json!({"eventName": "b"})).await.is_err());
        assert!(!trail.is_whole());
        trail.close().await;
        assert!(trail.write(&json!({"eventName": "c"})).await.is_err());
    }

    #[tokio::test]
    async fn there_is_a_head_before_a_second_record_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::InDataDir, folder.path())
            .await
            .unwrap();
        let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
        let files = HeadFiles::at(&folder.path().join("audit"));
        let key = HeadKey::of(&vault).unwrap();
        let trail = Trail::open(store, Clock::System, key, files.clone())
            .await
            .unwrap();
        for name in ["a", "b"] {
            trail.write(&json!({"eventName": name})).await.unwrap();
        }
        let (heads, _) = files.read(&HeadKey::of(&vault).unwrap()).unwrap();
        assert!(!heads.is_empty());
        trail.close().await;
    }

    #[tokio::test]
    async fn what_is_written_has_a_head_when_the_trail_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::InDataDir, folder.path())
            .await
            .unwrap();
        let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
        let files = HeadFiles::at(&folder.path().join("audit"));
        let trail = Trail::open(
            store.clone(),
            Clock::System,
            HeadKey::of(&vault).unwrap(),
            files.clone(),
        )
        .await
        .unwrap();
        let record = json!({"eventName": "a"});
        let written = futures_util::future::join_all((0..20).map(|_| trail.write(&record))).await;
        assert!(written.iter().all(Result::is_ok));
        trail.close().await;
        let (heads, _) = files.read(&HeadKey::of(&vault).unwrap()).unwrap();
        assert_eq!(heads.last().unwrap().number, 20);
        assert_eq!(store.last_audit().await.unwrap().0, 20);
    }
}
