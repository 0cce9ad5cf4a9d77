//! `DeleteObject` and `DeleteObjects`. That there is no such object is no error.

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    Error,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::asked::Asked;
use super::reading::check_version;
use super::refusal::of_store;
use crate::objects;

/// Objects of one `DeleteObjects`, as in AWS.
const MOST: usize = 1000;

/// `DeleteObject`.
pub(super) async fn one(
    asked: Asked,
    input: DeleteObjectInput,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    remove(
        &asked,
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
    )
    .await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

/// `DeleteObjects`: each by itself, with an answer for each.
pub(super) async fn many(
    asked: Asked,
    input: DeleteObjectsInput,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    if input.delete.objects.len() > MOST {
        return Err(S3Error::new(S3ErrorCode::MalformedXML));
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let version = object.version_id.as_deref();
        match remove(&asked, &input.bucket, &object.key, version).await {
            Ok(()) => deleted.push(DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            }),
            Err(refusal) => errors.push(Error {
                code: Some(refusal.code().as_str().to_owned()),
                message: refusal.message().map(str::to_owned),
                key: Some(object.key),
                ..Error::default()
            }),
        }
    }
    let is_quiet = input.delete.quiet == Some(true);
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: (!is_quiet).then_some(deleted),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    }))
}

async fn remove(asked: &Asked, bucket: &str, key: &str, version: Option<&str>) -> S3Result<()> {
    asked.demand_object("s3:DeleteObject", bucket, key).await?;
    check_version(version)?;
    objects::delete(&asked.context, bucket, key)
        .await
        .map_err(of_store)
}
