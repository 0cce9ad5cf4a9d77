//! `PutObject`.

use futures_util::TryStreamExt;
use s3s::dto::{ETag, PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::asked::Asked;
use super::conditions::placing;
use super::encryption::{at_rest, check, check_own_key};
use super::refusal::{not_served, of_store, of_stream};
use crate::context::Context;
use crate::objects::{self, Draft, Terms};

/// Bytes of metadata, names and values together, as in AWS.
const METADATA: usize = 2048;

/// `PutObject`.
pub(super) async fn put(
    asked: Asked,
    input: PutObjectInput,
) -> S3Result<S3Response<PutObjectOutput>> {
    let (bucket, key) = (&input.bucket, &input.key);
    let wished = placing(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let placing = asked.demand_writing(bucket, key, wished).await?;
    check(input.server_side_encryption.as_ref())?;
    check_own_key(input.sse_customer_algorithm.as_ref())?;
    check_extras(input.tagging.as_deref(), input.object_lock_mode.is_some())?;
    let terms = Terms {
        content_type: input.content_type,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        cache_control: input.cache_control,
        metadata: input.metadata.into_iter().flatten().collect(),
    };
    check_terms(&terms)?;
    objects::bucket(&asked.context, bucket)
        .await
        .map_err(of_store)?;
    let draft = drafted(&asked.context, input.body).await?;
    let object = objects::put(&asked.context, bucket, key, draft, terms, placing)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(PutObjectOutput {
        e_tag: Some(ETag::Strong(object.etag)),
        server_side_encryption: at_rest(),
        ..PutObjectOutput::default()
    }))
}

/// Writes a body to a draft, which is dropped unless the body ends as it should.
pub(super) async fn drafted(context: &Context, body: Option<StreamingBlob>) -> S3Result<Draft> {
    let mut draft = Draft::begin(context).await.map_err(of_store)?;
    if let Some(mut body) = body {
        while let Some(bytes) = body.try_next().await.map_err(|error| of_stream(&error))? {
            draft.write(&bytes).await.map_err(of_store)?;
        }
    }
    Ok(draft)
}

/// Refuses what would be promised and not kept.
pub(super) fn check_extras(tagging: Option<&str>, is_locked: bool) -> S3Result<()> {
    match (tagging, is_locked) {
        (None | Some(""), false) => Ok(()),
        (Some(_), _) => Err(not_served("Tags of objects are not supported.")),
        (None, true) => Err(not_served("Object lock is not supported.")),
    }
}

/// Refuses metadata that is too long.
pub(super) fn check_terms(terms: &Terms) -> S3Result<()> {
    let pairs = terms.metadata.iter();
    let length: usize = pairs.map(|(name, value)| name.len() + value.len()).sum();
    match length > METADATA {
        true => Err(S3Error::new(S3ErrorCode::MetadataTooLarge)),
        false => Ok(()),
    }
}
