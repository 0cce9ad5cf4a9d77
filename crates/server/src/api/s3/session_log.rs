//! What the server itself does to a bucket for a session's log: as the node whose session it is, without the wire.
//!
//! Policy is asked as it is for a request. What a node may write besides that is not: of a log that the server writes, the
//! node writes nothing.

use usher_policy::Context as Keys;

use crate::context::Context;
use crate::identity::{Caller, Resource, authorize};
use crate::objects::{self, Draft, ObjectError, Placing, Terms};

/// Refuses unless the bucket is there and `caller` may find out how it encrypts: every bucket here does.
pub(crate) async fn check_encryption(
    context: &Context,
    caller: &Caller,
    bucket: &str,
) -> Result<(), ObjectError> {
    let arn = format!("arn:aws:s3:::{bucket}");
    demand(context, caller, "s3:GetEncryptionConfiguration", arn).await?;
    objects::bucket(context, bucket).await?;
    Ok(())
}

/// Makes a draft the object at `key`, unless the same is there already.
pub(crate) async fn put_log(
    context: &Context,
    caller: &Caller,
    bucket: &str,
    key: &str,
    draft: Draft,
) -> Result<(), ObjectError> {
    let arn = format!("arn:aws:s3:::{bucket}/{key}");
    demand(context, caller, "s3:PutObject", arn).await?;
    let terms = Terms {
        content_type: Some("text/plain".to_owned()),
        ..Terms::default()
    };
    objects::put(context, bucket, key, draft, terms, Placing::Once).await?;
    Ok(())
}

async fn demand(
    context: &Context,
    caller: &Caller,
    action: &str,
    arn: String,
) -> Result<(), ObjectError> {
    authorize(
        context,
        caller,
        action,
        &Resource::Arn(arn),
        &Keys::default(),
    )
    .await
    .map_err(ObjectError::Denied)
}
