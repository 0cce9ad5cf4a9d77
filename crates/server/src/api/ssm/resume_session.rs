//! ResumeSession: a new token for a client that lost its connection.
//!
//! Beside the permission it needs the same originating identity and the same OS user: nobody takes over somebody
//! else's terminal, nor their own under another role's name (design section 7). The earlier tokens are revoked.

use serde::{Deserialize, Serialize};
use usher_policy::RunAs;

use super::session::{demand_session, run_as_of_caller, stream_url};
use crate::api::{Access, Call, Operation, Service};
use crate::documents;
use crate::error::{ApiError, Code};
use crate::gateway::NewToken;
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
        // What is over may still owe its client the last output and the reason.
        if !row.state.is_active() && !call.context.gateway.owes_its_client(&row.session_id) {
            return Ok(Output {
                session_id: row.session_id,
                token_value: None,
                stream_url: None,
            });
        }
        demand_same_os_user(call, &row).await?;
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

/// Decides Run As anew. Who would land in another account today, by tags, role or preferences, has no business in this
/// one: role sessions of one person can differ in just that, and an administrator may have moved the person meanwhile.
async fn demand_same_os_user(call: Call<'_>, row: &SessionRow) -> Result<(), ApiError> {
    let preferences = documents::preferences(call.context).await?;
    let document = documents::for_session(call.context, &row.document_name).await?;
    let of_document = document.run_as().map_err(ApiError::internal)?;
    let run_as = run_as_of_caller(call, &preferences, of_document.as_ref());
    if is_granted(&run_as, &row.os_user) {
        return Ok(());
    }
    tracing::warn!(
        session = row.session_id,
        by = call.caller.arn,
        granted = row.os_user,
        ?run_as,
        "resume refused: another OS user"
    );
    Err(ApiError::new(
        Code::AccessDenied,
        format!(
            "User: {} does not run sessions as the OS user of this session: the tags, the role or the preferences now \
             say otherwise. Start a new session, or resume this one with the role and tags it was started with.",
            call.caller.arn
        ),
    ))
}

/// Whether the decision leads to the OS user that the session was granted; that is empty while Run As was off.
fn is_granted(run_as: &RunAs, granted: &str) -> bool {
    match run_as {
        RunAs::Off => granted.is_empty(),
        RunAs::As(user) => user.name().as_str() == granted,
        RunAs::Refused(_) => false,
    }
}
