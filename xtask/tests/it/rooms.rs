//! Which crate may depend on which, read from `cargo metadata`: the rooms of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Our crates and the edges allowed among them. No other edge may exist, of any kind.
const ROOMS: [(&str, &[&str]); 10] = [
    ("usher-wire", &[]),
    ("usher-copy", &[]),
    ("usher-sys", &[]),
    ("usher-policy", &["usher-wire"]),
    ("usher-aws", &["usher-wire"]),
    ("usher-server", &["usher-aws", "usher-policy", "usher-wire"]),
    (
        "usher-agent",
        &["usher-aws", "usher-copy", "usher-sys", "usher-wire"],
    ),
    (
        "usher",
        &[
            "usher-aws",
            "usher-copy",
            "usher-server",
            "usher-sys",
            "usher-wire",
        ],
    ),
    ("usher-e2e", &[]),
    ("xtask", &[]),
];

/// Foreign crates that only the named rooms may declare, with the reason.
const RESERVED: [(&str, &[&str], &str); 9] = [
    ("axum", &["usher-server"], "only the server answers HTTP"),
    ("hyper", &["usher-server"], "only the server answers HTTP"),
    (
        "sqlx",
        &["usher-server"],
        "only the server's store speaks SQL",
    ),
    ("reqwest", &["usher-aws"], "outbound calls have one room"),
    ("libc", &["usher-sys"], "unsafe calls have one room"),
    ("nix", &["usher-sys"], "the operating system has one room"),
    (
        "aws-lc-rs",
        &[
            "usher-wire",
            "usher-aws",
            "usher-copy",
            "usher-agent",
            "usher-server",
        ],
        "one crypto provider, few users",
    ),
    (
        "vt100",
        &["usher", "usher-e2e"],
        "what a recording shows, and what a client shows in tests",
    ),
    (
        "clap",
        &["usher", "usher-agent", "xtask"],
        "only programs have a command line",
    ),
];

/// What the two pure rooms must not even be able to name.
const IMPURE: [&str; 8] = [
    "tokio",
    "tokio-tungstenite",
    "reqwest",
    "axum",
    "hyper",
    "sqlx",
    "rustix",
    "tracing",
];

/// What a list of broken rules has to be.
const NOTHING: [&str; 0] = [];

/// Declared dependencies of each workspace member, by name; dev- and build-dependencies included.
fn declared() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            (name(package), dependencies.iter().map(name).collect())
        })
        .collect()
}

#[test]
fn no_edge_exists_among_our_crates_but_the_allowed_ones() {
    let ours: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let declared = declared();
    let found: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
    assert_eq!(
        found, ours,
        "a crate came or went: say in ROOMS what it may depend on"
    );
    for (room, allowed) in ROOMS {
        for dependency in declared[room]
            .iter()
            .filter(|name| ours.contains(name.as_str()))
        {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{room} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn reserved_dependencies_are_declared_only_by_the_rooms_that_may() {
    let mut wrong = Vec::new();
    for (room, dependencies) in declared() {
        for (reserved, rooms, reason) in RESERVED {
            if dependencies.contains(reserved) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{room} depends on {reserved}: {reason}"));
            }
        }
    }
    assert_eq!(wrong, NOTHING);
}

#[test]
fn the_pure_rooms_cannot_name_a_socket_a_runtime_or_a_logger() {
    let declared = declared();
    for room in ["usher-wire", "usher-policy"] {
        let impure = IMPURE.iter().filter(|name| declared[room].contains(**name));
        assert_eq!(
            impure.copied().collect::<Vec<_>>(),
            NOTHING,
            "{room} depends on these"
        );
    }
}

#[test]
fn the_program_that_runs_as_root_carries_no_web_server_and_no_database() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "usher-agent",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--format", "{p}", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        names.contains("usher-sys"),
        "this is not the agent's tree:\n{tree}"
    );
    for heavy in ["usher-server", "usher-policy", "axum", "sqlx", "sqlx-core"] {
        assert!(!names.contains(heavy), "usher-agent pulls in {heavy}");
    }
}
