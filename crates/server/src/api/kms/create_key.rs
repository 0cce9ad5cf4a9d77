//! `CreateKey`: a symmetric key with its first material. Other kinds of key are refused by name.

use serde::{Deserialize, Serialize};
use usher_policy::Context as Keys;
use uuid::Uuid;

use super::KmsCode;
use super::key_policies::{CheckedPolicy, default_policy};
use super::tags::{Tag, check_tags};
use super::wire::{ALGORITHM, KeyMetadata, check_length, metadata, unsupported};
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, tag_keys};
use crate::keys::next_material;
use crate::limits;
use crate::store::{KeyRow, KeyState};

pub(crate) struct CreateKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy: Option<String>,
    #[serde(default)]
    description: String,
    key_usage: Option<String>,
    customer_master_key_spec: Option<String>,
    key_spec: Option<String>,
    origin: Option<String>,
    multi_region: Option<bool>,
    bypass_policy_lockout_safety_check: Option<bool>,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl Input {
    fn keys(&self) -> Keys {
        let keys = tag_keys(self.tags.iter().map(Tag::pair))
            .with("kms:KeySpec", ALGORITHM)
            .with("kms:KeyUsage", "ENCRYPT_DECRYPT")
            .with("kms:KeyOrigin", "AWS_KMS");
        let bypass = self.bypass_policy_lockout_safety_check.unwrap_or(false);
        keys.with("kms:BypassPolicyLockoutSafetyCheck", bypass.to_string())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_metadata: KeyMetadata,
}

fn check(input: &Input) -> Result<(), ApiError> {
    let is = |given: &Option<String>, only: &str| given.as_ref().is_none_or(|given| given == only);
    if !is(&input.key_usage, "ENCRYPT_DECRYPT") {
        return Err(unsupported("KeyUsage must be ENCRYPT_DECRYPT."));
    }
    if !is(&input.key_spec, ALGORITHM) || !is(&input.customer_master_key_spec, ALGORITHM) {
        return Err(unsupported("KeySpec must be SYMMETRIC_DEFAULT."));
    }
    if !is(&input.origin, "AWS_KMS") {
        return Err(unsupported(
            "Origin must be AWS_KMS: key material is not imported.",
        ));
    }
    if input.multi_region == Some(true) {
        return Err(unsupported(
            "This server is one region: MultiRegion must be false.",
        ));
    }
    check_length("description", input.description.chars().count(), 0, 8192)?;
    check_tags(&input.tags)
}

impl Operation for CreateKey {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "CreateKey";
    const ACCESS: Access<Input> = Access::Keyed {
        action: "kms:CreateKey",
        on: |_| Resource::Any,
        keys: Input::keys,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        check(&input)?;
        if !input.tags.is_empty() {
            call.demand_with("kms:TagResource", &Resource::Any, &input.keys())
                .await?;
        }
        let key_id = Uuid::new_v4().to_string();
        let policy = match input.policy {
            Some(text) => {
                let bypass = input.bypass_policy_lockout_safety_check;
                CheckedPolicy::read(call, text, &key_id, bypass).await?
            }
            None => default_policy(call),
        };
        let key = KeyRow {
            key_id,
            description: input.description,
            state: KeyState::Enabled,
            policy: policy.document,
            policy_ids: policy.ids,
            created: call.context.now(),
            deletion: None,
            rotation: None,
        };
        let material = next_material(call.context, &key.key_id, 1, "CREATION")?;
        let tags: Vec<_> = input.tags.into_iter().map(Tag::into_pair).collect();
        let store = &call.context.store;
        if !store
            .insert_key(&key, &material, &tags, limits::KEYS)
            .await?
        {
            return Err(ApiError::new(
                Code::Kms(KmsCode::LimitExceeded),
                format!("This server has {} keys, which is its limit.", limits::KEYS),
            ));
        }
        Ok(Output {
            key_metadata: metadata(call, key).await?,
        })
    }
}
