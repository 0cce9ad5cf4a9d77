//! From the words of the command line to what is copied where. `NODE:PATH` as for scp: a colon before any slash.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use usher_copy::Destination;

use super::CpError;

/// Which end has the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToNode,
    FromNode,
}

/// One copy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) node: String,
    pub(super) direction: Direction,
    pub(super) sources: Vec<PathBuf>,
    pub(super) destination: Destination,
}

/// The node that a word names, and the path.
fn split(word: &OsStr) -> (Option<String>, PathBuf) {
    let bytes = word.as_bytes();
    let colon = bytes.iter().position(|byte| b":/".contains(byte));
    let parts = colon
        .filter(|at| *at > 0 && bytes.get(*at) == Some(&b':'))
        .and_then(|at| Some((bytes.get(..at)?, bytes.get(at + 1..)?)));
    match parts.and_then(|(node, path)| Some((std::str::from_utf8(node).ok()?, path))) {
        Some((node, path)) => (Some(node.to_owned()), OsStr::from_bytes(path).into()),
        None => (None, word.into()),
    }
}

impl Copy {
    pub(super) fn read(words: &[OsString]) -> Result<Self, CpError> {
        let (last, sources) = words.split_last().ok_or(CpError::NoNode)?;
        let (to, path) = split(last);
        let sources: Vec<(Option<String>, PathBuf)> =
            sources.iter().map(|word| split(word)).collect();
        let from = sources.iter().find_map(|(node, _)| node.clone());
        let ends_open = last.as_bytes().ends_with(b"/");
        let (node, direction) = match (from.clone(), to) {
            (None, None) => return Err(CpError::NoNode),
            (Some(_), Some(_)) => return Err(CpError::TwoNodes),
            (None, Some(node)) => (node, Direction::ToNode),
            (Some(node), None) => (node, Direction::FromNode),
        };
        if sources.iter().any(|(node, _)| *node != from) {
            return Err(CpError::TwoNodes);
        }
        let home = |path: PathBuf| match path.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => path,
        };
        let destination = Destination {
            is_directory: sources.len() > 1 || ends_open,
            path,
        };
        let sources = sources.into_iter().map(|(_, path)| home(path)).collect();
        Ok(Self {
            node,
            direction,
            sources,
            destination,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Copy, CpError> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Copy::read(&words)
    }

    #[test]
    fn a_copy_without_a_node_or_with_two_is_refused() {
        for words in [&["a", "b"][..], &["./web:1", "b"], &["/x:y", ":b"]] {
            assert!(matches!(read(words), Err(CpError::NoNode)), "{words:?}");
        }
        for words in [
            &["web:a", "db:b"][..],
            &["web:a", "web:b"],
            &["web:a", "db:b", "c"],
            &["a", "web:b", "c"],
        ] {
            assert!(matches!(read(words), Err(CpError::TwoNodes)), "{words:?}");
        }
    }

    #[test]
    fn a_node_is_what_stands_before_a_colon_as_for_scp() {
        let copy = read(&["a", "./b:c", "web-1:/srv/x:y"]).unwrap();
        assert_eq!(
            copy,
            Copy {
                node: "web-1".to_owned(),
                direction: Direction::ToNode,
                sources: vec!["a".into(), "./b:c".into()],
                destination: Destination {
                    path: "/srv/x:y".into(),
                    is_directory: true
                },
            }
        );
        let copy = read(&["web-1:", "x"]).unwrap();
        assert_eq!(copy.direction, Direction::FromNode);
        assert_eq!(copy.sources, [PathBuf::from(".")]);
        assert!(!copy.destination.is_directory);
        assert!(read(&["a", "web-1:x/"]).unwrap().destination.is_directory);
    }
}
