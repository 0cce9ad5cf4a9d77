//! The embedded S3: the operations that s3s calls, each of which demands its action of policy before it does anything.
//!
//! s3s reads the protocol and serves nothing that is not here. Who signed comes with the request as [`Signed`], put there
//! by the door, which is the only way in. Bytes and rows are the affair of `objects`.

mod asked;
mod body;
mod buckets;
mod conditions;
mod copying;
mod deleting;
mod encryption;
mod listing;
mod multipart;
mod reading;
mod refusal;
mod session_log;
mod writing;

use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteBucketEncryptionInput, DeleteBucketEncryptionOutput, DeleteBucketInput,
    DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, GetBucketEncryptionInput, GetBucketEncryptionOutput,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput,
    ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput,
    PutBucketEncryptionInput, PutBucketEncryptionOutput, PutObjectInput, PutObjectOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result};

use asked::Asked;
pub(crate) use asked::Signed;
pub(crate) use body::{BodyRefusal, CheckedBody};
pub(crate) use refusal::{
    of_api as refusal_of_api, of_body as refusal_of_body, of_stream as refusal_of_stream,
};
pub(crate) use session_log::{check_encryption, put_log};

use crate::audit;
use crate::context::Context;

/// The service, for the door.
pub(crate) fn service(context: Arc<Context>) -> S3Service {
    S3ServiceBuilder::new(Embedded { context }).build()
}

struct Embedded {
    context: Arc<Context>,
}

/// One line for each operation that is served, and that is recorded in the audit trail before it is answered.
macro_rules! operations {
    ($($name:ident($input:ty) -> $output:ty, $run:path;)*) => {
        #[async_trait::async_trait]
        impl S3 for Embedded {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                let (context, signed) = (Arc::clone(&self.context), Signed::of(&request.extensions)?);
                let asked = Asked::of(Arc::clone(&context), &signed);
                let served = $run(asked, request.input);
                audit::serve_object_call(context, stringify!($input), signed, served).await
            })*
        }
    };
}

operations! {
    list_buckets(ListBucketsInput) -> ListBucketsOutput, buckets::list;
    create_bucket(CreateBucketInput) -> CreateBucketOutput, buckets::create;
    head_bucket(HeadBucketInput) -> HeadBucketOutput, buckets::head;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput, buckets::delete;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput, buckets::location;
    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput, encryption::of_bucket;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput, encryption::set;
    delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput, encryption::reset;
    put_object(PutObjectInput) -> PutObjectOutput, writing::put;
    copy_object(CopyObjectInput) -> CopyObjectOutput, copying::copy;
    get_object(GetObjectInput) -> GetObjectOutput, reading::get;
    head_object(HeadObjectInput) -> HeadObjectOutput, reading::head;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput, deleting::one;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput, deleting::many;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput, multipart::create;
    upload_part(UploadPartInput) -> UploadPartOutput, multipart::part;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput, multipart::complete;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput, multipart::abort;
    list_parts(ListPartsInput) -> ListPartsOutput, multipart::parts;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput, multipart::uploads;
    list_objects(ListObjectsInput) -> ListObjectsOutput, listing::first_version;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output, listing::second_version;
}
