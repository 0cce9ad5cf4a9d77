//! Finds a word in what a recording shows, by showing it to a terminal in memory. Pure.
//!
//! A line is told once, with the time at which the word first stood in it and the text that it had when it left the screen
//! or was changed: while somebody types, or a program repaints, it is still the same line.

use std::mem;
use std::num::NonZero;

use serde::Deserialize;

/// A recording is a stranger's word: a terminal of this size is as large as one gets here.
const LARGEST: u16 = 500;
/// Lines told of one session; a program that prints the word for ever must not fill the memory.
const MOST: usize = 10_000;

/// A line with the word in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Seconds into the recording.
    pub(super) at: f64,
    /// The whole line, also where it goes on in the next row of the screen.
    pub(super) line: String,
}

/// Reads one recording.
pub(super) struct Finder {
    word: String,
    screen: vt100::Parser,
    /// Lines that hold the word and are on the screen.
    standing: Vec<Found>,
    found: Vec<Found>,
}

#[derive(Deserialize)]
struct Header {
    width: u16,
    height: u16,
}

#[derive(Deserialize)]
struct Event(f64, String, String);

impl Finder {
    /// Of `word`, in upper or lower case alike.
    pub(super) fn new(word: &str) -> Self {
        Self {
            word: word.to_lowercase(),
            screen: vt100::Parser::default(),
            standing: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Takes the next lines of the recording, as asciicast v2.
    pub(super) fn read(&mut self, lines: &str) {
        for line in lines.lines() {
            if let Ok(Event(at, kind, text)) = serde_json::from_str(line) {
                match kind.as_str() {
                    "o" => self.show(at, &text),
                    "r" => {
                        if let Some((columns, rows)) = size(&text) {
                            self.resize(columns, rows);
                        }
                    }
                    _ => {}
                }
            } else if let Ok(header) = serde_json::from_str::<Header>(line) {
                self.resize(header.width, header.height);
            }
        }
    }

    /// What was found, in the order of time.
    pub(super) fn end(mut self) -> Vec<Found> {
        self.found.append(&mut self.standing);
        self.found.sort_by(|one, other| one.at.total_cmp(&other.at));
        self.found.truncate(MOST);
        self.found
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        let bounded = |size: u16| NonZero::new(size.min(LARGEST)).unwrap_or(NonZero::<u16>::MIN);
        let (columns, rows) = (bounded(columns), bounded(rows));
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// Shows a piece of output a line at a time: nothing may scroll away unseen.
    fn show(&mut self, at: f64, text: &str) {
        for piece in text.split_inclusive('\n') {
            self.screen.process(piece.trim_end_matches('\n').as_bytes());
            self.look(at);
            if piece.ends_with('\n') {
                self.screen.process(b"\n");
            }
        }
    }

    fn look(&mut self, at: f64) {
        let mut before = mem::take(&mut self.standing);
        for line in self.lines() {
            let is_the_same = |old: &Found| {
                line.starts_with(old.line.as_str()) || old.line.starts_with(line.as_str())
            };
            let old = before.iter().position(is_the_same);
            let at = old.map_or(at, |old| before.swap_remove(old).at);
            self.standing.push(Found { at, line });
        }
        let room = MOST.saturating_sub(self.found.len());
        self.found.extend(before.into_iter().take(room));
    }

    /// The lines on the screen that hold the word.
    fn lines(&self) -> Vec<String> {
        let screen = self.screen.screen();
        let (_, columns) = screen.size();
        let mut lines = Vec::new();
        let mut line = String::new();
        for (number, row) in (0..).zip(screen.rows(0, columns.get())) {
            line.push_str(&row);
            if !screen.row_wrapped(number) {
                lines.push(mem::take(&mut line));
            }
        }
        lines.push(line);
        lines.retain(|line| line.to_lowercase().contains(&self.word));
        // A shell's editor writes a space to get into the next row.
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        lines
    }
}

fn size(text: &str) -> Option<(u16, u16)> {
    let (columns, rows) = text.split_once('x')?;
    Some((columns.parse().ok()?, rows.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(events: &[(f64, &str, &str)]) -> String {
        let mut lines = "{\"version\": 2, \"width\": 20, \"height\": 4}\n".to_owned();
        for (at, kind, text) in events {
            let event = serde_json::json!([at, kind, text]);
            lines.push_str(&format!("{event}\n"));
        }
        lines
    }

    fn check(events: &[(f64, &str, &str)], expected: &[(f64, &str)]) {
        let mut finder = Finder::new("Secret");
        finder.read(&cast(events));
        let found: Vec<_> = finder.end();
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.at, found.line.as_str()))
            .collect();
        assert_eq!(found, expected, "{events:?}");
    }

    #[test]
    fn what_was_never_on_the_screen_is_not_found() {
        check(&[(1.0, "o", "se\u{1b}[2Dcret\r\n")], &[]);
        check(&[(1.0, "o", "\u{1b}]0;secret\u{7}title\r\n")], &[]);
        check(&[(1.0, "i", "secret"), (2.0, "m", "secret")], &[]);
    }

    #[test]
    fn colours_and_corrections_do_not_hide_it() {
        check(
            &[(1.0, "o", "a \u{1b}[31mSEC\u{1b}[0mret\r\n")],
            &[(1.0, "a SECret")],
        );
        check(
            &[(1.0, "o", "sex"), (2.0, "o", "\u{8}cret")],
            &[(2.0, "secret")],
        );
    }

    #[test]
    fn a_line_that_grows_is_one_line_from_its_first_moment() {
        check(
            &[
                (1.0, "o", "$ cat secre"),
                (2.0, "o", "t"),
                (3.0, "o", ".txt\r\n"),
                (4.0, "o", "more"),
            ],
            &[(2.0, "$ cat secret.txt")],
        );
    }

    #[test]
    fn what_scrolls_away_at_once_is_found_in_its_order() {
        let flood: String = (0..9)
            .map(|number| format!("{number} secret {number}\r\n"))
            .collect();
        let expected: Vec<_> = (0..9)
            .map(|number| format!("{number} secret {number}"))
            .collect();
        let expected: Vec<_> = expected.iter().map(|line| (1.0, line.as_str())).collect();
        check(&[(1.0, "o", &flood)], &expected);
    }

    #[test]
    fn a_line_that_goes_on_in_the_next_row_is_whole() {
        check(
            &[(1.0, "o", "01234567890123456secret78\r\nmore\r\n")],
            &[(1.0, "01234567890123456secret78")],
        );
        // As readline does at the right margin, before what the command prints.
        check(
            &[(1.0, "o", "0123456789012 secret "), (2.0, "o", "\rout\r\n")],
            &[(1.0, "0123456789012 secretout")],
        );
    }

    #[test]
    fn sizes_that_are_none_or_beyond_all_reason_are_survived() {
        check(
            &[
                (0.0, "r", "65535x65535"),
                (0.5, "r", "0x0"),
                (0.6, "r", "x"),
                (0.7, "r", "20x4"),
                (1.0, "o", "secret"),
            ],
            &[(1.0, "secret")],
        );
    }
}
