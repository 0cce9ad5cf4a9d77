//! Calls of the embedded S3: run and recorded as [`super::serve`] does with those of the other services.
//!
//! What a node writes of its own sessions comes many times a minute and is counted, not written one by one.

use std::sync::Arc;

use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use tracing::Instrument;

use super::notes::noting;
use super::record::{ObjectCall, of_object_call};
use crate::api::s3::Signed;
use crate::context::Context;
use crate::identity::Who;

/// Runs `serving`, an operation that takes an input of this type, and answers when its record is on the disk. It is ended
/// and recorded also when whoever waits for the answer has gone.
pub(crate) async fn serve_object_call<T: Send + 'static>(
    context: Arc<Context>,
    input: &'static str,
    signed: Signed,
    serving: impl Future<Output = S3Result<S3Response<T>>> + Send + 'static,
) -> S3Result<S3Response<T>> {
    let calls = context.trail.calls.clone();
    let name = input.strip_suffix("Input").unwrap_or(input);
    let served = async move { served(&context, name, &signed, serving).await };
    let task = calls.spawn(served.in_current_span());
    task.await.map_err(S3Error::internal_error)?
}

async fn served<T>(
    context: &Context,
    name: &str,
    signed: &Signed,
    serving: impl Future<Output = S3Result<S3Response<T>>>,
) -> S3Result<S3Response<T>> {
    let running = async {
        if !context.trail.is_whole() {
            return Err(S3Error::with_message(
                S3ErrorCode::InternalError,
                "the audit trail cannot be written: the call was not served",
            ));
        }
        serving.await
    };
    let (answer, noted) = noting(false, running).await;
    let refusal = answer.as_ref().err();
    let refusal = refusal.map(|error| (error.code().as_str(), error.message().unwrap_or_default()));
    let often = refusal.is_none() && matches!(signed.caller.who, Who::Node(_));
    let call = ObjectCall {
        name,
        caller: &signed.caller,
        refusal,
        noted,
    };
    let now = context.now();
    let record = of_object_call(context.config.scope(), &signed.heard, &call, now);
    let recorded = match often {
        true => context.trail.write_first(record, now).await,
        false => context.trail.write(&record).await,
    };
    recorded.map_err(S3Error::internal_error)?;
    answer
}
