//! ResumeSession: a new token for a client that lost its connection.
//!
//! Beside the permission it needs the same originating identity and the same OS user: nobody takes over somebody
//! else's terminal, nor their own under another role's name (design section 7). The earlier tokens are revoked.

use serde::{Deserialize, Serialize};
use usher_policy::{RUN_AS_TAG, RunAsRule};

use super::session::{demand_session, stream_url};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::gateway::NewToken;
use crate::identity::Caller;
use crate::store::{SessionRow, TokenSide};

/// The operation.
pub(crate) struct ResumeSession;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    session_id: String,
}

/// Its output. Without token and address the client knows that the session is over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    session_id: String,
    token_value: Option<String>,
    stream_url: Option<String>,
}

impl Operation for ResumeSession {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ResumeSession";
    const ACCESS: Access<Input> = Access::Within {
        action: "ssm:ResumeSession",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let row = demand_session(&call, "ssm:ResumeSession", &input.session_id).await?;
        if row.owner_id != call.caller.origin {
            tracing::warn!(
                session = row.session_id,
                by = call.caller.arn,
                owner = row.owner_arn,
                "resume refused: not the owner"
            );
            return Err(ApiError::new(
                Code::AccessDenied,
                format!(
                    "User: {} is not the owner of the session; only who started a session can resume it.",
                    call.caller.arn
                ),
            ));
        }
        if !is_same_os_user(&row, call.caller) {
            return Err(ApiError::new(
                Code::AccessDenied,
                format!(
                    "User: {} does not run sessions as the OS user of this session; resume it with the role and tags it was started with.",
                    call.caller.arn
                ),
            ));
        }
        if !row.state.is_active() {
            return Ok(Output {
                session_id: row.session_id,
                token_value: None,
                stream_url: None,
            });
        }
        let now = call.context.now();
        let token = NewToken::issue(TokenSide::Client, &row.session_id, &row.owner_id, now)?;
        call.context
            .store
            .replace_client_token(&token.row, now)
            .await?;
        Ok(Output {
            token_value: Some(token.text.as_str().to_owned()),
            stream_url: Some(stream_url(&call.context.config, &row.session_id)),
            session_id: row.session_id,
        })
    }
}

/// Whether the caller's tags still lead to the session's OS user: role sessions of one person can differ in just that.
fn is_same_os_user(row: &SessionRow, caller: &Caller) -> bool {
    let of_session = caller.session_tags.value(RUN_AS_TAG);
    let tag = of_session.or_else(|| caller.tags.value(RUN_AS_TAG));
    let decided_by =
        |rules: &[RunAsRule]| rules.iter().any(|rule| rule.as_str() == row.run_as_rule);
    if decided_by(&[RunAsRule::PrincipalTag, RunAsRule::SessionTag]) {
        tag == Some(row.os_user.as_str())
    } else {
        // A default user counts for whoever has no tag; while Run As is off, tags say nothing.
        tag.is_none() || decided_by(&[RunAsRule::Off])
    }
}
