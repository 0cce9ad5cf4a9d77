//! `ListObjectsV2` and its first version.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, ObjectStorageClass,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use usher_policy::Context as Keys;

use super::asked::Asked;
use super::reading::timestamp;
use super::refusal::of_store;
use crate::objects::{self, Listing, Page};

/// Objects and folded prefixes on a page, as in AWS.
const MOST: i32 = 1000;

/// What both versions ask for.
struct Wish<'a> {
    bucket: &'a str,
    prefix: &'a str,
    delimiter: &'a str,
    after: &'a str,
    most: i32,
    encoding: Option<&'a EncodingType>,
}

/// `ListObjectsV2`.
pub(super) async fn second_version(
    asked: Asked,
    input: ListObjectsV2Input,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let after = match &input.continuation_token {
        Some(token) => unwrapped(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let most = input.max_keys.unwrap_or(MOST).clamp(0, MOST);
    let wish = Wish {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        after: &after,
        most,
        encoding: input.encoding_type.as_ref(),
    };
    let page = page(&asked, &wish).await?;
    let encoded = |text: String| encode(input.encoding_type.as_ref(), text);
    let next = page
        .next
        .clone()
        .map(|key| BASE64_URL_SAFE_NO_PAD.encode(key));
    let (contents, common_prefixes) = shown(page, &wish);
    Ok(S3Response::new(ListObjectsV2Output {
        key_count: Some(i32::try_from(contents.len() + common_prefixes.len()).unwrap_or(MOST)),
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next,
        max_keys: Some(most),
        name: Some(input.bucket),
        prefix: Some(encoded(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(encoded),
        start_after: input.start_after.map(encoded),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsV2Output::default()
    }))
}

/// `ListObjects`.
pub(super) async fn first_version(
    asked: Asked,
    input: ListObjectsInput,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let most = input.max_keys.unwrap_or(MOST).clamp(0, MOST);
    let wish = Wish {
        bucket: &input.bucket,
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        after: input.marker.as_deref().unwrap_or_default(),
        most,
        encoding: input.encoding_type.as_ref(),
    };
    let page = page(&asked, &wish).await?;
    let encoded = |text: String| encode(input.encoding_type.as_ref(), text);
    let next = page.next.clone();
    let (contents, common_prefixes) = shown(page, &wish);
    Ok(S3Response::new(ListObjectsOutput {
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        is_truncated: Some(next.is_some()),
        next_marker: next.map(encoded),
        max_keys: Some(most),
        name: Some(input.bucket),
        prefix: Some(encoded(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(encoded),
        marker: Some(encoded(input.marker.unwrap_or_default())),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsOutput::default()
    }))
}

async fn page(asked: &Asked, wish: &Wish<'_>) -> S3Result<Page> {
    let keys = Keys::default()
        .with("s3:prefix", wish.prefix)
        .with("s3:delimiter", wish.delimiter)
        .with("s3:max-keys", wish.most.to_string());
    asked
        .demand_bucket("s3:ListBucket", wish.bucket, &keys)
        .await?;
    let Ok(most @ 1..) = usize::try_from(wish.most) else {
        return Ok(Page::default());
    };
    let listing = Listing {
        bucket: wish.bucket,
        prefix: wish.prefix,
        delimiter: wish.delimiter,
        after: wish.after,
        most,
    };
    objects::list(&asked.context, listing)
        .await
        .map_err(of_store)
}

fn shown(page: Page, wish: &Wish<'_>) -> (Vec<Object>, Vec<CommonPrefix>) {
    let contents = page
        .objects
        .into_iter()
        .map(|object| Object {
            e_tag: Some(ETag::Strong(object.etag)),
            key: Some(encode(wish.encoding, object.key)),
            last_modified: Some(timestamp(object.modified)),
            size: Some(i64::try_from(object.size).unwrap_or(i64::MAX)),
            storage_class: Some(ObjectStorageClass::from_static(
                ObjectStorageClass::STANDARD,
            )),
            ..Object::default()
        })
        .collect();
    let prefixes = page
        .prefixes
        .into_iter()
        .map(|prefix| CommonPrefix {
            prefix: Some(encode(wish.encoding, prefix)),
        })
        .collect();
    (contents, prefixes)
}

/// Keys may hold what XML cannot, so AWS's clients ask for them percent-encoded.
pub(super) fn encode(encoding: Option<&EncodingType>, text: String) -> String {
    match encoding.map(EncodingType::as_str) {
        Some(EncodingType::URL) => percent_encoded(&text),
        _ => text,
    }
}

/// A key as it stands in an address.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn unwrapped(token: &str) -> S3Result<String> {
    let refused = || {
        S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "The continuation token provided is incorrect",
        )
    };
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| refused())?;
    String::from_utf8(bytes).map_err(|_| refused())
}
