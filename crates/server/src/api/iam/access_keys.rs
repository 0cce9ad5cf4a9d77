//! Access keys of users. The secret is told once, in the answer to `CreateAccessKey`.

use serde::{Deserialize, Serialize};
use usher_wire::secret::Secret;

use super::paging::Paging;
use super::users::{user_or_caller, user_or_caller_resource};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::IsoTime;
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::{Alphabet, Resource, fresh, fresh_id};
use crate::limits;
use crate::server::AccessKeyPair;
use crate::store::{AccessKeyRow, Kind, Room};

pub(crate) struct CreateAccessKey;
pub(crate) struct ListAccessKeys;
pub(crate) struct UpdateAccessKey;
pub(crate) struct DeleteAccessKey;
pub(crate) struct GetAccessKeyLastUsed;

const ACTIVE: &str = "Active";
const INACTIVE: &str = "Inactive";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    user_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    user_name: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateInput {
    user_name: Option<String>,
    access_key_id: String,
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteInput {
    user_name: Option<String>,
    access_key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastUsedInput {
    access_key_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastUsed {
    last_used_date: Option<IsoTime>,
    service_name: String,
    region: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastUsedOutput {
    user_name: String,
    access_key_last_used: LastUsed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessKey {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    secret_access_key: Secret,
    create_date: IsoTime,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateOutput {
    access_key: AccessKey,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Metadata {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    create_date: IsoTime,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    access_key_metadata: Vec<Metadata>,
    is_truncated: bool,
    marker: Option<String>,
}

/// Makes a key for `user_id`.
pub(crate) async fn make_access_key(
    context: &Context,
    user_id: &str,
) -> Result<AccessKeyPair, ApiError> {
    let secret_access_key = Secret::from(fresh(Alphabet::Base64, 40)?.as_str());
    let access_key_id = fresh_id("AKIA", 16)?;
    let row = AccessKeyRow {
        secret_sealed: context
            .vault
            .seal(&access_key_id, secret_access_key.expose().as_bytes())?,
        access_key_id: access_key_id.clone(),
        user_id: user_id.to_owned(),
        is_active: true,
        created: context.now(),
        last_use: None,
    };
    match context
        .store
        .insert_access_key(&row, limits::ACCESS_KEYS)
        .await?
    {
        Room::Stored => Ok(AccessKeyPair {
            access_key_id,
            secret_access_key,
        }),
        Room::Full => Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "Cannot exceed quota for AccessKeysPerUser: {}",
                limits::ACCESS_KEYS
            ),
        )),
    }
}

impl Operation for CreateAccessKey {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateAccessKey";
    const ACCESS: Access<CreateInput> = Access::Policy {
        action: "iam:CreateAccessKey",
        on: |input| user_or_caller_resource(input.user_name.as_deref()),
    };
    type Input = CreateInput;
    type Output = CreateOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<CreateOutput, ApiError> {
        let user = user_or_caller(call, input.user_name.as_deref()).await?;
        let created = call.context.now();
        let pair = make_access_key(call.context, &user.id).await?;
        Ok(CreateOutput {
            access_key: AccessKey {
                user_name: user.name,
                access_key_id: pair.access_key_id,
                status: ACTIVE,
                secret_access_key: pair.secret_access_key,
                create_date: IsoTime(created),
            },
        })
    }
}

impl Operation for ListAccessKeys {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListAccessKeys";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListAccessKeys",
        on: |input| user_or_caller_resource(input.user_name.as_deref()),
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let user = user_or_caller(call, input.user_name.as_deref()).await?;
        let mut keys = call.context.store.access_keys_of(&user.id).await?;
        keys.sort_by(|a, b| a.access_key_id.cmp(&b.access_key_id));
        let page = input.paging.page(keys, |key| &key.access_key_id)?;
        let described = |key: AccessKeyRow| Metadata {
            user_name: user.name.clone(),
            access_key_id: key.access_key_id,
            status: if key.is_active { ACTIVE } else { INACTIVE },
            create_date: IsoTime(key.created),
        };
        Ok(ListOutput {
            access_key_metadata: page.items.into_iter().map(described).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for UpdateAccessKey {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateAccessKey";
    const ACCESS: Access<UpdateInput> = Access::Policy {
        action: "iam:UpdateAccessKey",
        on: |input| user_or_caller_resource(input.user_name.as_deref()),
    };
    type Input = UpdateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: UpdateInput) -> Result<(), ApiError> {
        let is_active = match input.status.as_str() {
            ACTIVE => true,
            INACTIVE => false,
            _ => {
                return Err(ApiError::constraint(
                    "status",
                    "Member must satisfy enum value set: [Active, Inactive]",
                ));
            }
        };
        let user = user_or_caller(call, input.user_name.as_deref()).await?;
        let store = &call.context.store;
        match store
            .switch_access_key(&user.id, &input.access_key_id, is_active)
            .await?
        {
            true => Ok(()),
            false => Err(no_such_key(&input.access_key_id)),
        }
    }
}

impl Operation for DeleteAccessKey {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteAccessKey";
    const ACCESS: Access<DeleteInput> = Access::Policy {
        action: "iam:DeleteAccessKey",
        on: |input| user_or_caller_resource(input.user_name.as_deref()),
    };
    type Input = DeleteInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput) -> Result<(), ApiError> {
        let user = user_or_caller(call, input.user_name.as_deref()).await?;
        if call
            .context
            .store
            .delete_access_key(&user.id, &input.access_key_id)
            .await?
        {
            return Ok(());
        }
        Err(no_such_key(&input.access_key_id))
    }
}

impl Operation for GetAccessKeyLastUsed {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetAccessKeyLastUsed";
    /// The resource is the key's user, whom the input does not name.
    const ACCESS: Access<LastUsedInput> = Access::Within {
        action: "iam:GetAccessKeyLastUsed",
    };
    type Input = LastUsedInput;
    type Output = LastUsedOutput;

    async fn run(call: Call<'_>, input: LastUsedInput) -> Result<LastUsedOutput, ApiError> {
        let store = &call.context.store;
        let key = store.access_key(&input.access_key_id).await?;
        let user = match &key {
            Some(key) => store.entity_with_id(&key.user_id).await?,
            None => None,
        };
        let resource = match &user {
            Some(user) => Resource::Entity(Kind::User, user.name.clone()),
            None => Resource::Any,
        };
        call.demand("iam:GetAccessKeyLastUsed", &resource).await?;
        let (Some(key), Some(user)) = (key, user) else {
            return Err(no_such_key(&input.access_key_id));
        };
        let never = || "N/A".to_owned();
        let (service, region) = match &key.last_use {
            Some(used) => (used.service.clone(), used.region.clone()),
            None => (never(), never()),
        };
        Ok(LastUsedOutput {
            user_name: user.name,
            access_key_last_used: LastUsed {
                last_used_date: key.last_use.map(|used| IsoTime(used.at)),
                service_name: service,
                region,
            },
        })
    }
}

fn no_such_key(id: &str) -> ApiError {
    ApiError::new(
        Code::NoSuchEntity,
        format!("The Access Key with id {id} cannot be found."),
    )
}
