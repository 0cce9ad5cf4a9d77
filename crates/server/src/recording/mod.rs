//! Recordings of sessions, made by the gateway before it delivers (design section 8).
//!
//! Owns the folder of the recordings and what they may take together. `tape` records one live session, `file` is the
//! chained and sealed form on the disk, `stream` decides what is new, `pages` reads, `retention` says what is over. Of a session that KMS encrypts the
//! gateway sees only what travels: a sealed recording holds that, for whoever may decrypt it (`sealed`). It knows no
//! sockets and no callers.

mod file;
mod order;
mod pages;
mod record;
mod retention;
mod sealed;
mod space;
mod stream;
mod tape;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::{JoinError, spawn_blocking};
use usher_policy::LogFailure;
use usher_wire::ids::SessionId;

use crate::limits;
use crate::store::{RecordingRow, Store, StoreError};
use crate::vault::Vault;
use file::{FileError, RecordingFile};
pub(crate) use order::Event;
pub(crate) use pages::{PageError, Place, Stretch};
pub(crate) use retention::{closed_before, is_past};
use space::{Limits, Space};
pub(crate) use tape::{Heard, Tape};

/// Why a recording cannot be begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// Its file.
    #[error("the recording cannot be begun: {0}")]
    File(#[from] FileError),
    /// The thread that should have written it.
    #[error("the recording cannot be begun: {0}")]
    Thread(#[from] JoinError),
}

/// All recordings of this server; clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Recordings(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    vault: Arc<Vault>,
    space: Space,
    /// Something was recorded, or a recording was closed.
    written: Notify,
}

impl Recordings {
    /// The recordings below the data directory, of which the database knows.
    pub(crate) async fn open(
        data_dir: &Path,
        vault: Arc<Vault>,
        store: &Store,
    ) -> Result<Self, StoreError> {
        let space = Space::new(Limits {
            session: limits::RECORDING_BYTES,
            owner: limits::RECORDINGS_BYTES_PER_OWNER,
            reserve: limits::RECORDINGS_RESERVE,
        });
        for (owner, bytes) in store.recorded_bytes().await? {
            space.count(&owner, u64::try_from(bytes).unwrap_or(0));
        }
        Ok(Self(Arc::new(Shared {
            folder: data_dir.join("recordings"),
            vault,
            space,
            written: Notify::new(),
        })))
    }

    /// Makes the file of a session that is about to start.
    pub(crate) async fn begin(
        &self,
        session: &SessionId,
        owner: &str,
        on_loss: LogFailure,
        sealed: bool,
    ) -> Result<Arc<Tape>, BeginError> {
        let (shared, id) = (Arc::clone(&self.0), session.to_string());
        let path = self.path(session.as_str());
        spawn_blocking(move || {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&shared.folder)
                .map_err(FileError::from)?;
            RecordingFile::create(&path, &id, &shared.vault)
        })
        .await??;
        Ok(self.tape(session.as_str(), owner, on_loss, sealed))
    }

    /// The recorder of a session that an earlier process began.
    pub(crate) fn resume(&self, row: &RecordingRow) -> Arc<Tape> {
        self.tape(&row.session_id, &row.owner_id, row.on_loss, row.sealed)
    }

    /// Ends a recording and stores what it came to.
    pub(crate) async fn close(
        &self,
        tape: &Arc<Tape>,
        store: &Store,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let closing = Arc::clone(tape);
        let closed = match spawn_blocking(move || closing.close(now_ms)).await {
            Ok(closed) => closed,
            Err(error) => {
                tracing::error!(session = tape.session(), %error, "a recording was not closed; the next start closes it");
                return Ok(());
            }
        };
        if let Some(why) = &closed.lost {
            tracing::warn!(
                session = tape.session(),
                why,
                "a recording ends before its session"
            );
        }
        let head = closed.head.map(|head| {
            (
                i64::try_from(head.offset).unwrap_or(i64::MAX),
                i64::try_from(head.index).unwrap_or(i64::MAX),
                head.hash,
            )
        });
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
        store
            .close_recording(tape.session(), head, closed.lost.as_deref(), now)
            .await?;
        self.wake_delivery();
        Ok(())
    }

    /// Removes the file of a finished recording; one that is gone already is no error.
    pub(crate) async fn remove(&self, row: &RecordingRow) -> io::Result<()> {
        match tokio::fs::remove_file(self.path(&row.session_id)).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let bytes = u64::try_from(row.bytes).unwrap_or(0);
        self.0.space.give_back(&row.owner_id, bytes);
        Ok(())
    }

    /// Waits until there may be something new to deliver. For one waiter; cancel safe.
    pub(crate) async fn written(&self) {
        self.0.written.notified().await;
    }

    /// Lets deliveries be looked at.
    pub(crate) fn wake_delivery(&self) {
        self.0.written.notify_one();
    }

    fn tape(&self, session: &str, owner: &str, on_loss: LogFailure, sealed: bool) -> Arc<Tape> {
        let path = self.path(session);
        let shared = Arc::clone(&self.0);
        let tape = Tape::new(session.to_owned(), owner.to_owned(), path, on_loss, shared);
        Arc::new(tape.with_sealed(sealed))
    }

    /// Session ids are names that stay in their folder (`usher_wire::ids`).
    fn path(&self, session: &str) -> PathBuf {
        self.0.folder.join(format!("{session}.rec"))
    }
}
