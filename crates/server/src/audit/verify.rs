//! Whether the trail is what it was: pure, record by record against the signed heads.
//!
//! Owns one invariant: a trail that differs in anything from what its heads were signed over is found, whoever made the
//! difference without the heads' key, and however well the rest was made to fit. Records younger than the last head are
//! held only by the chain that whoever has the database can make anew: they are named, not vouched for.

use std::collections::VecDeque;

use super::chain::{entry_of, link};
use super::heads::{BadLine, Head};
use crate::store::AuditRow;

/// Findings that are kept; a trail made anew differs everywhere.
const FINDINGS: usize = 20;

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Numbers have no gaps.
    #[error("record {expected} is missing: the next one is {found}")]
    Missing {
        /// What should have come.
        expected: i64,
        /// What came.
        found: i64,
    },
    /// The record's link is not that of its text and the record before it.
    #[error("record {number} is not the one that was written there: the chain does not hold")]
    Altered {
        /// Which.
        number: i64,
    },
    /// What a record is looked up by does not stand in the record.
    #[error("record {number} is looked up by something else than it says")]
    Mislaid {
        /// Which.
        number: i64,
    },
    /// The chain holds in itself, but is another than the one that was signed.
    #[error("the records up to {number} are not those that were signed at {time}")]
    NotAsSigned {
        /// The last record that the head covers.
        number: i64,
        /// When it was signed.
        time: String,
    },
    /// There is a head for records that are gone.
    #[error(
        "the trail ends with record {last}, but record {number} was signed at {time}: its end was cut off"
    )]
    Cut {
        /// The last record there is.
        last: i64,
        /// The last record that the head covers.
        number: i64,
        /// When it was signed.
        time: String,
    },
    /// A line among the heads was not signed by this server's root key.
    #[error("line {line} of {path} is no head that this root key signed")]
    ForeignHead {
        /// The file.
        path: String,
        /// Counted from one.
        line: usize,
    },
    /// Nothing says what the trail was.
    #[error("there are records, but no head of theirs in {folder}")]
    NoHeads {
        /// Where they should be.
        folder: String,
    },
}

/// What was found out about a trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong, the first of it.
    pub findings: Vec<Finding>,
    /// Findings that are not kept.
    pub further: u64,
    /// Records there are.
    pub records: u64,
    /// Heads that were held against them.
    pub heads: u64,
    /// When the last head was signed (ISO 8601), and the last record that it covers.
    pub last_head: Option<(String, i64)>,
    /// The records, first and last, that no head covers yet.
    pub not_anchored: Option<(i64, i64)>,
}

/// Takes the records in their order.
#[derive(Debug)]
pub(super) struct Verifier {
    heads: VecDeque<Head>,
    last_head: Option<Head>,
    number: i64,
    hash: Vec<u8>,
    found: Verification,
}

impl Verifier {
    /// Will hold the records against `heads`, which are signed and in the order they were written.
    pub(super) fn new(heads: Vec<Head>, bad: &[BadLine]) -> Self {
        let mut found = Verification {
            heads: heads.len() as u64,
            ..Verification::default()
        };
        for BadLine { path, line } in bad {
            let path = path.display().to_string();
            found.add(Finding::ForeignHead { path, line: *line });
        }
        let mut heads = heads;
        // Days that the clock was set back must not hide a head.
        heads.sort_by_key(|head| head.number);
        Self {
            last_head: heads.last().cloned(),
            heads: heads.into(),
            number: 0,
            hash: Vec::new(),
            found,
        }
    }

    /// The next record.
    pub(super) fn take(&mut self, row: &AuditRow) {
        self.found.records += 1;
        if row.number != self.number + 1 {
            self.found.add(Finding::Missing {
                expected: self.number + 1,
                found: row.number,
            });
        }
        let number = row.number;
        // The chain is made from the texts, so that a wrong link cannot carry a wrong text past a head.
        self.hash = link(&self.hash, number, &row.entry.record);
        if self.hash != row.hash {
            self.found.add(Finding::Altered { number });
        }
        if entry_of(&row.entry.record).as_ref() != Some(&row.entry) {
            self.found.add(Finding::Mislaid { number });
        }
        self.number = number;
        while let Some(head) = self.heads.pop_front_if(|head| head.number <= number) {
            if head.number != number || head.hash != hex::encode(&self.hash) {
                self.found.add(Finding::NotAsSigned {
                    number: head.number,
                    time: time(&head),
                });
            }
        }
    }

    /// What was found, after the last record.
    pub(super) fn finish(mut self, folder: &str) -> Verification {
        for head in std::mem::take(&mut self.heads) {
            self.found.add(Finding::Cut {
                last: self.number,
                number: head.number,
                time: time(&head),
            });
        }
        let anchored = self.last_head.as_ref().map_or(0, |head| head.number);
        if self.number > anchored {
            self.found.not_anchored = Some((anchored + 1, self.number));
        }
        if self.last_head.is_none() && self.found.records > 0 {
            let folder = folder.to_owned();
            self.found.add(Finding::NoHeads { folder });
        }
        self.found.last_head = self.last_head.map(|head| (time(&head), head.number));
        self.found
    }
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        } else {
            self.further += 1;
        }
    }
}

fn time(head: &Head) -> String {
    crate::codec::iso_time(head.time_ms)
}

#[cfg(test)]
mod tests;
