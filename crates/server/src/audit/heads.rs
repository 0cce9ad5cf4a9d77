//! Signed heads of the chain, in files outside the database.
//!
//! Owns one invariant: whoever has the database but neither these files nor the root key cannot make a trail that agrees
//! with the heads given out before. A file a day, a line a head, appended and never rewritten; copy them elsewhere to be
//! safe from whoever has this disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::codec::iso_time;
use crate::vault::{Vault, VaultError};

const DOMAIN: &[u8] = b"usher-audit-head-1\n";
const KEY_NAME: &str = "usher audit head key 1";

/// A head as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Of the last record it covers.
    pub(crate) number: i64,
    /// That record's link, hexadecimal.
    pub(crate) hash: String,
    /// When it was signed, milliseconds.
    pub(crate) time_ms: i64,
    /// Ed25519 over the three, hexadecimal.
    signature: String,
}

/// What signs heads: derived from the root key, and nowhere stored.
#[derive(Debug)]
pub(crate) struct HeadKey(Ed25519KeyPair);

impl HeadKey {
    /// The key of this root key.
    pub(crate) fn of(vault: &Vault) -> Result<Self, VaultError> {
        let seed = vault.derive(KEY_NAME)?;
        Ed25519KeyPair::from_seed_unchecked(&*seed)
            .map(Self)
            .map_err(|_| VaultError::Cipher)
    }

    /// Signs that the chain ends so.
    pub(crate) fn sign(&self, number: i64, hash: &[u8], time_ms: i64) -> Head {
        let hash = hex::encode(hash);
        let signature = self.0.sign(&signed_text(number, &hash, time_ms));
        Head {
            number,
            hash,
            time_ms,
            signature: hex::encode(signature),
        }
    }

    /// Whether this key signed it.
    pub(crate) fn signed(&self, head: &Head) -> bool {
        let text = signed_text(head.number, &head.hash, head.time_ms);
        let key = UnparsedPublicKey::new(&ED25519, self.0.public_key());
        hex::decode(&head.signature).is_ok_and(|signature| key.verify(&text, &signature).is_ok())
    }
}

fn signed_text(number: i64, hash: &str, time_ms: i64) -> Vec<u8> {
    [
        DOMAIN,
        &number.to_be_bytes(),
        &time_ms.to_be_bytes(),
        hash.as_bytes(),
    ]
    .concat()
}

/// Where the heads are.
#[derive(Debug, Clone)]
pub(crate) struct HeadFiles {
    folder: PathBuf,
}

/// A line that is no head of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// The file.
    pub(crate) path: PathBuf,
    /// Counted from one.
    pub(crate) line: usize,
}

impl HeadFiles {
    /// Those in `folder`, which need not exist yet.
    pub(crate) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends `head` and waits until the disk has it.
    pub(crate) fn append(&self, head: &Head) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let day: String = iso_time(head.time_ms).chars().take(10).collect();
        let path = self.folder.join(format!("heads-{day}.jsonl"));
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let line = serde_json::to_string(head)? + "\n";
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        if is_new {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Every head that `key` signed, in the order they were written, and the lines that are something else. A last line
    /// without its end was cut by a crash and is no finding.
    pub(crate) fn read(&self, key: &HeadKey) -> io::Result<(Vec<Head>, Vec<BadLine>)> {
        let (mut heads, mut bad) = (Vec::new(), Vec::new());
        for path in self.files()? {
            let mut lines = BufReader::new(File::open(&path)?);
            let mut text = String::new();
            for line in 1.. {
                text.clear();
                if lines.read_line(&mut text)? == 0 || !text.ends_with('\n') {
                    break;
                }
                match serde_json::from_str::<Head>(&text) {
                    Ok(head) if key.signed(&head) => heads.push(head),
                    _ => bad.push(BadLine {
                        path: path.clone(),
                        line,
                    }),
                }
            }
        }
        Ok((heads, bad))
    }

    /// The files, oldest first; their names sort by day.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let listed = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut files = Vec::new();
        for entry in listed {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("heads-") && name.ends_with(".jsonl") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(folder: &Path) -> HeadKey {
        HeadKey::of(&Vault::open(&folder.join("root.key"), false).unwrap()).unwrap()
    }

    #[test]
    fn a_head_of_another_root_key_or_with_a_changed_member_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let head = key.sign(7, &[1; 32], 1000);
        assert!(key.signed(&head));
        assert!(!self::key(other.path()).signed(&head));
        let changed = [
            Head {
                number: 8,
                ..head.clone()
            },
            Head {
                time_ms: 1001,
                ..head.clone()
            },
            Head {
                hash: hex::encode([2; 32]),
                ..head
            },
        ];
        assert!(changed.iter().all(|head| !key.signed(head)));
    }

    #[test]
    fn heads_come_back_in_their_order_and_strange_lines_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let (key, files) = (
            key(folder.path()),
            HeadFiles::at(&folder.path().join("audit")),
        );
        assert_eq!(files.read(&key).unwrap(), (Vec::new(), Vec::new()));
        let day = 24 * 3_600_000;
        let heads: Vec<Head> = (1..4)
            .map(|number| key.sign(number, &[3; 32], number * day))
            .collect();
        heads.iter().for_each(|head| files.append(head).unwrap());
        let mut last = OpenOptions::new()
            .append(true)
            .open(files.files().unwrap().pop().unwrap())
            .unwrap();
        writeln!(last, "{{}}").unwrap();
        write!(last, "{{\"number\":").unwrap();
        let (read, bad) = files.read(&key).unwrap();
        assert_eq!(read, heads);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2]);
    }
}
