//! The data key of an encrypted session, made by KMS for the person: with their credentials, under the key that the node
//! names, bound to this session on this node.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use usher_aws::{DataKey, Identity};
use usher_wire::encryption::context;

use super::opening::Opening;
use crate::error::Error;

/// KMS at work.
pub(super) type AtWork = Pin<Box<dyn Future<Output = Result<DataKey, Error>> + Send>>;

/// Asks KMS for a key under `key_id`; `challenge` is the node's part of the encryption context.
pub(super) fn ask(opening: &Arc<Opening>, key_id: String, challenge: Option<String>) -> AtWork {
    let opening = Arc::clone(opening);
    Box::pin(async move {
        let reach = opening.reach();
        let credentials = reach.credentials().await?;
        let context = context(opening.session(), opening.target(), challenge.as_deref());
        let made = reach
            .kms()
            .generate_data_key(Identity::Keys(&credentials), &key_id, &context)
            .await;
        made.map_err(|cause| Error::NoKey {
            key: key_id,
            endpoint: reach.kms().endpoint().to_string(),
            cause,
        })
    })
}

/// The key, once KMS has answered; never while it was not asked.
pub(super) async fn made(at_work: &mut Option<AtWork>) -> Result<DataKey, Error> {
    let Some(asked) = at_work else {
        return std::future::pending().await;
    };
    let made = asked.await;
    *at_work = None;
    made
}
