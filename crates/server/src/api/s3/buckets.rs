//! Operations on buckets.

use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput, Owner,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use usher_policy::Context as Keys;

use super::asked::Asked;
use super::reading::timestamp;
use super::refusal::{not_served, of_store};
use crate::objects;

/// `ListBuckets`: every bucket, to whoever may list them.
pub(super) async fn list(
    asked: Asked,
    input: ListBucketsInput,
) -> S3Result<S3Response<ListBucketsOutput>> {
    asked.demand_all("s3:ListAllMyBuckets").await?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let rows = asked.context.store.buckets().await;
    let rows = rows.map_err(|error| of_store(error.into()))?;
    let buckets = rows
        .into_iter()
        .filter(|row| row.name.starts_with(&prefix))
        .map(|row| Bucket {
            creation_date: Some(timestamp(row.created)),
            name: Some(row.name),
            ..Bucket::default()
        })
        .collect();
    let account = asked.context.config.account.to_string();
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(buckets),
        owner: Some(Owner {
            id: Some(account),
            display_name: None,
        }),
        prefix: input.prefix,
        ..ListBucketsOutput::default()
    }))
}

/// `CreateBucket`. There is one region, and no access lists.
pub(super) async fn create(
    asked: Asked,
    input: CreateBucketInput,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let name = &input.bucket;
    asked
        .demand_bucket("s3:CreateBucket", name, &Keys::default())
        .await?;
    let wanted = input
        .create_bucket_configuration
        .as_ref()
        .and_then(|wish| wish.location_constraint.as_ref());
    let region = &asked.context.config.region;
    if wanted.is_some_and(|wanted| wanted.as_str() != region) {
        return Err(S3Error::with_message(
            S3ErrorCode::IllegalLocationConstraintException,
            format!("Buckets are only in {region} here."),
        ));
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(not_served("Object lock is not supported."));
    }
    objects::create_bucket(&asked.context, name)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(format!("/{name}")),
    }))
}

/// `HeadBucket`.
pub(super) async fn head(
    asked: Asked,
    input: HeadBucketInput,
) -> S3Result<S3Response<HeadBucketOutput>> {
    asked
        .demand_bucket("s3:ListBucket", &input.bucket, &Keys::default())
        .await?;
    objects::bucket(&asked.context, &input.bucket)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(HeadBucketOutput::default()))
}

/// `DeleteBucket`, of one that nothing is in.
pub(super) async fn delete(
    asked: Asked,
    input: DeleteBucketInput,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    asked
        .demand_bucket("s3:DeleteBucket", &input.bucket, &Keys::default())
        .await?;
    objects::delete_bucket(&asked.context, &input.bucket)
        .await
        .map_err(of_store)?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

/// `GetBucketLocation`.
pub(super) async fn location(
    asked: Asked,
    input: GetBucketLocationInput,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    asked
        .demand_bucket("s3:GetBucketLocation", &input.bucket, &Keys::default())
        .await?;
    objects::bucket(&asked.context, &input.bucket)
        .await
        .map_err(of_store)?;
    let region = asked.context.config.region.clone();
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint: Some(BucketLocationConstraint::from(region)),
    }))
}
