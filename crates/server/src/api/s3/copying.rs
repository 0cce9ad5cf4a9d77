//! `CopyObject`: within this server, as `aws s3 cp`, `mv` and `sync` between buckets do it.

use futures_util::TryStreamExt;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, MetadataDirective,
};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::asked::Asked;
use super::conditions::Conditions;
use super::encryption::{at_rest, check, check_own_key};
use super::reading::{check_version, timestamp};
use super::refusal::{not_served, of_store};
use super::writing::{check_extras, check_terms};
use crate::objects::{self, Draft, Placing, Terms};

/// `CopyObject`.
pub(super) async fn copy(
    asked: Asked,
    input: CopyObjectInput,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let CopySource::Bucket {
        bucket: from_bucket,
        key: from_key,
        version_id,
    } = &input.copy_source
    else {
        return Err(not_served("Objects are copied from buckets."));
    };
    asked
        .demand_object("s3:GetObject", from_bucket, from_key)
        .await?;
    let placing = asked
        .demand_writing(&input.bucket, &input.key, Placing::Replace)
        .await?;
    check_version(version_id.as_deref())?;
    check(input.server_side_encryption.as_ref())?;
    check_own_key(input.sse_customer_algorithm.as_ref())?;
    check_own_key(input.copy_source_sse_customer_algorithm.as_ref())?;
    check_extras(input.tagging.as_deref(), input.object_lock_mode.is_some())?;
    let source = objects::find(&asked.context, from_bucket, from_key)
        .await
        .map_err(of_store)?;
    let conditions = Conditions {
        is: input.copy_source_if_match,
        is_not: input.copy_source_if_none_match,
        modified_since: input.copy_source_if_modified_since,
        unmodified_since: input.copy_source_if_unmodified_since,
    };
    conditions.check(&source, S3ErrorCode::PreconditionFailed)?;
    let directive = input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str);
    let terms = match directive {
        Some(MetadataDirective::REPLACE) => Terms {
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            cache_control: input.cache_control,
            metadata: input.metadata.into_iter().flatten().collect(),
        },
        _ => source.terms.clone(),
    };
    check_terms(&terms)?;
    let mut stream = Box::pin(
        objects::read(&asked.context, &source, 0..source.size)
            .await
            .map_err(of_store)?,
    );
    let mut draft = Draft::begin(&asked.context).await.map_err(of_store)?;
    while let Some(bytes) = stream.try_next().await.map_err(of_store)? {
        draft.write(&bytes).await.map_err(of_store)?;
    }
    let made = objects::put(
        &asked.context,
        &input.bucket,
        &input.key,
        draft,
        terms,
        placing,
    )
    .await
    .map_err(of_store)?;
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            e_tag: Some(ETag::Strong(made.etag)),
            last_modified: Some(timestamp(made.modified)),
            ..CopyObjectResult::default()
        }),
        server_side_encryption: at_rest(),
        ..CopyObjectOutput::default()
    }))
}
