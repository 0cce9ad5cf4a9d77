//! Key policies: the one policy of a key, named `default`, on its way in and out.

use serde::{Deserialize, Serialize};
use usher_policy::{Request, ResourcePolicy, TrustDecision, TrustedAs};

use super::KmsCode;
use super::permitted::{Wish, arn, permitted};
use super::wire::{KeyInput, put_back, unless_pending_deletion};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::{PrincipalError, names_of, of_call, principal_ids};
use crate::limits;
use crate::store::KeyRow;

/// The only name that a key's policy has.
const NAME: &str = "default";

pub(crate) struct GetKeyPolicy;
pub(crate) struct PutKeyPolicy;
pub(crate) struct ListKeyPolicies;

/// A policy that can be decided on and names who exists.
pub(super) struct CheckedPolicy {
    /// The JSON text as it was given.
    pub(super) document: String,
    /// A JSON object: the ids behind the ARNs that it names.
    pub(super) ids: String,
}

/// What a key has whose maker said nothing: the account's own policies decide.
pub(super) fn default_policy(call: Call<'_>) -> CheckedPolicy {
    let root = format!("arn:aws:iam::{}:root", call.context.config.account);
    let document = serde_json::json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [
        {"Sid": "EnableIAMUserPermissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
    ]});
    CheckedPolicy {
        document: document.to_string(),
        ids: "{}".to_owned(),
    }
}

impl CheckedPolicy {
    /// Reads a policy for a key. Unless `bypass`, whoever sets it must be able to set the next one.
    pub(super) async fn read(
        call: Call<'_>,
        document: String,
        key_id: &str,
        bypass: Option<bool>,
    ) -> Result<Self, ApiError> {
        let malformed =
            |sentence: String| ApiError::new(Code::Kms(KmsCode::MalformedPolicyDocument), sentence);
        if document.len() > limits::KEY_POLICY {
            return Err(ApiError::new(
                Code::Kms(KmsCode::LimitExceeded),
                format!("A key policy has at most {} bytes.", limits::KEY_POLICY),
            ));
        }
        let policy = ResourcePolicy::parse(&document, "kms")
            .map_err(|error| malformed(error.to_string()))?;
        let ids = principal_ids(call.context, policy.principals())
            .await
            .map_err(|error| match error {
                PrincipalError::Unknown(_) => malformed(format!(
                    "Policy contains a statement with one or more invalid principals. {error}"
                )),
                PrincipalError::Store(error) => error.into(),
            })?;
        let name = arn(call.context, key_id);
        let judged = policy.judge(
            &name,
            TrustedAs {
                account: call.context.config.account.as_str(),
                arns: &names_of(call.caller, &ids),
            },
            &Request {
                action: "kms:PutKeyPolicy",
                resource: &name,
                context: &of_call(call.context, call.caller),
            },
        );
        let locks_out = matches!(
            judged,
            TrustDecision::NotTrusted | TrustDecision::ExplicitDeny { .. }
        );
        if locks_out && bypass != Some(true) {
            return Err(malformed(
                "The new key policy will not allow you to update the key policy in the future."
                    .to_owned(),
            ));
        }
        let ids = serde_json::to_string(&ids).map_err(ApiError::internal)?;
        Ok(Self { document, ids })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetInput {
    key_id: String,
    policy_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOutput {
    policy: String,
    policy_name: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutInput {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    bypass_policy_lockout_safety_check: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    policy_names: [&'static str; 1],
    truncated: bool,
}

fn only_default(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(ApiError::new(
            Code::Kms(KmsCode::NotFound),
            "No such policy exists: a key's policy is named default.",
        )),
    }
}

impl Operation for GetKeyPolicy {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "GetKeyPolicy";
    const ACCESS: Access<GetInput> = Access::Within {
        action: "kms:GetKeyPolicy",
    };
    type Input = GetInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: GetInput) -> Result<GetOutput, ApiError> {
        let wish = Wish::manage("kms:GetKeyPolicy");
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        only_default(input.policy_name.as_deref())?;
        Ok(GetOutput {
            policy: key.policy,
            policy_name: NAME,
        })
    }
}

impl Operation for PutKeyPolicy {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "PutKeyPolicy";
    const ACCESS: Access<PutInput> = Access::Within {
        action: "kms:PutKeyPolicy",
    };
    type Input = PutInput;
    type Output = ();

    async fn run(call: Call<'_>, input: PutInput) -> Result<(), ApiError> {
        let wish = Wish::manage("kms:PutKeyPolicy");
        let key = permitted(call.context, call.caller, &input.key_id, wish).await?;
        only_default(input.policy_name.as_deref())?;
        unless_pending_deletion(call.context, &key)?;
        let bypass = input.bypass_policy_lockout_safety_check;
        let policy = CheckedPolicy::read(call, input.policy, &key.key_id, bypass).await?;
        let changed = KeyRow {
            policy: policy.document,
            policy_ids: policy.ids,
            ..key.clone()
        };
        put_back(call.context, &changed, &key).await
    }
}

impl Operation for ListKeyPolicies {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListKeyPolicies";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:ListKeyPolicies",
    };
    type Input = KeyInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: KeyInput) -> Result<ListOutput, ApiError> {
        let wish = Wish::manage("kms:ListKeyPolicies");
        permitted(call.context, call.caller, &input.key_id, wish).await?;
        Ok(ListOutput {
            policy_names: [NAME],
            truncated: false,
        })
    }
}
