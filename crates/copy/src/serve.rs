//! A copy from the side that asks, and the end that serves it: one request, then one sends and the other takes.

use std::io::{Read, Write};
use std::path::PathBuf;

use crate::link::Link;
use crate::message::Message;
use crate::receive::receive;
use crate::send::send;
use crate::{CopyError, Destination, Unwatched, Watch};

/// Serves the one request that comes, as whoever runs this.
///
/// # Errors
/// [`CopyError`]; the asking end has been told of its own mistakes already.
pub fn serve<R: Read, W: Write>(link: &mut Link<R, W>) -> Result<(), CopyError> {
    match link.next()? {
        Message::Store { path, is_directory } => {
            let destination = Destination { path, is_directory };
            receive(&destination, link, &mut Unwatched)
        }
        Message::Fetch { paths, recursive } => send(&paths, recursive, link, &mut Unwatched),
        _ => Err(CopyError::Peer("a copy that begins without a request")),
    }
}

/// Copies local `sources` to `destination` at the serving end.
///
/// # Errors
/// [`CopyError`]; single files that cannot be copied are told to `watch`.
pub fn store<R: Read, W: Write>(
    sources: &[PathBuf],
    recursive: bool,
    destination: &Destination,
    link: &mut Link<R, W>,
    watch: &mut dyn Watch,
) -> Result<(), CopyError> {
    link.say(&Message::Store {
        path: destination.path.clone(),
        is_directory: destination.is_directory,
    })?;
    send(sources, recursive, link, watch)
}

/// Copies `sources` of the serving end to the local `destination`.
///
/// # Errors
/// [`CopyError`]; single files that cannot be copied are told to `watch`.
pub fn fetch<R: Read, W: Write>(
    sources: Vec<PathBuf>,
    recursive: bool,
    destination: &Destination,
    link: &mut Link<R, W>,
    watch: &mut dyn Watch,
) -> Result<(), CopyError> {
    link.say(&Message::Fetch {
        paths: sources,
        recursive,
    })?;
    receive(destination, link, watch)
}
