//! The one documented example says what the code does: every key, every default, nothing else.

use std::path::Path;

use super::{Config, RUN_DIR, STATE_DIR};

fn example() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/agent.toml");
    std::fs::read_to_string(path).unwrap()
}

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("agent.toml"), text).map_err(|error| error.to_string())
}

/// Every key, as the reader itself tells who wrote another one.
fn keys() -> Vec<String> {
    let wrong = ["no_such_key = 1\n", "[policy]\nno_such_key = 1\n"];
    let told = wrong.map(|text| parse(text).unwrap_err());
    let named = told.iter().flat_map(|told| {
        let (_, keys) = told.split_once("expected one of").unwrap();
        keys.split('`').skip(1).step_by(2).map(str::to_owned)
    });
    named.filter(|key| key != "policy").collect()
}

/// The lines that show `key`, set or behind a `#`.
fn shown<'a>(example: &'a str, key: &str) -> Vec<&'a str> {
    let begins = format!("{key} = ");
    let shows = |line: &&str| line.trim_start_matches('#').starts_with(&begins);
    example.lines().filter(shows).collect()
}

#[test]
fn the_documented_example_shows_every_key_once() {
    let example = example();
    let keys = keys();
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let lines = shown(&example, &key);
        assert_eq!(
            lines.len(),
            1,
            "{key} must stand in docs/agent.toml once: {lines:?}"
        );
    }
}

#[test]
fn the_documented_example_is_accepted_as_it_stands_and_shows_the_defaults() {
    let example = example();
    let keys = keys();
    let in_force = example.lines().map(|line| {
        let shows = |key: &String| line.starts_with(&format!("#{key} = "));
        if keys.iter().any(shows) {
            line.trim_start_matches('#')
        } else {
            line
        }
    });
    let mut all = parse(&in_force.collect::<Vec<_>>().join("\n")).unwrap();
    // These two have no default; the rest behind a # is what holds anyway.
    assert!(all.ca_file.take().is_some() && all.journal.take().is_some());
    if cfg!(target_os = "macos") {
        all.policy.min_uid = 500;
        all.state_dir = STATE_DIR.into();
        all.run_dir = RUN_DIR.into();
    }
    let as_it_stands = parse(&example).unwrap();
    assert_eq!(format!("{as_it_stands:?}"), format!("{all:?}"));
}
