//! StartSession: the main path of the server, from a signed call to a task on its way to a node.
//!
//! The order is AWS's and part of the contract: permission first, so that names do not leak, then document and
//! parameters, then connectivity; these answer errors. What is decided after that (Run As, encryption, limits) is told in the
//! session's own channel, in a sentence, and stays in history with the rule that decided.

mod authorized;
mod encryption;
mod login;
mod plan;
mod recorded;
mod session_id;
mod stored_values;
mod task;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use usher_wire::ids::NodeId;

use super::session::stream_url;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::gateway::NewToken;
use crate::standing::started_by;
use crate::store::{SessionRow, SessionState, TokenSide};
use authorized::AuthorizedSession;

pub(super) use login::Login;
pub(super) use plan::Plan;
pub(super) use session_id::fresh as fresh_id;

/// The operation.
pub(crate) struct StartSession;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    target: String,
    document_name: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    session_id: String,
    token_value: String,
    stream_url: String,
}

impl Operation for StartSession {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "StartSession";
    const ACCESS: Access<Input> = Access::Within {
        action: "ssm:StartSession",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        check(&input)?;
        let authorized = AuthorizedSession::judge(call, input).await?;
        let plan = Plan::read(call, &authorized).await?;
        let node = connected_target(call, &authorized)?;
        let id = session_id::fresh(&call.caller.name)?;
        let (login, rule) = Login::decide(call, &plan, &node);
        let login = match login {
            Ok(login) => match encryption::check(call, &plan, &id, &node).await? {
                Ok(()) => recorded::demand_log(call, &id, &node, &plan)
                    .await?
                    .map(|()| login),
                Err(no_key) => Err(no_key.into()),
            },
            refused => refused,
        };
        let token = NewToken::issue(
            TokenSide::Client,
            id.as_str(),
            &call.caller.origin,
            call.context.now(),
        )?;

        let mut row = SessionRow {
            session_id: id.to_string(),
            node_id: node.to_string(),
            owner_id: call.caller.origin.clone(),
            owner_userid: call.caller.user_id.clone(),
            owner_arn: call.caller.arn.clone(),
            state: SessionState::Connecting,
            created: call.context.now(),
            ended: None,
            document_name: plan.document_name.clone(),
            reason: authorized.reason().map(str::to_owned),
            details: None,
            run_as_rule: rule.as_str().to_owned(),
            os_user: login.as_ref().map_or("", Login::os_user).to_owned(),
            idle_minutes: i64::from(plan.inputs.idle_minutes_or_default()),
            max_minutes: plan.inputs.max_minutes.map(i64::from),
            client_id: None,
            s3_output: None,
            logs_output: None,
            started_by: started_by(call, &id, node.as_str()).await?,
        };
        match login {
            Ok(login) => {
                let task = task::build(call, &id, &node, &plan, &login).await?;
                let tape = recorded::begin(call, &id, &plan).await?;
                call.context.store.insert_session(&row, &token.row).await?;
                recorded::store(call, &id, &row, &plan, tape.as_deref()).await?;
                tracing::info!(session = %id, %node, owner = row.owner_arn, %rule, os_user = row.os_user, "session starts");
                call.context.gateway.begin(&row, id, node, &task, tape);
            }
            Err(refusal) => {
                // The person reads the sentence in the channel, which needs no agent.
                row.state = SessionState::Failed;
                row.ended = Some(row.created);
                row.details = Some(refusal.to_string());
                call.context.store.insert_session(&row, &token.row).await?;
                tracing::warn!(session = %id, %node, owner = row.owner_arn, %rule, %refusal, "session refused");
            }
        }
        Ok(Output {
            stream_url: stream_url(&call.context.config, &row.session_id),
            session_id: row.session_id,
            token_value: token.text.as_str().to_owned(),
        })
    }
}

/// The model's limits.
fn check(input: &Input) -> Result<(), ApiError> {
    if !(1..=400).contains(&input.target.len()) {
        return Err(ApiError::constraint(
            "target",
            "Member must have length between 1 and 400",
        ));
    }
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b);
    if input
        .document_name
        .as_ref()
        .is_some_and(|name| !(3..=128).contains(&name.len()) || !name.bytes().all(of_name))
    {
        return Err(ApiError::constraint(
            "documentName",
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.:/]{3,128}$",
        ));
    }
    let is_reason = |reason: &String| {
        (1..=256).contains(&reason.chars().count()) && !reason.contains(char::is_control)
    };
    if input
        .reason
        .as_ref()
        .is_some_and(|reason| !is_reason(reason))
    {
        return Err(ApiError::constraint(
            "reason",
            "Member must satisfy regular expression pattern: ^.{1,256}$",
        ));
    }
    Ok(())
}

/// AWS answers alike for unknown and for offline targets, and so do we for names that are no node's.
fn connected_target(call: Call<'_>, authorized: &AuthorizedSession) -> Result<NodeId, ApiError> {
    let target = authorized.target();
    let not_connected = || {
        ApiError::new(
            Code::TargetNotConnected,
            format!("{} is not connected.", target.escape_debug()),
        )
    };
    let node = NodeId::parse(target).map_err(|_| not_connected())?;
    if call.context.gateway.is_connected(&node) {
        Ok(node)
    } else {
        Err(not_connected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> Input {
        Input {
            target: "mi-0123456789abcdef0".into(),
            document_name: None,
            reason: None,
            parameters: BTreeMap::new(),
        }
    }

    #[test]
    fn what_the_model_forbids_is_refused() {
        let refused = |input: Input| {
            assert_eq!(
                check(&input).unwrap_err().code(),
                Code::Validation,
                "{input:?}"
            );
        };
        refused(Input {
            target: String::new(),
            ..input()
        });
        refused(Input {
            target: "x".repeat(401),
            ..input()
        });
        refused(Input {
            document_name: Some("ab".into()),
            ..input()
        });
        refused(Input {
            document_name: Some("My Document".into()),
            ..input()
        });
        refused(Input {
            reason: Some(String::new()),
            ..input()
        });
        refused(Input {
            reason: Some("a\nb".into()),
            ..input()
        });
        refused(Input {
            reason: Some("x".repeat(257)),
            ..input()
        });
    }

    #[test]
    fn ordinary_calls_pass() {
        assert!(check(&input()).is_ok());
        let named = Some("arn:aws:ssm:usher-1::document/AWS-StartSSHSession".into());
        assert!(
            check(&Input {
                document_name: named,
                reason: Some("Störung 4711".into()),
                ..input()
            })
            .is_ok()
        );
    }
}
