//! Reading a recording: as asciicast, a page at a time, and to its end to see whether it is what was written.
//!
//! A page ends with a token from which the next one is read without what came before. The token is the caller's to keep
//! and to change: a changed one opens no block of the file, since each opens only after those before it. Calls block.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use usher_wire::cast::{Cast, Moment};

use super::Recordings;
use super::file::{Block, FileError, Head, RecordingFile};
use super::order::{Event, Order};
use super::sealed::line;

/// Characters after which a page ends; the last block may pass it by its own.
const PAGE: usize = 512 * 1024;

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// The token is none of ours.
    #[error("the token is none that was given out")]
    Token,
    /// The recording.
    #[error("the recording cannot be read: {0}")]
    File(#[from] FileError),
}

/// A piece of a recording.
#[derive(Debug)]
pub(crate) struct Page {
    /// Lines of asciicast v2, or of a sealed recording.
    pub(crate) lines: String,
    /// Where the next page begins; none at the end.
    pub(crate) next: Option<String>,
}

/// A place in a recording from which it can be read on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    offset: u64,
    index: u64,
    hash: [u8; 32],
    next: i64,
}

impl Place {
    fn of(order: &Order, present: Head) -> Self {
        let (next, head) = order.place(present);
        Self {
            offset: head.offset,
            index: head.index,
            hash: head.hash,
            next,
        }
    }

    fn head(&self) -> Head {
        Head {
            offset: self.offset,
            index: self.index,
            hash: self.hash,
        }
    }
}

/// A piece of a recording as it happened.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// In order, with their times in milliseconds since the epoch.
    pub(crate) events: Vec<(u64, Event)>,
    /// Where the next piece begins.
    pub(crate) place: Place,
    /// There is nothing more yet.
    pub(crate) is_end: bool,
}

/// What a token holds.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    place: Place,
    cast: Cast,
}

/// What a recording was found to be.
#[derive(Debug)]
pub(crate) struct Verified {
    /// The place after the last good block.
    pub(crate) head: Head,
    /// What is wrong, as a sentence.
    pub(crate) problem: Option<String>,
    /// Whether all that is wrong is an unfinished block at the end.
    pub(crate) is_torn: bool,
}

impl Recordings {
    /// The page at `token`, or the first. `created` is the session's start in
    /// milliseconds, `sealed` how it was recorded. Blocks.
    pub(crate) fn page(
        &self,
        session: &str,
        (created, sealed): (u64, bool),
        token: Option<&str>,
    ) -> Result<Page, PageError> {
        let mut file = RecordingFile::open(&self.path(session), session, &self.0.vault)?;
        let token = token.map(parse).transpose()?;
        let (mut order, mut cast) = match token {
            None => (Order::default(), Cast::default()),
            Some(token) => {
                file.go_to(token.place.head())?;
                (Order::after(token.place.next), token.cast)
            }
        };
        let mut lines = String::new();
        loop {
            let place = file.head();
            // A torn end is a block that is being written, or was when the server ended: nobody has seen it.
            let Block::Records(records) = file.read()? else {
                if !sealed {
                    cast.lines(created, &[], &mut lines);
                }
                return Ok(Page { lines, next: None });
            };
            let mut events = Vec::new();
            let mut number = order.next();
            for record in records {
                order.take(place, record, &mut events);
            }
            if sealed {
                for (at, event) in &events {
                    line(*at, event, &mut number, &mut lines);
                }
            } else if !events.is_empty() {
                let moments: Vec<(u64, Moment<'_>)> = events
                    .iter()
                    .filter_map(|(at, event)| Some((*at, event.moment()?)))
                    .collect();
                cast.lines(created, &moments, &mut lines);
            }
            if lines.len() >= PAGE {
                let token = Token {
                    place: Place::of(&order, file.head()),
                    cast,
                };
                return Ok(Page {
                    lines,
                    next: Some(written(&token)),
                });
            }
        }
    }

    /// Some of what happened from `place` on, or from the beginning: until there is no more or its output has `most`
    /// bytes. Blocks.
    pub(crate) fn stretch(
        &self,
        session: &str,
        place: Option<&Place>,
        most: usize,
    ) -> Result<Stretch, FileError> {
        let mut file = RecordingFile::open(&self.path(session), session, &self.0.vault)?;
        let mut order = Order::after(place.map_or(0, |place| place.next));
        if let Some(place) = place {
            file.go_to(place.head())?;
        }
        let (mut events, mut bytes, mut is_end) = (Vec::new(), 0, false);
        while bytes < most && !is_end {
            let head = file.head();
            let Block::Records(records) = file.read()? else {
                is_end = true;
                continue;
            };
            let before = events.len();
            for record in records {
                order.take(head, record, &mut events);
            }
            let new = events.iter().skip(before).map(|(_, event)| event.length());
            bytes += new.sum::<usize>();
        }
        let place = Place::of(&order, file.head());
        Ok(Stretch {
            events,
            place,
            is_end,
        })
    }

    /// Reads every block. Blocks.
    pub(crate) fn verify(&self, session: &str) -> Result<Verified, FileError> {
        verify(&mut RecordingFile::open(
            &self.path(session),
            session,
            &self.0.vault,
        )?)
    }
}

/// Reads every block from the present place on.
fn verify(file: &mut RecordingFile) -> Result<Verified, FileError> {
    let (problem, is_torn) = loop {
        match file.read() {
            Ok(Block::Records(_)) => {}
            Ok(Block::End) => break (None, false),
            Ok(Block::Torn) => break (Some("its last block is not complete".to_owned()), true),
            Err(error @ FileError::Damaged { .. }) => break (Some(error.to_string()), false),
            Err(error) => return Err(error),
        }
    };
    Ok(Verified {
        head: file.head(),
        problem,
        is_torn,
    })
}

fn parse(token: &str) -> Result<Token, PageError> {
    let json = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| PageError::Token)?;
    serde_json::from_slice(&json).map_err(|_| PageError::Token)
}

fn written(token: &Token) -> String {
    // A struct of numbers and bytes is always JSON.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(token).unwrap_or_default())
}
