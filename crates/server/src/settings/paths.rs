//! Paths that an operator names: absolute, and compared by where they lead, not by how they are written.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Whether `path` says where it leads without knowing the directory that we run in.
pub(super) fn is_plain(path: &Path) -> bool {
    path.is_absolute() && path.components().all(|part| part != Component::ParentDir)
}

/// Whether `path`, which need not exist yet, is or will be inside `folder`. Symbolic links are followed.
pub(super) fn is_inside(path: &Path, folder: &Path) -> bool {
    resolved(path).starts_with(resolved(folder))
}

/// `path` with the links of its existing part followed.
fn resolved(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(existing), path.strip_prefix(existing)) {
            return real.join(rest);
        }
    }
    path.to_owned()
}
