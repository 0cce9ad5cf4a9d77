//! Values of Parameter Store that a document and its parameters ask for.
//!
//! This room only says which ones and puts them in: who may read them is asked before, of the caller's own policies.

use std::collections::{BTreeMap, BTreeSet};

use super::ParameterError;
use super::placeholder::{Piece, pieces, spelled_pieces};

/// `{{ssm:name}}` or `{{ssm:name:version}}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreReference {
    /// The parameter's name, with the slashes of its path.
    pub name: String,
    /// The version, from 1; none: the latest.
    pub version: Option<u32>,
}

/// What the references stand for. Not shown by `Debug`: a value may be secret.
#[derive(Clone, Default)]
pub struct StoredValues(BTreeMap<StoreReference, String>);

impl std::fmt::Debug for StoredValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(StoreReference, String)> for StoredValues {
    fn from_iter<I: IntoIterator<Item = (StoreReference, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl StoredValues {
    pub(super) fn value(&self, name: &str, version: Option<u32>) -> Result<&str, ParameterError> {
        let reference = StoreReference {
            name: name.to_owned(),
            version,
        };
        self.0
            .get(&reference)
            .map(String::as_str)
            .ok_or(ParameterError::NotLookedUp {
                name: reference.name,
            })
    }

    /// `text` with its references replaced and everything else as it was.
    pub(super) fn resolve(&self, text: &str) -> Result<String, ParameterError> {
        let mut out = String::with_capacity(text.len());
        for (piece, spelling) in spelled_pieces(text) {
            match piece {
                // A caller's braces are the caller's own text.
                Piece::Text(_) | Piece::Name(_) => out.push_str(spelling),
                Piece::Stored(name, version) => out.push_str(self.value(name, version)?),
                Piece::Unresolvable => return Err(ParameterError::RefersAgain),
            }
        }
        Ok(out)
    }
}

/// Adds the references in `text`.
pub(super) fn collect(text: &str, found: &mut BTreeSet<StoreReference>) {
    for piece in pieces(text) {
        if let Piece::Stored(name, version) = piece {
            found.insert(StoreReference {
                name: name.to_owned(),
                version,
            });
        }
    }
}
