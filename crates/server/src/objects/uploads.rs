//! Objects that come in parts: the parts' files become the object's in one step, without being copied.

use s3s::crypto::{Checksum, Md5};

use super::{Draft, Object, ObjectError, Placing, Terms, terms_text};
use crate::context::Context;
use crate::limits;
use crate::store::{ObjectRow, PartRow, Stored, UploadRow};

/// The smallest part but the last, as in AWS.
const SMALLEST_PART: i64 = 5 * 1024 * 1024;

/// Begins an upload and gives its id.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`], also where the bucket has too many uploads.
pub(crate) async fn begin_upload(
    context: &Context,
    bucket: &str,
    key: &str,
    terms: &Terms,
) -> Result<String, ObjectError> {
    super::check_key(key)?;
    let row = UploadRow {
        upload_id: uuid::Uuid::new_v4().simple().to_string(),
        bucket: bucket.to_owned(),
        key: key.as_bytes().to_vec(),
        started: context.now(),
        terms: terms_text(terms)?,
    };
    match context.store.insert_upload(&row, limits::UPLOADS).await? {
        true => Ok(row.upload_id),
        false => Err(ObjectError::NoSuchBucket),
    }
}

/// An upload.
///
/// # Errors
/// [`ObjectError::NoSuchUpload`], also where it is for another key.
pub(crate) async fn upload(
    context: &Context,
    bucket: &str,
    key: &str,
    upload_id: &str,
) -> Result<UploadRow, ObjectError> {
    let found = context
        .store
        .upload(upload_id, bucket, key.as_bytes())
        .await?;
    found.ok_or(ObjectError::NoSuchUpload)
}

/// Makes a draft the part `number` of an upload, and gives its ETag.
///
/// # Errors
/// [`ObjectError::NoSuchUpload`].
pub(crate) async fn put_part(
    context: &Context,
    upload: &UploadRow,
    number: i64,
    draft: Draft,
) -> Result<String, ObjectError> {
    let mut part = draft.finish().await?;
    part.number = number;
    part.modified = context.now();
    let freed = context.store.put_part(&upload.upload_id, &part).await?;
    let is_taken = freed.is_some();
    context
        .objects
        .remove(freed.unwrap_or_else(|| vec![part.file]))
        .await;
    match is_taken {
        true => Ok(part.etag),
        false => Err(ObjectError::NoSuchUpload),
    }
}

/// Makes an object of the parts `chosen`, numbers with ETags, of an upload.
///
/// # Errors
/// [`ObjectError::PartOrder`], [`ObjectError::Part`], [`ObjectError::PartTooSmall`], [`ObjectError::NoSuchUpload`], and
/// [`ObjectError::Exists`] where the object was to be created.
pub(crate) async fn complete_upload(
    context: &Context,
    upload: UploadRow,
    chosen: &[(i64, String)],
    placing: Placing,
) -> Result<Object, ObjectError> {
    if chosen.is_empty() || !chosen.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(ObjectError::PartOrder);
    }
    let there = context.store.object_parts(&upload.upload_id).await?;
    let mut parts: Vec<PartRow> = Vec::with_capacity(chosen.len());
    for (number, etag) in chosen {
        let at = there.binary_search_by_key(number, |part| part.number).ok();
        let part = at.and_then(|at| there.get(at));
        let part = part.filter(|part| part.etag == *etag);
        parts.push(part.ok_or(ObjectError::Part)?.clone());
    }
    let before_last = parts.iter().rev().skip(1);
    if before_last
        .into_iter()
        .any(|part| part.size < SMALLEST_PART)
    {
        return Err(ObjectError::PartTooSmall);
    }
    let mut sums = Md5::new();
    for part in &parts {
        let sum = hex::decode(&part.etag).map_err(|_| ObjectError::Damaged)?;
        sums.update(&sum);
    }
    let row = ObjectRow {
        bucket: upload.bucket,
        key: upload.key,
        object_id: upload.upload_id,
        size: parts.iter().map(|part| part.size).sum(),
        modified: context.now(),
        etag: format!("{}-{}", hex::encode(sums.finalize()), parts.len()),
        terms: upload.terms,
    };
    let stored = context
        .store
        .complete_upload(&row, &parts, placing != Placing::Replace)
        .await?;
    match stored {
        Some(Stored::Yes(freed)) => {
            context.objects.remove(freed).await;
            Object::of(row)
        }
        Some(Stored::NoBucket) => Err(ObjectError::NoSuchBucket),
        Some(Stored::Exists) => Err(ObjectError::Exists),
        None => Err(ObjectError::NoSuchUpload),
    }
}

/// Gives up an upload.
///
/// # Errors
/// [`ObjectError::NoSuchUpload`].
pub(crate) async fn abort_upload(context: &Context, upload: &UploadRow) -> Result<(), ObjectError> {
    let freed = context.store.delete_upload(&upload.upload_id).await?;
    context
        .objects
        .remove(freed.ok_or(ObjectError::NoSuchUpload)?)
        .await;
    Ok(())
}
