//! The one documented example says what the code does: every key, every default, nothing else.

use std::fs;

use super::load;
use crate::settings::keys::{Form, KEYS, LISTEN_PROXY};

fn example() -> String {
    fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/server.toml"
    ))
    .unwrap()
}

/// The line of the example that shows `key`, set or behind a `#`.
fn shown<'a>(example: &'a str, key: &str) -> &'a str {
    let shows = |line: &&str| {
        line.trim_start_matches('#')
            .starts_with(&format!("{key} = "))
    };
    let lines: Vec<&str> = example.lines().filter(shows).collect();
    assert_eq!(
        lines.len(),
        1,
        "{key} must stand in docs/server.toml once: {lines:?}"
    );
    lines[0]
}

#[test]
fn the_documented_example_is_accepted_as_it_stands_and_with_every_line_in_force() {
    let example = example();
    let in_force: String = example
        .lines()
        .map(|line| {
            // The proxy alone is of no use beside the defaults, and refused.
            match KEYS
                .iter()
                .filter(|key| key.name != LISTEN_PROXY)
                .any(|key| line.starts_with(&format!("#{} = ", key.name)))
            {
                true => line.trim_start_matches('#'),
                false => line,
            }
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let as_it_stands = load(&example, &[]).unwrap();
    let mut all = load(&in_force, &[]).unwrap();
    // The exception: it has no default, and what stands there is an example.
    assert!(all.config.audit_webhook.take().is_some());
    // What stands behind a # is the default, so saying it changes nothing.
    assert_eq!(
        format!("{:?}", as_it_stands.config),
        format!("{:?}", all.config)
    );
    assert!(as_it_stands.listen.is_none() && all.listen.is_some());
}

#[test]
fn the_documented_example_shows_every_key_with_its_default() {
    let example = example();
    for key in &KEYS {
        let line = shown(&example, key.name);
        match (key.form, key.default) {
            (Form::Text, Some(default)) => assert_eq!(line, format!("#{} = {default:?}", key.name)),
            (Form::List, _) => assert_eq!(line, format!("#{} = []", key.name)),
            (Form::Text, None) => {}
        }
    }
}
