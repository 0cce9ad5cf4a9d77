//! Refusals in S3's vocabulary (control-plane.md 1.3).

use s3s::{S3Error, S3ErrorCode, StdError};
use usher_wire::sigv4::ChunkError;

use super::body::BodyRefusal;
use crate::error::{ApiError, Code};
use crate::objects::ObjectError;

/// A refusal that every service knows.
pub(crate) fn of_api(error: &ApiError) -> S3Error {
    let code = match error.code() {
        Code::MissingAuthenticationToken | Code::AccessDenied => S3ErrorCode::AccessDenied,
        Code::IncompleteSignature => S3ErrorCode::AuthorizationHeaderMalformed,
        Code::UnknownAccessKey => S3ErrorCode::InvalidAccessKeyId,
        Code::SignatureMismatch => S3ErrorCode::SignatureDoesNotMatch,
        Code::ExpiredToken => S3ErrorCode::ExpiredToken,
        Code::RequestTimeout => S3ErrorCode::RequestTimeout,
        Code::TooLarge => S3ErrorCode::EntityTooLarge,
        Code::Throttled => S3ErrorCode::SlowDown,
        Code::Internal => S3ErrorCode::InternalError,
        _ => S3ErrorCode::InvalidRequest,
    };
    if let Some(cause) = error.inside() {
        tracing::error!(cause, "failed");
    }
    S3Error::with_message(code, error.message().to_owned())
}

/// What the object store refuses.
pub(super) fn of_store(error: ObjectError) -> S3Error {
    let told = error.to_string();
    let code = match error {
        ObjectError::NoSuchBucket => S3ErrorCode::NoSuchBucket,
        ObjectError::NoSuchKey => S3ErrorCode::NoSuchKey,
        ObjectError::Exists => S3ErrorCode::PreconditionFailed,
        ObjectError::BucketName(_) => S3ErrorCode::InvalidBucketName,
        ObjectError::BucketTaken => S3ErrorCode::BucketAlreadyOwnedByYou,
        ObjectError::BucketNotEmpty => S3ErrorCode::BucketNotEmpty,
        ObjectError::Key => S3ErrorCode::KeyTooLongError,
        ObjectError::NoSuchUpload => S3ErrorCode::NoSuchUpload,
        ObjectError::PartOrder => S3ErrorCode::InvalidPartOrder,
        ObjectError::Part => S3ErrorCode::InvalidPart,
        ObjectError::PartTooSmall => S3ErrorCode::EntityTooSmall,
        ObjectError::TooLarge => S3ErrorCode::EntityTooLarge,
        ObjectError::Damaged | ObjectError::File(_) => {
            return of_api(&ApiError::internal(told));
        }
        ObjectError::Denied(error) | ObjectError::Internal(error) => return of_api(&error),
    };
    S3Error::with_message(code, told)
}

/// What is wrong with a body.
pub(crate) fn of_body(refusal: &BodyRefusal) -> S3Error {
    let code = match refusal {
        BodyRefusal::Chunks(ChunkError::SignatureMismatch) => S3ErrorCode::SignatureDoesNotMatch,
        BodyRefusal::Chunks(_) | BodyRefusal::Incomplete => S3ErrorCode::IncompleteBody,
        BodyRefusal::NoLength => S3ErrorCode::MissingContentLength,
        BodyRefusal::Sha256 | BodyRefusal::Checksum(_) => S3ErrorCode::BadDigest,
    };
    S3Error::with_message(code, refusal.to_string())
}

/// Why a stream of bytes ended early: the body's own refusal, wherever the layers between have put it.
pub(crate) fn of_stream(error: &StdError) -> S3Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    while let Some(one) = cause {
        if let Some(refusal) = one.downcast_ref::<BodyRefusal>() {
            return of_body(refusal);
        }
        cause = one.source();
    }
    of_body(&BodyRefusal::Incomplete)
}

/// A thing that S3 has and this server has not.
pub(super) fn not_served(what: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::NotImplemented, what)
}
