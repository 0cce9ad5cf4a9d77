//! Listing keys in S3's order, those below a delimiter folded into one.

use super::{Object, ObjectError};
use crate::context::Context;
use crate::store::ObjectRow;

/// Rows that are read at a time.
const BATCH: i64 = 200;

/// What is to be listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing<'a> {
    /// The bucket.
    pub(crate) bucket: &'a str,
    /// Keys begin with this.
    pub(crate) prefix: &'a str,
    /// Keys that have this after the prefix are folded into the part up to and with it; empty: none are.
    pub(crate) delimiter: &'a str,
    /// Only what stands after this; empty: from the beginning.
    pub(crate) after: &'a str,
    /// At most so many objects and folded prefixes together.
    pub(crate) most: usize,
}

/// One page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Objects, by key.
    pub(crate) objects: Vec<Object>,
    /// Folded prefixes, in order.
    pub(crate) prefixes: Vec<String>,
    /// What to list after for the rest; none: this was all.
    pub(crate) next: Option<String>,
}

/// A page of the objects of a bucket.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`].
pub(crate) async fn list(context: &Context, listing: Listing<'_>) -> Result<Page, ObjectError> {
    super::bucket(context, listing.bucket).await?;
    let mut page = Page::default();
    let mut from = match listing.after >= listing.prefix && !listing.after.is_empty() {
        // A folded prefix that a page ended with covers everything that begins with it.
        true => match folded(listing, listing.after) {
            Some(folded) if folded == listing.after => after_all(folded),
            _ => [listing.after.as_bytes(), &[0]].concat(),
        },
        false => listing.prefix.as_bytes().to_vec(),
    };
    let mut last = String::new();
    loop {
        let rows = context
            .store
            .objects_from(listing.bucket, &from, BATCH)
            .await?;
        let is_end = i64::try_from(rows.len()).is_ok_and(|rows| rows < BATCH);
        let mut skipped_to = None;
        for row in rows {
            if !row.key.starts_with(listing.prefix.as_bytes()) {
                return Ok(page);
            }
            if skipped_to.as_ref().is_some_and(|to| row.key < *to) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() >= listing.most {
                page.next = Some(last);
                return Ok(page);
            }
            from = [row.key.as_slice(), &[0]].concat();
            last = key_of(&row)?;
            if let Some(folded) = folded(listing, &last) {
                let folded = folded.to_owned();
                let to = after_all(&folded);
                from.clone_from(&to);
                skipped_to = Some(to);
                last.clone_from(&folded);
                page.prefixes.push(folded);
            } else {
                page.objects.push(Object::of(row)?);
            }
        }
        if is_end {
            return Ok(page);
        }
    }
}

fn key_of(row: &ObjectRow) -> Result<String, ObjectError> {
    String::from_utf8(row.key.clone()).map_err(|_| ObjectError::Damaged)
}

/// The part of a key up to and with the first delimiter after the prefix.
fn folded<'a>(listing: Listing<'_>, key: &'a str) -> Option<&'a str> {
    if listing.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(listing.prefix)?;
    let at = rest.find(listing.delimiter)?;
    key.get(..listing.prefix.len() + at + listing.delimiter.len())
}

/// Stands after every key that begins with `prefix`: no byte of UTF-8 is 255.
fn after_all(prefix: &str) -> Vec<u8> {
    [prefix.as_bytes(), &[255]].concat()
}
