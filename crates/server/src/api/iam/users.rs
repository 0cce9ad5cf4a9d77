//! `CreateUser`, `GetUser`, `ListUsers`, `DeleteUser`.

use serde::{Deserialize, Serialize};

use super::entity::{Paging, check_name, check_path, user, user_or_caller};
use super::tags::{Tag, check_tags, request_keys};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, list};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::store::{TagRow, UserRow};

pub(crate) struct CreateUser;
pub(crate) struct GetUser;
pub(crate) struct ListUsers;
pub(crate) struct DeleteUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    user_name: String,
    path: Option<String>,
    permissions_boundary: Option<String>,
    #[serde(default, deserialize_with = "list")]
    tags: Vec<Tag>,
}

impl CreateInput {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetInput {
    user_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    path_prefix: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteInput {
    user_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct User {
    path: String,
    user_name: String,
    user_id: String,
    arn: String,
    create_date: IsoTime,
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserOutput {
    user: User,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    users: Vec<User>,
    is_truncated: bool,
    marker: Option<String>,
}

/// Lists of users leave tags out, as in AWS.
fn described(call: Call<'_>, row: UserRow, tags: Option<Vec<TagRow>>) -> User {
    User {
        arn: call.context.config.scope().user(&row.path, &row.name),
        path: row.path,
        user_name: row.name,
        user_id: row.user_id,
        create_date: IsoTime(row.created),
        tags: tags
            .filter(|tags| !tags.is_empty())
            .map(|tags| tags.into_iter().map(Tag::from).collect()),
    }
}

impl Operation for CreateUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateUser";
    const ACCESS: Access<CreateInput> = Access::Tagging {
        action: "iam:CreateUser",
        on: |input| Resource::NewUser {
            path: input.path().to_owned(),
            name: input.user_name.clone(),
        },
        keys: |input| request_keys(&input.tags),
    };
    type Input = CreateInput;
    type Output = UserOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<UserOutput, ApiError> {
        check_name("userName", &input.user_name, 64)?;
        check_path("path", input.path())?;
        if input.permissions_boundary.is_some() {
            return Err(ApiError::new(
                Code::InvalidInput,
                "Permissions boundaries are not served: leave PermissionsBoundary out.",
            ));
        }
        if !input.tags.is_empty() {
            // Tags decide the OS user, so setting them takes its own permission, as in AWS.
            let on = Resource::NewUser {
                path: input.path().to_owned(),
                name: input.user_name.clone(),
            };
            let keys = request_keys(&input.tags);
            call.demand_with("iam:TagUser", &on, &keys).await?;
        }
        check_tags(&input.tags)?;
        let row = UserRow {
            user_id: fresh_id("AIDA", 17)?,
            path: input.path().to_owned(),
            name: input.user_name,
            created: call.context.now(),
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        if !call.context.store.insert_user(&row, &tags).await? {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!("User with name {} already exists.", row.name),
            ));
        }
        Ok(UserOutput {
            user: described(call, row, Some(tags)),
        })
    }
}

impl Operation for GetUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetUser";
    const ACCESS: Access<GetInput> = Access::Policy {
        action: "iam:GetUser",
        on: |input| Resource::User(input.user_name.clone()),
    };
    type Input = GetInput;
    type Output = UserOutput;

    async fn run(call: Call<'_>, input: GetInput) -> Result<UserOutput, ApiError> {
        let row = user_or_caller(call, input.user_name.as_deref()).await?;
        let tags = call.context.store.user_tags(&row.user_id).await?;
        Ok(UserOutput {
            user: described(call, row, Some(tags)),
        })
    }
}

impl Operation for ListUsers {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListUsers";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListUsers",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let limit = input.paging.limit()?;
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let rows = call
            .context
            .store
            .users(prefix, &input.paging.after()?, fetched)
            .await?;
        let page = page::cut(rows, limit, |row| &row.name);
        Ok(ListOutput {
            users: page
                .items
                .into_iter()
                .map(|row| described(call, row, None))
                .collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for DeleteUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteUser";
    const ACCESS: Access<DeleteInput> = Access::Policy {
        action: "iam:DeleteUser",
        on: |input| Resource::User(Some(input.user_name.clone())),
    };
    type Input = DeleteInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput) -> Result<(), ApiError> {
        let row = user(call, &input.user_name).await?;
        if call.context.store.delete_user(&row.user_id).await? {
            return Ok(());
        }
        Err(ApiError::new(
            Code::DeleteConflict,
            "Cannot delete entity, must delete policies and access keys first.",
        ))
    }
}
