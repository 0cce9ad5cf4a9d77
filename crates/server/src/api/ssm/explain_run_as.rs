//! `ExplainRunAs`: as whom somebody's session would run, by which rule, and what an online node says to that. Usher's own.
//!
//! It asks the functions that StartSession asks and starts nothing. Who may ask about whom, and about which node, is
//! policy's to say: the answer tells tags, preferences and accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use usher_policy::{RunAs, Tags, resolve_run_as};
use usher_wire::ids::NodeId;

use super::start_session::{Login, Plan};
use crate::api::iam::{Tag, check_tags};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::Kind;

const ACTION: &str = "ssm:ExplainRunAs";

/// The operation.
pub(crate) struct ExplainRunAs;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    /// ARN of a user or role; the caller where it is left out.
    principal: Option<String>,
    /// As AssumeRole would set them.
    #[serde(default)]
    session_tags: Vec<Tag>,
    /// The node, if one is to be asked.
    target: Option<String>,
    document_name: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    /// Whose session it would be.
    principal: String,
    /// The document.
    document_name: String,
    /// Which rule decides, as in history.
    rule: &'static str,
    /// `RunAs`, `SsmUser` or `Refused`.
    decision: &'static str,
    /// The OS user, while Run As is on and names one.
    os_user: Option<String>,
    /// Why there would be no session, in the sentence that the person would read.
    reason: Option<String>,
    node: Option<NodeVerdict>,
}

/// What a node says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeVerdict {
    target: String,
    /// `Accepted`, `Refused`, or `Unknown` where it could not be asked.
    decision: &'static str,
    reason: Option<String>,
}

impl Operation for ExplainRunAs {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ExplainRunAs";
    const ACCESS: Access<Input> = Access::Within { action: ACTION };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let named = input.principal.as_deref().map(named).transpose()?;
        let of_principal = match &named {
            Some((kind, name)) => Resource::Entity(*kind, (*name).to_owned()),
            None => Resource::Caller,
        };
        call.demand(ACTION, &of_principal).await?;
        if let Some(target) = &input.target {
            call.demand(ACTION, &Resource::Node(target.clone())).await?;
        }
        check_tags(&input.session_tags)?;
        let (arn, tags) = principal(call, &input, named).await?;
        let session_tags = match (&named, input.session_tags.is_empty()) {
            (None, true) => call.caller.session_tags.clone(),
            _ => input
                .session_tags
                .iter()
                .map(|tag| (tag.pair().0.to_owned(), tag.pair().1.to_owned()))
                .collect(),
        };
        let document = input.document_name.as_deref();
        let plan = Plan::of(call, document, &input.parameters).await?;
        let of_document = plan.document.inputs().map(|inputs| &inputs.run_as);
        let reserved = &call.context.config.extra_refused_os_users;
        let run_as: RunAs = resolve_run_as(
            &tags,
            &session_tags,
            &plan.preferences,
            of_document,
            reserved,
        );
        let rule = run_as.rule().as_str();
        let login = Login::as_planned(run_as, &plan);
        let node = match (&login, &input.target) {
            (Ok(login), Some(target)) => Some(ask(call, target, login, plan.asks_for_root()).await),
            (Err(_), _) | (_, None) => None,
        };
        let (decision, os_user, reason) = match login {
            Ok(Login::SsmUser) => ("SsmUser", None, None),
            Ok(Login::As(user)) => ("RunAs", Some(user.name().to_string()), None),
            Err(refusal) => ("Refused", None, Some(refusal.to_string())),
        };
        Ok(Output {
            principal: arn,
            document_name: plan.document_name,
            rule,
            decision,
            os_user,
            reason,
            node,
        })
    }
}

/// A user or role, as its ARN names it.
fn named(arn: &str) -> Result<(Kind, &str), ApiError> {
    let name = |kind: &str| {
        arn.strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.split_once(kind))
            .and_then(|(_, path)| path.rsplit('/').next())
            .filter(|name| !name.is_empty())
    };
    name(":user/")
        .map(|name| (Kind::User, name))
        .or_else(|| name(":role/").map(|name| (Kind::Role, name)))
        .ok_or_else(|| {
            ApiError::constraint(
                "principal",
                "Member must be the ARN of an IAM user or role: arn:aws:iam::ACCOUNT:user/NAME or …:role/NAME",
            )
        })
}

/// Who it would be, and the tags of the user or role.
async fn principal(
    call: Call<'_>,
    input: &Input,
    named: Option<(Kind, &str)>,
) -> Result<(String, Tags), ApiError> {
    let (Some((kind, name)), Some(arn)) = (named, &input.principal) else {
        return Ok((call.caller.arn.clone(), call.caller.tags.clone()));
    };
    let scope = call.context.config.scope();
    let entity = call.context.store.entity_named(kind, name).await?;
    let entity = entity
        .filter(|entity| scope.arn_of(entity) == *arn)
        .ok_or_else(|| {
            ApiError::new(
                Code::Validation,
                format!("There is no user or role {}.", arn.escape_debug()),
            )
        })?;
    let tags = call.context.store.tags(&entity.id).await?;
    let tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    Ok((arn.clone(), tags))
}

async fn ask(call: Call<'_>, target: &str, login: &Login, elevated: bool) -> NodeVerdict {
    let os_user = match login {
        Login::SsmUser => None,
        Login::As(user) => Some(user.name().as_str()),
    };
    let said = match NodeId::parse(target) {
        Ok(node) => call.context.gateway.explain(&node, os_user, elevated).await,
        Err(_) => Err(crate::gateway::Unexplained::NotConnected),
    };
    let (decision, reason) = match said {
        Ok(None) => ("Accepted", None),
        Ok(Some(refusal)) => ("Refused", Some(refusal)),
        Err(unexplained) => ("Unknown", Some(unexplained.to_string())),
    };
    NodeVerdict {
        target: target.to_owned(),
        decision,
        reason,
    }
}
