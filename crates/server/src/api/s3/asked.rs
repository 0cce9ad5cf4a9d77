//! Who asks, and whether they may.
//!
//! Owns two invariants: an operation acts only after policy allowed its action, and a node's credentials, whatever policy
//! allows, only ask how a bucket encrypts and create the logs of their own sessions.

use std::sync::Arc;

use http::Extensions;
use s3s::{S3Error, S3ErrorCode, S3Result};
use usher_policy::Context as Keys;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::session_log::segment_key;

use super::refusal::of_api;
use crate::audit::Heard;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Caller, NodeScope, Resource, Who, authorize, denied};
use crate::objects::{Placing, log_session, node_may_create};
use crate::store::{DeliveryRow, DeliveryState, Sink};

/// Who signed a request, and what else the trail says of it: put beside it by the door.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) caller: Arc<Caller>,
    pub(crate) heard: Arc<Heard>,
}

impl Signed {
    /// Of a request with these extensions.
    pub(super) fn of(extensions: &Extensions) -> S3Result<Self> {
        let signed = extensions.get::<Self>().cloned();
        signed.ok_or_else(|| S3Error::new(S3ErrorCode::AccessDenied))
    }
}

/// What an operation gets beside its input.
pub(super) struct Asked {
    /// The server.
    pub(super) context: Arc<Context>,
    caller: Arc<Caller>,
}

impl Asked {
    /// By whoever signed.
    pub(super) fn of(context: Arc<Context>, signed: &Signed) -> Self {
        Self {
            context,
            caller: Arc::clone(&signed.caller),
        }
    }

    /// Refuses unless the caller may do `action` to a bucket.
    pub(super) async fn demand_bucket(
        &self,
        action: &'static str,
        bucket: &str,
        keys: &Keys,
    ) -> S3Result<()> {
        self.demand(action, format!("arn:aws:s3:::{bucket}"), keys)
            .await
    }

    /// Refuses unless the caller may do `action` to an object.
    pub(super) async fn demand_object(
        &self,
        action: &'static str,
        bucket: &str,
        key: &str,
    ) -> S3Result<()> {
        let arn = format!("arn:aws:s3:::{bucket}/{key}");
        self.demand(action, arn, &Keys::default()).await
    }

    /// Refuses unless the caller may do `action` to all buckets.
    pub(super) async fn demand_all(&self, action: &'static str) -> S3Result<()> {
        self.demand(action, "*".to_owned(), &Keys::default()).await
    }

    /// Refuses unless the caller may write an object, and says how: a node creates, and only its sessions' logs.
    pub(super) async fn demand_writing(
        &self,
        bucket: &str,
        key: &str,
        wished: Placing,
    ) -> S3Result<Placing> {
        const ACTION: &str = "s3:PutObject";
        let arn = format!("arn:aws:s3:::{bucket}/{key}");
        let placing = match &self.caller.who {
            Who::Node(scope) => {
                let is_own = is_own_log(&self.context, scope, bucket, key).await;
                if !is_own.map_err(|error| of_api(&error))? {
                    return Err(self.not_as_node(ACTION, &arn));
                }
                Placing::Create
            }
            _ => wished,
        };
        self.judge(ACTION, arn, &Keys::default()).await?;
        Ok(placing)
    }

    async fn demand(&self, action: &'static str, arn: String, keys: &Keys) -> S3Result<()> {
        let is_node = matches!(self.caller.who, Who::Node(_));
        if is_node && action != "s3:GetEncryptionConfiguration" {
            return Err(self.not_as_node(action, &arn));
        }
        self.judge(action, arn, keys).await
    }

    async fn judge(&self, action: &'static str, arn: String, keys: &Keys) -> S3Result<()> {
        authorize(
            &self.context,
            &self.caller,
            action,
            &Resource::Arn(arn),
            keys,
        )
        .await
        .map_err(|error| of_api(&error))
    }

    fn not_as_node(&self, action: &str, arn: &str) -> S3Error {
        let why = "because a node's credentials only create the logs of its own sessions";
        of_api(&denied(&self.caller, action, arn, why))
    }
}

async fn is_own_log(
    context: &Context,
    scope: &NodeScope,
    bucket: &str,
    key: &str,
) -> Result<bool, ApiError> {
    let session: Option<SessionId> = log_session(key);
    let Some(session) = session else {
        return Ok(false);
    };
    let deliveries = context.store.deliveries_of(session.as_str()).await?;
    let delivery = deliveries.iter().find(|row| row.sink == Sink::S3);
    if delivery.is_some_and(|row| !is_segment_to_come(row, bucket, key)) {
        // The server writes it, from what it recorded or from the node's segments.
        return Ok(false);
    }
    let row = context.store.session(session.as_str()).await?;
    let ran_on = row.and_then(|row| NodeId::parse(&row.node_id).ok());
    Ok(node_may_create(scope, key, ran_on.as_ref()))
}

/// Whether the node writes this log, and `key` is a segment of it. That the key is some segment's is known.
fn is_segment_to_come(row: &DeliveryRow, bucket: &str, key: &str) -> bool {
    let of_log = |key: &str| key.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let is_segment = of_log(key) == of_log(&segment_key(&row.name, 0));
    row.state == DeliveryState::ByNode && row.container == bucket && is_segment
}
