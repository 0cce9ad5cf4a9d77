//! TerminateSession: ends a session, again and again with the same answer.

use serde::{Deserialize, Serialize};
use usher_wire::ids::SessionId;

use super::session::{demand_session, unknown_session};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;

/// The operation.
pub(crate) struct TerminateSession;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    session_id: String,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    session_id: String,
}

impl Operation for TerminateSession {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "TerminateSession";
    const ACCESS: Access<Input> = Access::Within {
        action: "ssm:TerminateSession",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let row = demand_session(&call, "ssm:TerminateSession", &input.session_id).await?;
        let id =
            SessionId::parse(&row.session_id).map_err(|_| unknown_session(&input.session_id))?;
        let is_own = row.owner_id == call.caller.origin;
        // The owner knows; anybody else's doing is told to the person whose session it was.
        let output = if is_own {
            String::new()
        } else {
            format!("The session was terminated by {}.", call.caller.arn)
        };
        call.context.gateway.terminate(&id, &output).await?;
        tracing::info!(session = %id, by = call.caller.arn, "termination asked for");
        Ok(Output {
            session_id: row.session_id,
        })
    }
}
