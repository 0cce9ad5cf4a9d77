//! What is known of each cell, as docs/interop/cells.json keeps it, and when it is too old to be believed.
//!
//! A cell is written by the run that tried it, with the commit, the date and AWS's programs of that run; one that could
//! not be tried keeps what it had. Nothing here runs a session.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::clients::{Client, PLUGIN};
use super::kinds::Kind;
use super::page;
use crate::harness::aws_node;
use crate::harness::process::output_of;
use crate::harness::programs;

/// Older cells are unknown.
pub(super) const DAYS: i64 = 30;

/// So are those behind which the sources of the programs have changed more often.
pub(super) const COMMITS: u32 = 60;

/// What one cell's trial came to.
pub(super) struct Outcome {
    pub(super) client: Client,
    pub(super) agent: &'static str,
    pub(super) kind: Kind,
    pub(super) holds: bool,
    pub(super) transcript: String,
    pub(super) broken: Option<String>,
}

/// One cell, as it was when it was last tried.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) client: String,
    pub(super) agent: String,
    pub(super) kind: String,
    pub(super) holds: bool,
    pub(super) commit: String,
    pub(super) date: String,
    /// AWS's programs that took part, each with its digest.
    pub(super) programs: BTreeMap<String, String>,
}

/// All cells, and the state of things when they were written.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) commit: String,
    pub(super) date: String,
    /// AWS's programs on that machine, each with its digest.
    pub(super) programs: BTreeMap<String, String>,
    /// How often the programs' sources have changed since a cell's commit.
    pub(super) behind: BTreeMap<String, u32>,
    pub(super) cells: Vec<Cell>,
}

impl Record {
    /// The record, if this run is to write it: `cargo xtask matrix` says so.
    pub(super) fn to_write() -> Option<Self> {
        std::env::var_os("USHER_WRITE_MATRIX")?;
        let mut record = Self::read();
        record.commit = git(&["rev-parse", "--short=10", "HEAD"]);
        if !git(&["status", "--porcelain", "--", "crates"]).is_empty() {
            record.commit.push_str(" with changes");
        }
        record.date = output_of(Command::new("date").args(["--utc", "+%F"]))
            .trim()
            .to_owned();
        record.programs = digests(&[
            PLUGIN,
            aws_node::PROGRAM,
            "ssm-agent-worker",
            "ssm-session-worker",
        ]);
        Some(record)
    }

    /// As it stands in the checkout.
    pub(super) fn read() -> Self {
        let text = fs::read_to_string(path("interop/cells.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Puts a trial's outcome in the place of what was known.
    pub(super) fn take(&mut self, outcome: &Outcome) {
        let of_aws = |name: &str| match name {
            PLUGIN => outcome.client == Client::AwsPlugin,
            _ => outcome.agent == aws_node::PROGRAM,
        };
        let cell = Cell {
            client: outcome.client.name().to_owned(),
            agent: outcome.agent.to_owned(),
            kind: outcome.kind.name().to_owned(),
            holds: outcome.holds,
            commit: self.commit.clone(),
            date: self.date.clone(),
            programs: self
                .programs
                .clone()
                .into_iter()
                .filter(|(name, _)| of_aws(name))
                .collect(),
        };
        let transcript = path(&format!("interop/{}", cell.transcript()));
        fs::write(transcript, page::legible(&outcome.transcript)).unwrap();
        self.cells.retain(|known| known.place() != cell.place());
        self.cells.push(cell);
    }

    /// Writes the record and the page that is made of it.
    pub(super) fn write(&mut self) {
        self.cells.sort_by(|a, b| a.place().cmp(&b.place()));
        self.behind = self
            .cells
            .iter()
            .map(|cell| (cell.commit.clone(), commits_since(&cell.commit)))
            .collect();
        let text = serde_json::to_string_pretty(self).unwrap();
        fs::write(path("interop/cells.json"), text + "\n").unwrap();
        fs::write(path("interop.md"), page::of(self)).unwrap();
    }

    /// The cell of that place.
    pub(super) fn cell(&self, client: &str, agent: &str, kind: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.place() == (client, agent, kind))
    }

    /// Why a cell says nothing any more, if it does not.
    pub(super) fn stale(&self, cell: &Cell) -> Option<String> {
        let age = day(&self.date) - day(&cell.date);
        if age > DAYS {
            return Some(format!("tried {age} days before"));
        }
        let other = cell
            .programs
            .iter()
            .find(|(name, digest)| self.programs.get(*name).is_some_and(|now| now != *digest));
        if let Some((name, _)) = other {
            return Some(format!("tried with another {name}"));
        }
        let behind = self.behind.get(&cell.commit).copied().unwrap_or(u32::MAX);
        (behind > COMMITS).then(|| "tried with programs too old".to_owned())
    }
}

impl Cell {
    fn place(&self) -> (&str, &str, &str) {
        (&self.client, &self.agent, &self.kind)
    }

    /// The file of its transcript, beside the record.
    pub(super) fn transcript(&self) -> String {
        let words = format!("{} {} {}", self.client, self.agent, self.kind).replace("'s", "");
        let words = words.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        format!("{}.txt", words.join("-").to_lowercase())
    }
}

/// A file of `docs`.
pub(super) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}

fn git(arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-C", ".."]);
    output_of(git.args(arguments)).trim().to_owned()
}

/// Of a commit that is none of ours, more than can be.
fn commits_since(commit: &str) -> u32 {
    let commit = commit.split(' ').next().unwrap();
    let range = format!("{commit}..HEAD");
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-C", "..", "rev-list", "--count", &range, "--", "crates"]);
    let counted = git.output().unwrap();
    let text = String::from_utf8_lossy(&counted.stdout);
    text.trim().parse().unwrap_or(u32::MAX)
}

fn digests(names: &[&str]) -> BTreeMap<String, String> {
    let digest = |name: &str| {
        let file = programs::directory_of(name)?.join(name);
        let told = output_of(Command::new("sha256sum").arg(file));
        Some((name.to_owned(), told.get(..16)?.to_owned()))
    };
    names.iter().filter_map(|name| digest(name)).collect()
}

/// The number of a day written as 2026-11-23.
fn day(date: &str) -> i64 {
    let date: jiff::civil::Date = date.parse().unwrap();
    date.since(jiff::civil::Date::default())
        .unwrap()
        .get_days()
        .into()
}
