//! Files that hold or belong to private keys: read with a bound, written whole or not at all.
//!
//! The permissions that are checked are those of the file that is read, not of one that took its place meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::TlsError;

/// Bytes of a certificate chain or a key; the longest real ones have some tens of thousands.
const LARGEST: u64 = 1024 * 1024;

/// What `path` holds.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    open(path).and_then(|file| contents(path, file))
}

/// What `path` holds, if neither its group nor others may do more with it than `widest`, a file mode, says.
pub(super) fn read_key(path: &Path, widest: u32) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let file = open(path)?;
    let mode = file
        .metadata()
        .map_err(|source| failed(path, source))?
        .mode();
    if mode & 0o077 & !widest != 0 {
        return Err(TlsError::KeyExposed {
            path: path.to_owned(),
            mode: widest,
        });
    }
    contents(path, file)
}

/// Puts `bytes` at `path` with `mode`. A crash leaves the old file or the new one.
pub(super) fn write(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), TlsError> {
    replace(path, mode, bytes).map_err(|source| failed(path, source))
}

fn open(path: &Path) -> Result<File, TlsError> {
    File::open(path).map_err(|source| failed(path, source))
}

fn contents(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    if read.map_err(|source| failed(path, source))? as u64 > LARGEST {
        return Err(TlsError::TooLarge {
            path: path.to_owned(),
            limit: LARGEST,
        });
    }
    Ok(bytes)
}

fn replace(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_added_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn failed(path: &Path, source: io::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        source,
    }
}
