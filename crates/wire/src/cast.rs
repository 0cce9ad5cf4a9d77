//! asciicast v2: a recording as lines of JSON that players of terminals understand
//! (docs.asciinema.org/manual/asciicast/v2). The server makes it of what it recorded, a client of what only it can decrypt.
//!
//! Its texts are UTF-8, the node's bytes need not be: characters that were cut between two messages are joined, and
//! what is no character becomes U+FFFD.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::session_log::whole_characters;

/// The size that is shown until one is known.
const USUAL: (u16, u16) = (80, 24);

/// One thing of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment<'a> {
    /// Bytes for the terminal.
    Output(&'a [u8]),
    /// The terminal's size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The recording ends before its session, for this reason.
    Lost(&'a str),
    /// The session's end.
    End,
}

/// Writes the lines; holds what the next one needs of those before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// Milliseconds since the epoch of the first event; none before it.
    start: Option<u64>,
    /// Milliseconds since the epoch of the latest.
    latest: u64,
    /// The beginning of a character whose rest has not come.
    cut: Vec<u8>,
}

impl Cast {
    /// Appends the lines of `events`, each with its time in milliseconds since the epoch, behind the header where they are
    /// the first. `created` is for a recording without any event, in milliseconds.
    pub fn lines(&mut self, created: u64, events: &[(u64, Moment<'_>)], into: &mut String) {
        if self.start.is_none() {
            let start = events.first().map_or(created, |(at, _)| *at);
            self.start = Some(start);
            self.latest = start;
            let before_output = events
                .iter()
                .take_while(|(_, event)| !matches!(event, Moment::Output(_)));
            let size = before_output.filter_map(|(_, event)| match event {
                Moment::Size { columns, rows } if *columns > 0 && *rows > 0 => {
                    Some((*columns, *rows))
                }
                _ => None,
            });
            let (width, height) = size.last().unwrap_or(USUAL);
            let header =
                json!({"version": 2, "width": width, "height": height, "timestamp": start / 1000});
            line(&header, into);
        }
        for (at, event) in events {
            self.latest = self.latest.max(*at);
            match event {
                Moment::Output(bytes) => {
                    let text = self.joined(bytes);
                    if !text.is_empty() {
                        line(&json!([self.seconds(), "o", text]), into);
                    }
                }
                Moment::Size { columns, rows } => {
                    line(
                        &json!([self.seconds(), "r", format!("{columns}x{rows}")]),
                        into,
                    );
                }
                Moment::Lost(why) => {
                    let text = format!("not recorded from here on: {why}");
                    line(&json!([self.seconds(), "m", text]), into);
                }
                Moment::End => self.end(into),
            }
        }
    }

    /// What was cut and never came is no character.
    fn end(&mut self, into: &mut String) {
        if !std::mem::take(&mut self.cut).is_empty() {
            line(&json!([self.seconds(), "o", "\u{fffd}"]), into);
        }
    }

    fn seconds(&self) -> f64 {
        let passed = self
            .latest
            .saturating_sub(self.start.unwrap_or(self.latest));
        passed as f64 / 1000.0
    }

    /// The text that is complete with these bytes.
    fn joined(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let whole = whole_characters(&all);
        self.cut = all.split_off(whole);
        String::from_utf8_lossy(&all).into_owned()
    }
}

fn line(value: &serde_json::Value, into: &mut String) {
    into.push_str(&value.to_string());
    into.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(at: u64, bytes: &[u8]) -> (u64, Moment<'_>) {
        (at, Moment::Output(bytes))
    }

    #[test]
    fn characters_cut_anywhere_are_joined_and_what_is_none_is_replaced() {
        let text = "aä€😀é\u{301}日本";
        for cut in 0..=text.len() {
            let (left, right) = text.as_bytes().split_at(cut);
            let mut cast = Cast::default();
            assert_eq!(
                cast.joined(left) + &cast.joined(right),
                text,
                "cut at {cut}"
            );
        }
        let mut cast = Cast::default();
        assert_eq!(cast.joined(b"a\xffb\xc3"), "a\u{fffd}b");
        assert_eq!(cast.joined(b"x\xf0\x9f"), "\u{fffd}x");
        let mut lines = String::new();
        cast.lines(0, &[(1, Moment::End)], &mut lines);
        assert!(lines.ends_with("[0.0,\"o\",\"\u{fffd}\"]\n"), "{lines}");
    }

    #[test]
    fn a_cast_begins_with_its_size_and_counts_seconds() {
        let size = Moment::Size {
            columns: 120,
            rows: 40,
        };
        let resized = Moment::Size {
            columns: 100,
            rows: 30,
        };
        let events = [
            (5000, size),
            output(5500, b"hi\r\n"),
            (6000, resized),
            output(5900, b"late"),
            (7000, Moment::Lost("full")),
        ];
        let mut lines = String::new();
        Cast::default().lines(1, &events, &mut lines);
        let expected = "{\"height\":40,\"timestamp\":5,\"version\":2,\"width\":120}\n[0.0,\"r\",\"120x40\"]\n\
            [0.5,\"o\",\"hi\\r\\n\"]\n[1.0,\"r\",\"100x30\"]\n[1.0,\"o\",\"late\"]\n\
            [2.0,\"m\",\"not recorded from here on: full\"]\n";
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_empty_recording_is_a_header() {
        let mut lines = String::new();
        Cast::default().lines(3000, &[], &mut lines);
        assert_eq!(
            lines,
            "{\"height\":24,\"timestamp\":3,\"version\":2,\"width\":80}\n"
        );
    }
}
