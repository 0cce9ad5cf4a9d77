//! Where the files are, and which of them nobody needs.
//!
//! `objects/<2 digits>/<32 digits>` below the data directory, and `objects/new` for what is still being written. Names are
//! random and never made from keys or buckets, so that nothing a caller says becomes a path.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::ObjectError;
use crate::store::Store;

/// The object store's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder below `data_dir`, making it if needed, and removes what a crash left: files that were not finished,
    /// and files of no object.
    pub(crate) async fn open(data_dir: &Path, store: &Store) -> Result<Self, ObjectError> {
        let folder = Self(data_dir.join("objects"));
        make(&folder.0.join("new"))?;
        for name in names(&folder.0.join("new"))? {
            std::fs::remove_file(folder.0.join("new").join(name))?;
        }
        for shelf in names(&folder.0)?.iter().filter(|name| name.len() == 2) {
            for name in names(&folder.0.join(shelf))? {
                if !store.is_object_file(&name).await? {
                    tracing::info!(file = name, "removed a file of no object");
                    std::fs::remove_file(folder.0.join(shelf).join(name))?;
                }
            }
        }
        Ok(folder)
    }

    /// A name that no file has.
    pub(super) fn fresh_name() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    /// Where a file is while it is written.
    pub(super) fn draft(&self, name: &str) -> PathBuf {
        self.0.join("new").join(name)
    }

    /// Where a finished file is.
    pub(super) fn finished(&self, name: &str) -> PathBuf {
        self.shelf(name).join(name)
    }

    /// Puts a draft in its place, so that it is there after a crash.
    pub(super) async fn settle(&self, name: &str) -> io::Result<()> {
        let (draft, finished, shelf) = (self.draft(name), self.finished(name), self.shelf(name));
        blocking(move || {
            make(&shelf)?;
            std::fs::rename(draft, finished)?;
            std::fs::File::open(shelf)?.sync_all()
        })
        .await
    }

    /// Removes files that no row names any more. One that cannot be removed now is at the next start.
    pub(super) async fn remove(&self, names: Vec<String>) {
        for name in names {
            if let Err(error) = tokio::fs::remove_file(self.finished(&name)).await {
                tracing::warn!(file = name, %error, "a file of no object stays until the next start");
            }
        }
    }

    fn shelf(&self, name: &str) -> PathBuf {
        self.0.join(name.get(..2).unwrap_or("00"))
    }
}

/// Makes a folder and those above it, for nobody else to look into.
fn make(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn names(path: &Path) -> io::Result<Vec<String>> {
    std::fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
