//! How far a copy is, on standard error where that is a terminal, and what it left out.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use usher_copy::{Problem, Side, Watch};

use crate::text::printable;

/// Drawn no more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// The widest name; of a longer one the end is shown.
const NAME: usize = 40;

/// One line that is drawn anew while a file is copied.
#[derive(Debug)]
pub(super) struct Progress {
    node: String,
    shown: bool,
    left_out: usize,
    name: String,
    size: u64,
    done: u64,
    /// Since the file began, and how much of it was there then.
    since: Instant,
    there: u64,
    drawn: Option<Instant>,
}

impl Progress {
    pub(super) fn new(node: &str, quiet: bool) -> Self {
        Self {
            node: node.to_owned(),
            shown: !quiet && io::stderr().is_terminal(),
            left_out: 0,
            name: String::new(),
            size: 0,
            done: 0,
            since: Instant::now(),
            there: 0,
            drawn: None,
        }
    }

    /// How many files and directories were left out.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    fn draw(&mut self) {
        if self.shown {
            self.drawn = Some(Instant::now());
            let seconds = self.since.elapsed().as_secs_f64();
            let line = line(&self.name, self.done, self.size, self.there, seconds);
            // Somebody who closed standard error wants no progress.
            let _ = write!(io::stderr(), "\r{line}\x1b[K");
        }
    }
}

impl Watch for Progress {
    fn begins(&mut self, path: &Path, size: u64, done: u64) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.name = printable(&name.to_string_lossy());
        (self.size, self.done, self.there) = (size, done, done);
        self.since = Instant::now();
        self.draw();
    }

    fn moved(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            self.draw();
        }
    }

    fn ended(&mut self) {
        self.draw();
        if self.shown {
            let _ = writeln!(io::stderr());
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.left_out += 1;
        let path = problem.path.display();
        let place = match problem.side {
            Side::Here => path.to_string(),
            Side::There => format!("{}:{path}", self.node),
        };
        let _ = writeln!(
            io::stderr(),
            "usher: {}: {}",
            printable(&place),
            printable(&problem.cause)
        );
    }
}

/// `name  45%  12.0 MiB  3.2 MiB/s`: the rate is of what was copied now, not of what was there.
fn line(name: &str, done: u64, size: u64, there: u64, seconds: f64) -> String {
    let cut = name.chars().count().saturating_sub(NAME);
    let name: String = name.chars().skip(cut).collect();
    let percent = match size {
        0 => 100,
        size => u128::from(done) * 100 / u128::from(size),
    };
    let rate = done.saturating_sub(there) as f64 / seconds.max(0.001);
    format!(
        "{name:NAME$} {percent:3}%  {:>10}  {:>10}/s",
        amount(done as f64),
        amount(rate)
    )
}

fn amount(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut left = bytes;
    for unit in units {
        if left < 1000.0 || unit == "TiB" {
            let digits = usize::from(unit != "B");
            return format!("{left:.digits$} {unit}");
        }
        left /= 1024.0;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_whole_and_a_long_name_shows_its_end() {
        assert!(line("x", 0, 0, 0, 0.0).contains("100%"));
        let long = format!("{}end.txt", "x".repeat(100));
        assert!(line(&long, 1, 2, 0, 1.0).contains("xend.txt  50%"));
    }

    #[test]
    fn what_was_there_already_does_not_count_as_speed() {
        let mib = 1024 * 1024;
        let told = line("a", 30 * mib, 40 * mib, 20 * mib, 2.0);
        assert!(told.contains(" 75%    30.0 MiB     5.0 MiB/s"), "{told}");
    }
}
