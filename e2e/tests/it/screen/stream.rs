//! What came to a terminal, and what three terminal emulators make of it.

use std::io::Write;
use std::num::NonZero;
use std::process::{Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::harness::programs;
use crate::harness::terminal::{Look, Step};

/// Everything that came to a terminal which had this size at first.
pub(super) struct Stream {
    pub(super) cols: u16,
    pub(super) rows: u16,
    pub(super) steps: Vec<Step>,
}

impl Stream {
    /// What a player of this asciicast gives its terminal.
    pub(super) fn of_cast(cast: &str) -> Self {
        let mut lines = cast.lines();
        let header: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let size = |name: &str| u16::try_from(header[name].as_u64().unwrap()).unwrap();
        let step = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap();
            let text = event[2].as_str().unwrap();
            match event[1].as_str().unwrap() {
                "o" => Step::Output(text.as_bytes().to_vec()),
                "r" => {
                    let (cols, rows) = text.split_once('x').unwrap();
                    Step::Size(cols.parse().unwrap(), rows.parse().unwrap())
                }
                other => panic!("an event {other}"),
            }
        };
        Self {
            cols: size("width"),
            rows: size("height"),
            steps: lines.map(step).collect(),
        }
    }

    /// What a terminal shows after it.
    pub(super) fn look(&self) -> Look {
        let cells = |count: u16| NonZero::new(count).unwrap();
        let mut screen = vt100::Parser::new(cells(self.rows), cells(self.cols), 0);
        for step in &self.steps {
            match step {
                Step::Output(bytes) => screen.process(bytes),
                Step::Size(cols, rows) => {
                    screen.screen_mut().set_size(cells(*rows), cells(*cols));
                }
            }
        }
        Look::of(screen.screen())
    }

    fn to_json(&self) -> Value {
        let steps = self.steps.iter().map(|step| match step {
            Step::Output(bytes) => json!(["o", BASE64_STANDARD.encode(bytes)]),
            Step::Size(cols, rows) => json!(["r", cols, rows]),
        });
        json!({"cols": self.cols, "rows": self.rows, "steps": steps.collect::<Vec<_>>()})
    }
}

/// Whether both streams end in the same screen, cell by cell, for pyte and for xterm.js; the first difference if not.
pub(super) fn end_alike(one: &Stream, other: &Stream) -> Result<(), String> {
    let streams = json!([one.to_json(), other.to_json()]).to_string();
    let at = |file: &str| programs::emulators().join(file);
    let python = programs::aws().unwrap().join("python");
    let emulators = [
        (python, at("pyte_screens.py")),
        ("node".into(), at("xterm.mjs")),
    ];
    for (interpreter, script) in emulators {
        let mut emulator = Command::new(interpreter)
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = emulator.stdin.take().unwrap();
        stdin.write_all(streams.as_bytes()).unwrap();
        drop(stdin);
        let output = emulator.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", script.display());
        let screens: [Value; 2] = serde_json::from_slice(&output.stdout).unwrap();
        if screens[0] != screens[1] {
            let name = script.file_name().unwrap().display();
            return Err(format!("{name}: {}", first_difference(&screens)));
        }
    }
    Ok(())
}

fn first_difference(screens: &[Value; 2]) -> String {
    let cursors = screens.each_ref().map(|screen| screen["cursor"].clone());
    let [ours, theirs] = screens
        .each_ref()
        .map(|screen| screen["rows"].as_array().unwrap());
    let cells = |row: &Value| row.as_array().unwrap().clone();
    for (y, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        for (x, (ours, theirs)) in cells(ours).iter().zip(cells(theirs)).enumerate() {
            if *ours != theirs {
                return format!("row {y}, column {x}: {ours} and {theirs}");
            }
        }
    }
    format!(
        "cursors {cursors:?}, rows {} and {}",
        ours.len(),
        theirs.len()
    )
}
