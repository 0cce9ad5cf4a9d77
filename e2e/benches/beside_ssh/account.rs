//! The throwaway OS user that every session of the bench runs as, with what it needs in its home.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::BenchError;

/// What the account's shell prompts with.
pub(crate) const PROMPT: &str = "ready> ";

/// The length of a line of `base64`.
const LINE: usize = 76;

/// The part of the output that is printed where 1 KiB travels at a time.
const SHORT: usize = 25;

/// Where the last file of this project's throwaway users is locked, so that tests may run beside the bench.
const LOCK: &str = "/run/lock/ushertest.lock";

/// An OS user that exists until this value is dropped.
pub(crate) struct Account {
    name: String,
}

impl Account {
    /// Makes the user, and two files of lines in its home: one of `megabytes`, one much shorter.
    pub(crate) fn create(megabytes: usize) -> Result<Self, BenchError> {
        // The form of the test suite's names: what a killed bench leaves, the next test run removes.
        let account = Self {
            name: format!("ushertest-{}-0-bench", std::process::id()),
        };
        {
            let _lock = lock()?;
            run(Command::new("useradd")
                .args(["--create-home", "--user-group", "--shell", "/bin/bash"])
                .arg(&account.name))?;
        }
        write(
            &account.file(".bash_profile"),
            format!("PS1='{PROMPT}'\nbind 'set enable-bracketed-paste off'\n").as_bytes(),
        )?;
        let long = lines(megabytes * 1_000_000);
        let short = lines(megabytes * 1_000_000 / SHORT);
        write(&account.file(Output::Long.file()), &long)?;
        write(&account.file(Output::Short.file()), &short)?;
        Ok(account)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn uid(&self) -> Result<String, BenchError> {
        run(Command::new("id").args(["-u", &self.name])).map(|text| text.trim().to_owned())
    }

    /// A file in the user's home.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        Path::new("/home").join(&self.name).join(name)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _lock = lock();
        // `--force`: a session's last process may still be ending.
        let userdel = run(Command::new("userdel").args(["--force", "--remove", &self.name]));
        // userdel is silent about a missing mail box only in its status.
        if Path::new("/home").join(&self.name).exists() {
            eprintln!("the user {} may be left: {userdel:?}", self.name);
        }
    }
}

/// How much a way prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Long,
    Short,
}

impl Output {
    /// The file in the account's home.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Long => "lines",
            Self::Short => "lines-short",
        }
    }

    /// The file's size, line ends included.
    pub(crate) fn bytes(self, megabytes: usize) -> usize {
        self.lines(megabytes) * (LINE + 1)
    }

    /// How many lines it has; a terminal shows each with one byte more.
    pub(crate) fn lines(self, megabytes: usize) -> usize {
        let bytes = megabytes * 1_000_000;
        match self {
            Self::Long => bytes / (LINE + 1),
            Self::Short => bytes / SHORT / (LINE + 1),
        }
    }
}

/// Whole lines of base64 letters, no two neighbours alike, together at most `bytes`.
fn lines(bytes: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 1_u32;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        LETTERS.get((state >> 26) as usize).copied().unwrap_or(b'A')
    };
    let mut text = Vec::with_capacity(bytes);
    for _ in 0..bytes / (LINE + 1) {
        text.extend(std::iter::repeat_with(&mut letter).take(LINE));
        text.push(b'\n');
    }
    text
}

/// `useradd` and its kin fail rather than wait when another one runs.
fn lock() -> Result<fs::File, BenchError> {
    let failed = |source| BenchError::File {
        path: LOCK.into(),
        source,
    };
    let lock = fs::File::create(LOCK).map_err(failed)?;
    lock.lock().map_err(failed)?;
    Ok(lock)
}

pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), BenchError> {
    fs::write(path, content).map_err(|source| BenchError::File {
        path: path.to_owned(),
        source,
    })
}

/// Runs a tool, showing its line, and hands back what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, BenchError> {
    let line = format!("{command:?}").replace('"', "");
    eprintln!("+ {line}");
    let output = command.output().map_err(|source| BenchError::NotStarted {
        line: line.clone(),
        source,
    })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(BenchError::Failed {
            line,
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
