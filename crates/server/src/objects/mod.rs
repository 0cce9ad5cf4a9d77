//! The embedded S3's heart: buckets, and objects that exist whole or not at all.
//!
//! For the S3 API and for the server's own use alike; who may do it is asked before. Bytes are in files under names of
//! their own, encrypted each under its own key; rows name them. A file is whole and synced before a row names it, and is
//! removed after the row is gone; what a crash leaves between goes at the next start. Knows no HTTP, policies or SQL.

mod draft;
mod error;
mod folder;
mod listing;
mod names;
mod node_rule;
mod read;
mod sealed_file;
mod uploads;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use draft::Draft;
pub(crate) use error::ObjectError;
pub(crate) use folder::Folder;
pub(crate) use listing::{Listing, Page, list};
use names::{check_bucket_name, check_key};
pub(crate) use node_rule::{log_session, node_may_create};
pub(crate) use read::read;
pub(crate) use uploads::{abort_upload, begin_upload, complete_upload, put_part, upload};

use crate::context::Context;
use crate::error::ApiError;
use crate::limits;
use crate::store::{BucketRemoval, BucketRow, ObjectRow, Stored};

/// An object, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// Of its files; another object at the same key has another.
    id: String,
    /// Its key.
    pub(crate) key: String,
    /// Bytes.
    pub(crate) size: u64,
    /// Milliseconds.
    pub(crate) modified: i64,
    /// Without quotes.
    pub(crate) etag: String,
    /// What comes back with it.
    pub(crate) terms: Terms,
}

/// What is kept beside an object's bytes and comes back with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    /// `Content-Encoding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    /// `Cache-Control`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    /// `x-amz-meta-…`, names without that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Whether an object may take the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placing {
    /// The newest counts.
    Replace,
    /// [`ObjectError::Exists`] if there is one, whatever is done at the same time.
    Create,
    /// The same, unless the one that is there has the same bytes: for what is tried again.
    Once,
}

impl Object {
    fn of(row: ObjectRow) -> Result<Self, ObjectError> {
        let size = size_of(&row).ok_or(ObjectError::Damaged)?;
        Ok(Self {
            id: row.object_id,
            key: String::from_utf8(row.key).map_err(|_| ObjectError::Damaged)?,
            size,
            modified: row.modified,
            etag: row.etag,
            terms: serde_json::from_str(&row.terms).map_err(|_| ObjectError::Damaged)?,
        })
    }
}

/// Makes a bucket.
///
/// # Errors
/// [`ObjectError::BucketName`], [`ObjectError::BucketTaken`].
pub(crate) async fn create_bucket(context: &Context, name: &str) -> Result<(), ObjectError> {
    check_bucket_name(name)?;
    let now = context.now();
    match context
        .store
        .insert_bucket(name, now, limits::BUCKETS)
        .await?
    {
        true => Ok(()),
        false => Err(ObjectError::BucketTaken),
    }
}

/// A bucket.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`].
pub(crate) async fn bucket(context: &Context, name: &str) -> Result<BucketRow, ObjectError> {
    let found = context.store.bucket(name).await?;
    found.ok_or(ObjectError::NoSuchBucket)
}

/// Removes a bucket that nothing is in.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`], [`ObjectError::BucketNotEmpty`].
pub(crate) async fn delete_bucket(context: &Context, name: &str) -> Result<(), ObjectError> {
    match context.store.delete_bucket(name).await? {
        BucketRemoval::Removed => Ok(()),
        BucketRemoval::Missing => Err(ObjectError::NoSuchBucket),
        BucketRemoval::NotEmpty => Err(ObjectError::BucketNotEmpty),
    }
}

/// Makes a draft the object at `key`.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`], [`ObjectError::Key`], and [`ObjectError::Exists`] where it was to be created.
pub(crate) async fn put(
    context: &Context,
    bucket: &str,
    key: &str,
    draft: Draft,
    terms: Terms,
    placing: Placing,
) -> Result<Object, ObjectError> {
    check_key(key)?;
    let mut part = draft.finish().await?;
    part.modified = context.now();
    let row = ObjectRow {
        bucket: bucket.to_owned(),
        key: key.as_bytes().to_vec(),
        object_id: part.file.clone(),
        size: part.size,
        modified: part.modified,
        etag: part.etag.clone(),
        terms: terms_text(&terms)?,
    };
    // From here on the row may be there even if nobody waits for the answer: only what the database refused is removed.
    let stored = context
        .store
        .put_object(&row, &part, placing != Placing::Replace)
        .await?;
    let (freed, outcome) = match stored {
        Stored::Yes(freed) => (freed, Object::of(row)),
        Stored::NoBucket => (vec![part.file], Err(ObjectError::NoSuchBucket)),
        Stored::Exists => {
            let there = find(context, bucket, key).await;
            let is_same = |there: &Object| {
                placing == Placing::Once
                    && there.etag == row.etag
                    && Some(there.size) == size_of(&row)
            };
            let outcome = there.ok().filter(is_same).ok_or(ObjectError::Exists);
            (vec![part.file], outcome)
        }
    };
    context.objects.remove(freed).await;
    outcome
}

fn size_of(row: &ObjectRow) -> Option<u64> {
    u64::try_from(row.size).ok()
}

fn terms_text(terms: &Terms) -> Result<String, ObjectError> {
    serde_json::to_string(terms).map_err(|error| ObjectError::Internal(ApiError::internal(error)))
}

/// The object at `key`.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`], [`ObjectError::NoSuchKey`].
pub(crate) async fn find(
    context: &Context,
    bucket: &str,
    key: &str,
) -> Result<Object, ObjectError> {
    match context.store.object(bucket, key.as_bytes()).await? {
        Some(row) => Object::of(row),
        None => {
            self::bucket(context, bucket).await?;
            Err(ObjectError::NoSuchKey)
        }
    }
}

/// Removes the object at `key`. That there is none is no error.
///
/// # Errors
/// [`ObjectError::NoSuchBucket`].
pub(crate) async fn delete(context: &Context, bucket: &str, key: &str) -> Result<(), ObjectError> {
    self::bucket(context, bucket).await?;
    let freed = context.store.delete_object(bucket, key.as_bytes()).await?;
    context.objects.remove(freed).await;
    Ok(())
}
