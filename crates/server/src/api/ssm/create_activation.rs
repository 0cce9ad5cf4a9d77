//! `CreateActivation`: an id and a code with which nodes register.

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use super::resource_tags::{checked, request_keys};
use crate::activations::{NODE_ROLE, NODE_ROLE_NAME, Terms, make_activation};
use crate::api::iam::Tag;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::limits;
use crate::store::Kind;

pub(crate) struct CreateActivation;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    description: Option<String>,
    default_instance_name: Option<String>,
    iam_role: String,
    registration_limit: Option<i64>,
    /// Seconds since the epoch, with a fraction.
    expiration_date: Option<f64>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    activation_id: String,
    activation_code: Secret,
}

impl Operation for CreateActivation {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "CreateActivation";
    const ACCESS: Access<Input> = Access::Keyed {
        action: "ssm:CreateActivation",
        on: |_| Resource::Any,
        keys: |input| request_keys(&input.tags),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let mut terms = terms(&input, call.context.now())?;
        let role = Resource::Entity(Kind::Role, NODE_ROLE_NAME.to_owned());
        call.demand("iam:PassRole", &role).await?;
        if !input.tags.is_empty() {
            // Its nodes will have the tags, and policies decide by those who reaches them.
            let (nodes, keys) = (Resource::Node("*".to_owned()), request_keys(&input.tags));
            call.demand_with("ssm:AddTagsToResource", &nodes, &keys)
                .await?;
            terms.tags = checked(input.tags)?;
        }
        let activation = make_activation(call.context, terms).await?;
        Ok(Output {
            activation_id: activation.id,
            activation_code: activation.code,
        })
    }
}

fn terms(input: &Input, now: i64) -> Result<Terms, ApiError> {
    let invalid = |message: String| ApiError::new(Code::InvalidParameters, message);
    let role = input.iam_role.as_str();
    if role != NODE_ROLE && role != NODE_ROLE_NAME {
        return Err(invalid(format!(
            "Nonexistent role or missing ssm service principal in trust policy: {role}. Nodes have the role {NODE_ROLE}."
        )));
    }
    let text = |member: &str, text: &Option<String>| match text {
        Some(text) if text.chars().count() > 256 || text.chars().any(char::is_control) => {
            Err(ApiError::constraint(
                member,
                "Member must have at most 256 characters, none of them control characters",
            ))
        }
        text => Ok(text.clone()),
    };
    let registration_limit = input.registration_limit.unwrap_or(1);
    if !(1..=1000).contains(&registration_limit) {
        return Err(ApiError::constraint(
            "registrationLimit",
            "Member must be between 1 and 1000",
        ));
    }
    let expires = match input.expiration_date {
        None => now.saturating_add(DAY_MS),
        Some(seconds) => (seconds * 1000.0) as i64,
    };
    if expires <= now || expires > now.saturating_add(limits::ACTIVATION_DAYS * DAY_MS) {
        return Err(invalid(format!(
            "ExpirationDate must be in the future, at most {} days ahead.",
            limits::ACTIVATION_DAYS
        )));
    }
    Ok(Terms {
        description: text("description", &input.description)?,
        default_name: text("defaultInstanceName", &input.default_instance_name)?,
        registration_limit,
        expires,
        tags: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_337_476_000;

    fn input(change: impl Fn(&mut Input)) -> Input {
        let mut input = Input {
            description: None,
            default_instance_name: None,
            iam_role: "UsherManagedNode".to_owned(),
            registration_limit: None,
            expiration_date: None,
            tags: Vec::new(),
        };
        change(&mut input);
        input
    }

    fn check(change: impl Fn(&mut Input), expected: Code) {
        assert_eq!(
            terms(&input(change), NOW)
                .map_err(|error| error.code())
                .unwrap_err(),
            expected
        );
    }

    #[test]
    fn terms_outside_their_bounds_are_refused() {
        check(
            |input| input.iam_role = "Other".into(),
            Code::InvalidParameters,
        );
        check(|input| input.registration_limit = Some(0), Code::Validation);
        check(
            |input| input.registration_limit = Some(1001),
            Code::Validation,
        );
        check(
            |input| input.expiration_date = Some(NOW as f64 / 1000.0),
            Code::InvalidParameters,
        );
        check(
            |input| input.expiration_date = Some(NOW as f64 / 1000.0 + 31.0 * 86400.0),
            Code::InvalidParameters,
        );
        check(
            |input| input.expiration_date = Some(f64::NAN),
            Code::InvalidParameters,
        );
        check(
            |input| input.expiration_date = Some(1e300),
            Code::InvalidParameters,
        );
        check(
            |input| input.default_instance_name = Some("a\u{1b}[2J".into()),
            Code::Validation,
        );
        check(
            |input| input.description = Some("d".repeat(257)),
            Code::Validation,
        );
    }

    #[test]
    fn nothing_said_means_one_node_within_a_day() {
        let terms = terms(&input(|_| {}), NOW).unwrap();
        assert_eq!((terms.registration_limit, terms.expires), (1, NOW + DAY_MS));
    }
}
