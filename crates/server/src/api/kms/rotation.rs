//! Rotation of key material, by time and on demand. Old material stays, so that old ciphertexts still open.

use serde::{Deserialize, Serialize};

use super::KmsCode;
use super::permitted::{Wish, arn, permitted};
use super::wire::{KeyInput, Paging, put_back, refusal, unless_pending_deletion};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::keys;
use crate::limits;
use crate::store::{KeyRow, MaterialRow};

/// Days between rotations unless the caller says otherwise.
const PERIOD_DAYS: i64 = 365;
const ON_DEMAND: &str = "ON_DEMAND";
const CREATION: &str = "CREATION";

pub(crate) struct EnableKeyRotation;
pub(crate) struct DisableKeyRotation;
pub(crate) struct GetKeyRotationStatus;
pub(crate) struct RotateKeyOnDemand;
pub(crate) struct ListKeyRotations;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EnableInput {
    key_id: String,
    rotation_period_in_days: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatusOutput {
    key_rotation_enabled: bool,
    key_id: String,
    rotation_period_in_days: Option<i64>,
    next_rotation_date: Option<EpochSeconds>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotateOutput {
    key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    key_id: String,
    include_key_material: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotationEntry {
    key_id: String,
    key_material_id: String,
    key_material_state: &'static str,
    rotation_date: Option<EpochSeconds>,
    rotation_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    rotations: Vec<RotationEntry>,
    truncated: bool,
    next_marker: Option<String>,
}

async fn allowed(call: Call<'_>, given: &str, action: &'static str) -> Result<KeyRow, ApiError> {
    permitted(call.context, call.caller, given, Wish::manage(action)).await
}

impl Operation for EnableKeyRotation {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "EnableKeyRotation";
    const ACCESS: Access<EnableInput> = Access::Within {
        action: "kms:EnableKeyRotation",
    };
    type Input = EnableInput;
    type Output = ();

    async fn run(call: Call<'_>, input: EnableInput) -> Result<(), ApiError> {
        let context = call.context;
        let key = allowed(call, &input.key_id, "kms:EnableKeyRotation").await?;
        let days = input.rotation_period_in_days.unwrap_or(PERIOD_DAYS);
        if !(90..=2560).contains(&days) {
            return Err(ApiError::constraint(
                "rotationPeriodInDays",
                "Member must be between 90 and 2560",
            ));
        }
        keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
        let next = keys::after_days(context.now(), days);
        let rotation = Some((days, next));
        put_back(
            context,
            &KeyRow {
                rotation,
                ..key.clone()
            },
            &key,
        )
        .await
    }
}

impl Operation for DisableKeyRotation {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "DisableKeyRotation";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:DisableKeyRotation",
    };
    type Input = KeyInput;
    type Output = ();

    async fn run(call: Call<'_>, input: KeyInput) -> Result<(), ApiError> {
        let context = call.context;
        let key = allowed(call, &input.key_id, "kms:DisableKeyRotation").await?;
        keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
        let rotation = None;
        put_back(
            context,
            &KeyRow {
                rotation,
                ..key.clone()
            },
            &key,
        )
        .await
    }
}

impl Operation for GetKeyRotationStatus {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "GetKeyRotationStatus";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:GetKeyRotationStatus",
    };
    type Input = KeyInput;
    type Output = StatusOutput;

    async fn run(call: Call<'_>, input: KeyInput) -> Result<StatusOutput, ApiError> {
        let context = call.context;
        let key = allowed(call, &input.key_id, "kms:GetKeyRotationStatus").await?;
        unless_pending_deletion(context, &key)?;
        keys::rotate_if_due(context, &key)
            .await
            .map_err(|error| refusal(context, &key, error))?;
        let key = context
            .store
            .key(&key.key_id, context.now())
            .await?
            .unwrap_or(key);
        Ok(StatusOutput {
            key_rotation_enabled: key.rotation.is_some(),
            rotation_period_in_days: key.rotation.map(|(days, _)| days),
            next_rotation_date: key.rotation.map(|(_, next)| EpochSeconds(next)),
            key_id: arn(context, &key.key_id),
        })
    }
}

impl Operation for RotateKeyOnDemand {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "RotateKeyOnDemand";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:RotateKeyOnDemand",
    };
    type Input = KeyInput;
    type Output = RotateOutput;

    async fn run(call: Call<'_>, input: KeyInput) -> Result<RotateOutput, ApiError> {
        let context = call.context;
        let key = allowed(call, &input.key_id, "kms:RotateKeyOnDemand").await?;
        keys::usable(&key).map_err(|error| refusal(context, &key, error))?;
        let held = context.store.materials(&key.key_id).await?;
        let on_demand = held.iter().filter(|row| row.cause == ON_DEMAND).count();
        if on_demand >= limits::ROTATIONS_ON_DEMAND {
            return Err(ApiError::new(
                Code::Kms(KmsCode::LimitExceeded),
                format!(
                    "A key is rotated on demand at most {} times.",
                    limits::ROTATIONS_ON_DEMAND
                ),
            ));
        }
        keys::rotate(context, &key, ON_DEMAND)
            .await
            .map_err(|error| refusal(context, &key, error))?;
        Ok(RotateOutput {
            key_id: arn(context, &key.key_id),
        })
    }
}

impl Operation for ListKeyRotations {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ListKeyRotations";
    const ACCESS: Access<ListInput> = Access::Within {
        action: "kms:ListKeyRotations",
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let context = call.context;
        let key = allowed(call, &input.key_id, "kms:ListKeyRotations").await?;
        let (after, all) = (
            input.paging.after()?,
            context.store.materials(&key.key_id).await?,
        );
        let name = arn(context, &key.key_id);
        let current = all.last().map_or(0, |row| row.version);
        let with_first = input.include_key_material.as_deref() == Some("ALL_KEY_MATERIAL");
        let wanted = |row: &MaterialRow| with_first || row.cause != CREATION;
        let entry = |row: MaterialRow| {
            let rotated = row.cause != CREATION;
            let entry = RotationEntry {
                key_id: name.clone(),
                key_material_id: row.material_id,
                key_material_state: if row.version == current {
                    "CURRENT"
                } else {
                    "NON_CURRENT"
                },
                rotation_date: rotated.then_some(EpochSeconds(row.created)),
                rotation_type: rotated.then_some(row.cause),
            };
            // The version, so that pages are in its order.
            (format!("{:010}", row.version), entry)
        };
        let rest = all
            .into_iter()
            .filter(wanted)
            .map(entry)
            .filter(|(version, _)| *version > after)
            .collect();
        let page = input.paging.cut(rest, |(version, _)| version)?;
        Ok(ListOutput {
            rotations: page.items.into_iter().map(|(_, entry)| entry).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
