//! Uploads in parts. Whoever may write an object may send its parts and see them; giving up is an action of its own.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput,
    MultipartUpload, Part, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use usher_policy::Context as Keys;

use super::asked::Asked;
use super::conditions::placing;
use super::encryption::{at_rest, check, check_own_key};
use super::listing::{encode, percent_encoded};
use super::reading::timestamp;
use super::refusal::{not_served, of_store};
use super::writing::{check_extras, check_terms, drafted};
use crate::objects::{self, Placing, Terms};

/// Part numbers, as in AWS.
const NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;
/// Parts or uploads on a page, as in AWS.
const MOST: i32 = 1000;

/// `CreateMultipartUpload`.
pub(super) async fn create(
    asked: Asked,
    input: CreateMultipartUploadInput,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    asked
        .demand_writing(&input.bucket, &input.key, Placing::Replace)
        .await?;
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
    let id = objects::begin_upload(&asked.context, &input.bucket, &input.key, &terms)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        server_side_encryption: at_rest(),
        ..CreateMultipartUploadOutput::default()
    }))
}

/// `UploadPart`.
pub(super) async fn part(
    asked: Asked,
    input: UploadPartInput,
) -> S3Result<S3Response<UploadPartOutput>> {
    asked
        .demand_writing(&input.bucket, &input.key, Placing::Replace)
        .await?;
    check_own_key(input.sse_customer_algorithm.as_ref())?;
    if !NUMBERS.contains(&input.part_number) {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive",
        ));
    }
    let upload = objects::upload(&asked.context, &input.bucket, &input.key, &input.upload_id)
        .await
        .map_err(of_store)?;
    let draft = drafted(&asked.context, input.body).await?;
    let etag = objects::put_part(&asked.context, &upload, input.part_number.into(), draft)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(UploadPartOutput {
        e_tag: Some(ETag::Strong(etag)),
        server_side_encryption: at_rest(),
        ..UploadPartOutput::default()
    }))
}

/// `CompleteMultipartUpload`.
pub(super) async fn complete(
    asked: Asked,
    input: CompleteMultipartUploadInput,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let wished = placing(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let placing = asked
        .demand_writing(&input.bucket, &input.key, wished)
        .await?;
    let upload = objects::upload(&asked.context, &input.bucket, &input.key, &input.upload_id)
        .await
        .map_err(of_store)?;
    let parts = input.multipart_upload.and_then(|wish| wish.parts);
    let chosen: Option<Vec<(i64, String)>> = parts
        .unwrap_or_default()
        .into_iter()
        .map(|part| Some((part.part_number?.into(), part.e_tag?.into_value())))
        .collect();
    let chosen = chosen.ok_or_else(|| S3Error::new(S3ErrorCode::MalformedXML))?;
    let object = objects::complete_upload(&asked.context, upload, &chosen, placing)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        location: Some(format!(
            "/{}/{}",
            input.bucket,
            percent_encoded(&object.key)
        )),
        bucket: Some(input.bucket),
        key: Some(object.key),
        e_tag: Some(ETag::Strong(object.etag)),
        server_side_encryption: at_rest(),
        ..CompleteMultipartUploadOutput::default()
    }))
}

/// `AbortMultipartUpload`.
pub(super) async fn abort(
    asked: Asked,
    input: AbortMultipartUploadInput,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    asked
        .demand_object("s3:AbortMultipartUpload", &input.bucket, &input.key)
        .await?;
    let upload = objects::upload(&asked.context, &input.bucket, &input.key, &input.upload_id)
        .await
        .map_err(of_store)?;
    objects::abort_upload(&asked.context, &upload)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

/// `ListParts`.
pub(super) async fn parts(
    asked: Asked,
    input: ListPartsInput,
) -> S3Result<S3Response<ListPartsOutput>> {
    asked
        .demand_object("s3:ListMultipartUploadParts", &input.bucket, &input.key)
        .await?;
    let upload = objects::upload(&asked.context, &input.bucket, &input.key, &input.upload_id)
        .await
        .map_err(of_store)?;
    let after = input.part_number_marker.unwrap_or(0);
    let most = input.max_parts.unwrap_or(MOST).clamp(1, MOST);
    let rows = asked.context.store.object_parts(&upload.upload_id).await;
    let rows = rows.map_err(|error| of_store(error.into()))?;
    let mut left = rows
        .into_iter()
        .filter(|row| row.number > i64::from(after))
        .map(|row| Part {
            part_number: i32::try_from(row.number).ok(),
            e_tag: Some(ETag::Strong(row.etag)),
            size: Some(row.size),
            last_modified: Some(timestamp(row.modified)),
            ..Part::default()
        })
        .peekable();
    let page: Vec<Part> = left
        .by_ref()
        .take(usize::try_from(most).unwrap_or(0))
        .collect();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        part_number_marker: Some(after),
        next_part_number_marker: page.last().and_then(|part| part.part_number),
        is_truncated: Some(left.peek().is_some()),
        max_parts: Some(most),
        parts: Some(page),
        ..ListPartsOutput::default()
    }))
}

/// `ListMultipartUploads`.
pub(super) async fn uploads(
    asked: Asked,
    input: ListMultipartUploadsInput,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    asked
        .demand_bucket(
            "s3:ListBucketMultipartUploads",
            &input.bucket,
            &Keys::default(),
        )
        .await?;
    if input
        .delimiter
        .as_deref()
        .is_some_and(|text| !text.is_empty())
    {
        return Err(not_served(
            "Uploads are not folded by a delimiter: it is not supported.",
        ));
    }
    objects::bucket(&asked.context, &input.bucket)
        .await
        .map_err(of_store)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = (
        input.key_marker.clone().unwrap_or_default().into_bytes(),
        input.upload_id_marker.clone(),
    );
    let most = input.max_uploads.unwrap_or(MOST).clamp(1, MOST);
    let rows = asked.context.store.uploads(&input.bucket).await;
    let rows = rows.map_err(|error| of_store(error.into()))?;
    let mut left = rows
        .into_iter()
        .filter(|row| row.key.starts_with(prefix.as_bytes()))
        .filter(|row| match &after.1 {
            Some(id) => (&row.key, &row.upload_id) > (&after.0, id),
            None => after.0.is_empty() || row.key > after.0,
        })
        .peekable();
    let page: Vec<_> = left
        .by_ref()
        .take(usize::try_from(most).unwrap_or(0))
        .collect();
    let text = |key: &[u8]| {
        let key = String::from_utf8_lossy(key).into_owned();
        encode(input.encoding_type.as_ref(), key)
    };
    let is_truncated = left.peek().is_some();
    let last = page.last().filter(|_| is_truncated);
    Ok(S3Response::new(ListMultipartUploadsOutput {
        next_key_marker: last.map(|row| text(&row.key)),
        next_upload_id_marker: last.map(|row| row.upload_id.clone()),
        uploads: Some(
            page.iter()
                .map(|row| MultipartUpload {
                    key: Some(text(&row.key)),
                    upload_id: Some(row.upload_id.clone()),
                    initiated: Some(timestamp(row.started)),
                    ..MultipartUpload::default()
                })
                .collect(),
        ),
        bucket: Some(input.bucket),
        prefix: input.prefix,
        key_marker: input.key_marker,
        upload_id_marker: input.upload_id_marker,
        is_truncated: Some(is_truncated),
        max_uploads: Some(most),
        encoding_type: input.encoding_type.clone(),
        ..ListMultipartUploadsOutput::default()
    }))
}
