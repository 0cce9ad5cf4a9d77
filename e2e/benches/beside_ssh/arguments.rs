//! What `cargo xtask bench` passes on: pairs of a name and a value, all with defaults.

use crate::error::BenchError;

/// How the result is written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    Json,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    /// How often each way is measured.
    pub(crate) rounds: usize,
    /// Keys typed in each round.
    pub(crate) keys: usize,
    /// Output printed in each round, in units of 1,000,000 bytes.
    pub(crate) megabytes: usize,
    pub(crate) form: Form,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, BenchError> {
        let mut arguments = Self {
            rounds: 5,
            keys: 500,
            megabytes: 100,
            form: Form::Table,
        };
        while let Some(word) = words.next() {
            // Cargo says this to every bench.
            if word == "--bench" {
                continue;
            }
            let value = words.next().unwrap_or_default();
            let number = value.parse().ok().filter(|number| *number > 0);
            match (word.as_str(), number, value.as_str()) {
                ("--rounds", Some(number), _) => arguments.rounds = number,
                ("--keys", Some(number), _) => arguments.keys = number,
                ("--megabytes", Some(number), _) => arguments.megabytes = number,
                ("--output", _, "table") => arguments.form = Form::Table,
                ("--output", _, "json") => arguments.form = Form::Json,
                _ => return Err(BenchError::Argument(format!("{word} {value}"))),
            }
        }
        Ok(arguments)
    }
}
