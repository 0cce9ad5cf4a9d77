//! Enabling, disabling and deleting keys. A key is destroyed only after a waiting time, and only then is its material gone.

use serde::{Deserialize, Serialize};

use super::KmsCode;
use super::permitted::{Wish, arn, permitted};
use super::wire::{KeyInput, pending_deletion, put_back, unless_pending_deletion};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::keys::after_days;
use crate::store::{KeyRow, KeyState};

/// Days that a key waits for its deletion unless its caller says otherwise.
const WAITING_DAYS: i64 = 30;

pub(crate) struct EnableKey;
pub(crate) struct DisableKey;
pub(crate) struct ScheduleKeyDeletion;
pub(crate) struct CancelKeyDeletion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScheduleInput {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScheduleOutput {
    key_id: String,
    deletion_date: EpochSeconds,
    key_state: &'static str,
    pending_window_in_days: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelOutput {
    key_id: String,
}

async fn allowed(call: Call<'_>, given: &str, action: &'static str) -> Result<KeyRow, ApiError> {
    permitted(call.context, call.caller, given, Wish::manage(action)).await
}

async fn switch(call: Call<'_>, key: KeyRow, state: KeyState) -> Result<(), ApiError> {
    unless_pending_deletion(call.context, &key)?;
    put_back(
        call.context,
        &KeyRow {
            state,
            ..key.clone()
        },
        &key,
    )
    .await
}

impl Operation for EnableKey {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "EnableKey";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:EnableKey",
    };
    type Input = KeyInput;
    type Output = ();

    async fn run(call: Call<'_>, input: KeyInput) -> Result<(), ApiError> {
        let key = allowed(call, &input.key_id, "kms:EnableKey").await?;
        switch(call, key, KeyState::Enabled).await
    }
}

impl Operation for DisableKey {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "DisableKey";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:DisableKey",
    };
    type Input = KeyInput;
    type Output = ();

    async fn run(call: Call<'_>, input: KeyInput) -> Result<(), ApiError> {
        let key = allowed(call, &input.key_id, "kms:DisableKey").await?;
        switch(call, key, KeyState::Disabled).await
    }
}

impl Operation for ScheduleKeyDeletion {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "ScheduleKeyDeletion";
    const ACCESS: Access<ScheduleInput> = Access::Within {
        action: "kms:ScheduleKeyDeletion",
    };
    type Input = ScheduleInput;
    type Output = ScheduleOutput;

    async fn run(call: Call<'_>, input: ScheduleInput) -> Result<ScheduleOutput, ApiError> {
        let key = allowed(call, &input.key_id, "kms:ScheduleKeyDeletion").await?;
        let days = input.pending_window_in_days.unwrap_or(WAITING_DAYS);
        if !(7..=30).contains(&days) {
            return Err(ApiError::constraint(
                "pendingWindowInDays",
                "Member must be between 7 and 30",
            ));
        }
        if key.state == KeyState::PendingDeletion {
            return Err(pending_deletion(call.context, &key));
        }
        let at = after_days(call.context.now(), days);
        let changed = KeyRow {
            state: KeyState::PendingDeletion,
            deletion: Some((at, days)),
            ..key.clone()
        };
        put_back(call.context, &changed, &key).await?;
        Ok(ScheduleOutput {
            key_id: arn(call.context, &key.key_id),
            deletion_date: EpochSeconds(at),
            key_state: KeyState::PendingDeletion.as_str(),
            pending_window_in_days: days,
        })
    }
}

impl Operation for CancelKeyDeletion {
    const SERVICE: Service = Service::Kms;
    const NAME: &'static str = "CancelKeyDeletion";
    const ACCESS: Access<KeyInput> = Access::Within {
        action: "kms:CancelKeyDeletion",
    };
    type Input = KeyInput;
    type Output = CancelOutput;

    async fn run(call: Call<'_>, input: KeyInput) -> Result<CancelOutput, ApiError> {
        let key = allowed(call, &input.key_id, "kms:CancelKeyDeletion").await?;
        let name = arn(call.context, &key.key_id);
        if key.state != KeyState::PendingDeletion {
            return Err(ApiError::new(
                Code::Kms(KmsCode::InvalidState),
                format!("{name} is not pending deletion."),
            ));
        }
        // As in AWS it comes back disabled: whoever wants it in use says so.
        let changed = KeyRow {
            state: KeyState::Disabled,
            deletion: None,
            ..key.clone()
        };
        put_back(call.context, &changed, &key).await?;
        Ok(CancelOutput { key_id: name })
    }
}
