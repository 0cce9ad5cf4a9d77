//! Reading an object, whole or in part, as a stream of frames: memory does not grow with the object.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{Stream, try_unfold};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::sealed_file::{FRAME, FileKey, SEALED_FRAME, sealed_length};
use super::{Object, ObjectError};
use crate::context::Context;

/// An open file of an object and what of it is wanted.
struct Piece {
    file: File,
    key: FileKey,
    size: u64,
    wanted: Range<u64>,
}

/// The bytes `wanted` of an object, whose files are open from now on: another object in its place changes nothing.
///
/// # Errors
/// [`ObjectError::NoSuchKey`] if the object was removed since it was looked up.
pub(crate) async fn read(
    context: &Arc<Context>,
    object: &Object,
    wanted: Range<u64>,
) -> Result<impl Stream<Item = Result<Bytes, ObjectError>> + Send + use<>, ObjectError> {
    let mut pieces = VecDeque::new();
    let mut start = 0u64;
    for part in context.store.object_parts(&object.id).await? {
        let size = u64::try_from(part.size).map_err(|_| ObjectError::Damaged)?;
        let end = start.saturating_add(size);
        let from = wanted.start.max(start);
        let to = wanted.end.min(end);
        if from < to {
            let key = FileKey::open(&context.vault, &part.file, &part.sealed_key)?;
            let mut file = match File::open(context.objects.finished(&part.file)).await {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(ObjectError::NoSuchKey);
                }
                Err(error) => return Err(error.into()),
            };
            let wanted = from.saturating_sub(start)..to.saturating_sub(start);
            let frame = wanted.start / FRAME as u64;
            file.seek(SeekFrom::Start(frame.saturating_mul(SEALED_FRAME as u64)))
                .await?;
            pieces.push_back(Piece {
                file,
                key,
                size,
                wanted,
            });
        }
        start = end;
    }
    if start != object.size {
        return Err(ObjectError::NoSuchKey);
    }
    Ok(try_unfold(pieces, async |mut pieces| {
        loop {
            let Some(piece) = pieces.front_mut() else {
                return Ok(None);
            };
            match piece.next().await? {
                Some(bytes) => return Ok(Some((bytes, pieces))),
                None => drop(pieces.pop_front()),
            }
        }
    }))
}

impl Piece {
    async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        if self.wanted.is_empty() {
            return Ok(None);
        }
        let number = self.wanted.start / FRAME as u64;
        let mut frame = vec![0; sealed_length(self.size, number)];
        self.file
            .read_exact(&mut frame)
            .await
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => ObjectError::Damaged,
                _ => ObjectError::File(error),
            })?;
        self.key.open_frame(number, &mut frame)?;
        let begin = number.saturating_mul(FRAME as u64);
        let from = self.wanted.start.saturating_sub(begin);
        let to = self
            .wanted
            .end
            .saturating_sub(begin)
            .min(frame.len() as u64);
        let (from, to) = (within(from), within(to));
        self.wanted.start = begin.saturating_add(FRAME as u64).min(self.wanted.end);
        Ok(Some(Bytes::from(frame).slice(from..to)))
    }
}

/// A place in a frame, which is far from the limits of any integer.
fn within(place: u64) -> usize {
    usize::try_from(place).unwrap_or(FRAME)
}
