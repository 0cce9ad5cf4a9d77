//! Why the object store does not do what it is asked.

use std::io;

use crate::error::ApiError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a bucket or object cannot be made, read or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    /// There is no such bucket.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// There is no such object.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// It was to be created and is there already.
    #[error("At least one of the pre-conditions you specified did not hold")]
    Exists,
    /// Not a name that a bucket may have.
    #[error("The specified bucket is not valid: {0}")]
    BucketName(&'static str),
    /// The bucket is there, or there are too many.
    #[error("The bucket exists already, or there are too many buckets.")]
    BucketTaken,
    /// Something is in the bucket.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// Not a key that an object may have.
    #[error("A key has 1 to 1024 bytes.")]
    Key,
    /// There is no such upload.
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload,
    /// The parts are not named in ascending order.
    #[error("The list of parts was not in ascending order.")]
    PartOrder,
    /// A part is missing, or another than was named.
    #[error("One or more of the specified parts could not be found.")]
    Part,
    /// A part but the last is too small.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    PartTooSmall,
    /// More than one object may hold.
    #[error("Your proposed upload exceeds the maximum allowed size")]
    TooLarge,
    /// A file was changed or cut on the disk.
    #[error("the stored object does not open: its file was changed or cut")]
    Damaged,
    /// A file cannot be written or read.
    #[error("a file of the object store cannot be used: {0}")]
    File(#[from] io::Error),
    /// Policy does not allow it.
    #[error("{}", .0.message())]
    Denied(ApiError),
    /// Our own failure.
    #[error("{}", .0.inside().unwrap_or(.0.message()))]
    Internal(ApiError),
}

impl From<StoreError> for ObjectError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<VaultError> for ObjectError {
    fn from(error: VaultError) -> Self {
        Self::Internal(error.into())
    }
}
