//! `GetObject` and `HeadObject`.

use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use s3s::dto::{
    ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, Range, StreamingBlob,
    Timestamp,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::asked::Asked;
use super::conditions::Conditions;
use super::encryption::{at_rest, check_own_key};
use super::refusal::{not_served, of_store};
use crate::objects::{self, Object, ObjectError};

/// How often an object is looked up again that was replaced between its row and its files.
const TRIES: usize = 8;

/// Milliseconds as s3s has times.
pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    Timestamp::from(UNIX_EPOCH + since)
}

/// `GetObject`, whole or one range of it.
pub(super) async fn get(
    asked: Asked,
    input: GetObjectInput,
) -> S3Result<S3Response<GetObjectOutput>> {
    let (bucket, key) = (&input.bucket, &input.key);
    asked.demand_object("s3:GetObject", bucket, key).await?;
    check_version(input.version_id.as_deref())?;
    check_own_key(input.sse_customer_algorithm.as_ref())?;
    for _ in 0..TRIES {
        let object = objects::find(&asked.context, bucket, key)
            .await
            .map_err(of_store)?;
        let conditions = Conditions {
            is: input.if_match.clone(),
            is_not: input.if_none_match.clone(),
            modified_since: input.if_modified_since.clone(),
            unmodified_since: input.if_unmodified_since.clone(),
        };
        conditions.check(&object, S3ErrorCode::NotModified)?;
        let (wanted, told) = range(input.range.as_ref(), object.size)?;
        let length = wanted.end.saturating_sub(wanted.start);
        let stream = match objects::read(&asked.context, &object, wanted).await {
            Err(ObjectError::NoSuchKey) => continue,
            stream => stream.map_err(of_store)?,
        };
        let body = s3s::Body::http_body_unsync(Body::from_stream(stream));
        return Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::from(body)),
            content_length: Some(i64::try_from(length).unwrap_or(i64::MAX)),
            content_range: told,
            content_type: object.terms.content_type,
            content_encoding: object.terms.content_encoding,
            content_language: object.terms.content_language,
            cache_control: object.terms.cache_control,
            e_tag: Some(ETag::Strong(object.etag)),
            last_modified: Some(timestamp(object.modified)),
            metadata: Some(object.terms.metadata.into_iter().collect()),
            server_side_encryption: at_rest(),
            ..GetObjectOutput::default()
        }));
    }
    Err(S3Error::with_message(
        S3ErrorCode::OperationAborted,
        "The object is being replaced all the time.",
    ))
}

/// `HeadObject`.
pub(super) async fn head(
    asked: Asked,
    input: HeadObjectInput,
) -> S3Result<S3Response<HeadObjectOutput>> {
    asked
        .demand_object("s3:GetObject", &input.bucket, &input.key)
        .await?;
    check_version(input.version_id.as_deref())?;
    check_own_key(input.sse_customer_algorithm.as_ref())?;
    let object: Object = objects::find(&asked.context, &input.bucket, &input.key)
        .await
        .map_err(of_store)?;
    let conditions = Conditions {
        is: input.if_match,
        is_not: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&object, S3ErrorCode::NotModified)?;
    let (wanted, told) = range(input.range.as_ref(), object.size)?;
    let length = wanted.end.saturating_sub(wanted.start);
    Ok(S3Response::new(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(i64::try_from(length).unwrap_or(i64::MAX)),
        content_range: told,
        content_type: object.terms.content_type,
        content_encoding: object.terms.content_encoding,
        content_language: object.terms.content_language,
        cache_control: object.terms.cache_control,
        e_tag: Some(ETag::Strong(object.etag)),
        last_modified: Some(timestamp(object.modified)),
        metadata: Some(object.terms.metadata.into_iter().collect()),
        server_side_encryption: at_rest(),
        ..HeadObjectOutput::default()
    }))
}

/// What is wanted of `size` bytes, and what `Content-Range` says of it if that is a part.
fn range(wanted: Option<&Range>, size: u64) -> S3Result<(std::ops::Range<u64>, Option<String>)> {
    let Some(wanted) = wanted else {
        return Ok((0..size, None));
    };
    let part = wanted
        .check(size)
        .map_err(|_| S3Error::new(S3ErrorCode::InvalidRange))?;
    let last = part.end.saturating_sub(1);
    let told = format!("bytes {}-{last}/{size}", part.start);
    Ok((part, Some(told)))
}

/// There is one version of each object.
pub(super) fn check_version(version: Option<&str>) -> S3Result<()> {
    match version {
        None | Some("null") => Ok(()),
        Some(_) => Err(not_served("Versions of objects are not supported.")),
    }
}
