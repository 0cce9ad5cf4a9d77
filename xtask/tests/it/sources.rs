//! What must stand in every source file, and what must not, read from the files themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// The only room that may say `unsafe`.
const UNSAFE_ROOM: &str = "crates/sys/";

/// The files that only exist to be compiled into the product, as (path from the root, text).
fn sources() -> Vec<(String, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut pending: Vec<PathBuf> = vec![root.join("crates")];
    let mut found = Vec::new();
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

#[test]
fn only_sys_says_unsafe() {
    for (name, text) in sources()
        .iter()
        .filter(|(name, _)| !name.starts_with(UNSAFE_ROOM))
    {
        for (number, line) in text.lines().enumerate() {
            let says = code(line)
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == "unsafe");
            assert!(!says, "{name}:{} says unsafe", number + 1);
        }
    }
}

#[test]
fn every_room_but_sys_forbids_unsafe_at_its_root() {
    let roots: Vec<_> = sources()
        .into_iter()
        .filter(|(name, _)| name.ends_with("/src/lib.rs") || name.ends_with("/src/main.rs"))
        .collect();
    assert_eq!(roots.len(), 7, "a crate came or went");
    for (name, text) in roots
        .iter()
        .filter(|(name, _)| !name.starts_with(UNSAFE_ROOM))
    {
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{name} does not forbid unsafe code"
        );
    }
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "{name} has no header");
    }
}

#[test]
fn the_product_neither_sleeps_nor_queues_without_bound() {
    for (name, text) in sources().iter().filter(|(name, _)| name.contains("/src/")) {
        for banned in ["thread::sleep(", "unbounded_channel(", "mpsc::channel()"] {
            assert!(
                !text.lines().any(|line| code(line).contains(banned)),
                "{name} uses {banned}"
            );
        }
    }
}
