//! What must stand in every source file, and what must not, read from the files themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// The only room that may say `unsafe`.
const UNSAFE_ROOM: &str = "crates/sys/";

/// The product's files with their tests, as (path from the root, text).
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

/// What a list of broken rules has to be.
const NOTHING: [&str; 0] = [];

fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// The places, as `path:line`, whose code has this property; comments do not count.
fn places(rooms: impl Fn(&str) -> bool, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let files = sources().into_iter().filter(|(name, _)| rooms(name));
    files
        .flat_map(|(name, text)| {
            let lines = text.lines().zip(1..).filter(|(line, _)| wrong(code(line)));
            lines
                .map(|(_, number)| format!("{name}:{number}"))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn only_sys_says_unsafe() {
    let says = |line: &str| {
        // With a hyphen it is a word of the web's, such as a policy for browsers has.
        line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
            .any(|word| word == "unsafe")
    };
    assert_eq!(places(|name| !name.starts_with(UNSAFE_ROOM), says), NOTHING);
}

#[test]
fn every_library_but_sys_forbids_unsafe_at_its_root() {
    let lax = sources().into_iter().filter(|(name, text)| {
        name.ends_with("/src/lib.rs")
            && !name.starts_with(UNSAFE_ROOM)
            && !text.contains("#![forbid(unsafe_code)]")
    });
    assert_eq!(lax.map(|(name, _)| name).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let silent = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "));
    assert_eq!(silent.map(|(name, _)| name).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn the_product_neither_sleeps_nor_queues_without_bound() {
    let banned = |line: &str| {
        ["thread::sleep(", "unbounded_channel(", "mpsc::channel()"]
            .iter()
            .any(|word| line.contains(word))
    };
    assert_eq!(places(|name| name.contains("/src/"), banned), NOTHING);
}
