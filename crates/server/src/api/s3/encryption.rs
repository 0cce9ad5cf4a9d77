//! How objects are encrypted at rest: all of them, each under its own key, which is sealed under the root key. That is
//! what S3 calls `AES256`, and what a bucket has from its beginning as in AWS.

use s3s::dto::{
    DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput, GetBucketEncryptionInput,
    GetBucketEncryptionOutput, PutBucketEncryptionInput, PutBucketEncryptionOutput,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use usher_policy::Context as Keys;

use super::asked::Asked;
use super::refusal::{not_served, of_store};
use crate::objects;

/// What every object has.
pub(super) fn at_rest() -> Option<ServerSideEncryption> {
    Some(ServerSideEncryption::from_static(
        ServerSideEncryption::AES256,
    ))
}

/// Refuses what an object or bucket is not encrypted with.
pub(super) fn check(algorithm: Option<&ServerSideEncryption>) -> S3Result<()> {
    match algorithm.map(ServerSideEncryption::as_str) {
        None | Some(ServerSideEncryption::AES256) => Ok(()),
        Some(ServerSideEncryption::AWS_KMS) => Err(not_served(
            "Encryption with aws:kms is not supported here: objects are encrypted with AES256.",
        )),
        Some(_) => Err(S3Error::with_message(
            S3ErrorCode::InvalidEncryptionAlgorithmError,
            "The encryption method specified is not supported.",
        )),
    }
}

/// Refuses keys that the caller brings with each request.
pub(super) fn check_own_key(algorithm: Option<&String>) -> S3Result<()> {
    match algorithm {
        None => Ok(()),
        Some(_) => Err(not_served(
            "Encryption with keys that the caller brings is not supported.",
        )),
    }
}

/// That the caller may do `action` to the bucket, and that there is one.
async fn demand(asked: &Asked, action: &'static str, bucket: &str) -> S3Result<()> {
    asked
        .demand_bucket(action, bucket, &Keys::default())
        .await?;
    objects::bucket(&asked.context, bucket)
        .await
        .map_err(of_store)?;
    Ok(())
}

/// `GetBucketEncryption`.
pub(super) async fn of_bucket(
    asked: Asked,
    input: GetBucketEncryptionInput,
) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
    demand(&asked, "s3:GetEncryptionConfiguration", &input.bucket).await?;
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: None,
            sse_algorithm: ServerSideEncryption::from_static(ServerSideEncryption::AES256),
        }),
        bucket_key_enabled: Some(false),
    };
    Ok(S3Response::new(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(ServerSideEncryptionConfiguration {
            rules: vec![rule],
        }),
    }))
}

/// `PutBucketEncryption`: what a bucket has already is accepted, anything else refused.
pub(super) async fn set(
    asked: Asked,
    input: PutBucketEncryptionInput,
) -> S3Result<S3Response<PutBucketEncryptionOutput>> {
    demand(&asked, "s3:PutEncryptionConfiguration", &input.bucket).await?;
    for rule in &input.server_side_encryption_configuration.rules {
        let wish = rule.apply_server_side_encryption_by_default.as_ref();
        check(wish.map(|wish| &wish.sse_algorithm))?;
    }
    Ok(S3Response::new(PutBucketEncryptionOutput::default()))
}

/// `DeleteBucketEncryption`: back to what every bucket has, as in AWS, which is what it has all the time.
pub(super) async fn reset(
    asked: Asked,
    input: DeleteBucketEncryptionInput,
) -> S3Result<S3Response<DeleteBucketEncryptionOutput>> {
    demand(&asked, "s3:PutEncryptionConfiguration", &input.bucket).await?;
    Ok(S3Response::new(DeleteBucketEncryptionOutput::default()))
}
