//! `CreateUser`, `GetUser`, `ListUsers`, `DeleteUser`.

use serde::{Deserialize, Serialize};

use super::names::{check_name, check_path};
use super::owner::{self, Named, conflict};
use super::paging::Paging;
use super::tags::{Tag, check_tags, request_keys};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, list};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, Who, fresh_id};
use crate::store::{EntityRow, Kind, TagRow};

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

    fn on(&self) -> Resource {
        Resource::EntityAt {
            kind: Kind::User,
            path: self.path().to_owned(),
            name: self.user_name.clone(),
        }
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
pub(crate) struct DeleteInput {
    #[serde(flatten)]
    user: Named<owner::User>,
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

/// What a call about this user is judged on, or about the calling user where none is named.
pub(super) fn user_or_caller_resource(name: Option<&str>) -> Resource {
    match name {
        Some(name) => Named::<owner::User>::new(name).resource(),
        None => Resource::Caller,
    }
}

/// The user of that name, or the calling user where none is named.
pub(super) async fn user_or_caller(
    call: Call<'_>,
    name: Option<&str>,
) -> Result<EntityRow, ApiError> {
    match (name, &call.caller.who) {
        (Some(name), _) => Named::<owner::User>::new(name).find(call).await,
        (None, Who::User { .. }) => {
            Named::<owner::User>::new(&call.caller.name)
                .find(call)
                .await
        }
        (None, _) => Err(ApiError::new(
            Code::Validation,
            "Must specify userName when calling with non-User credentials",
        )),
    }
}

/// Lists of users leave tags out, as in AWS.
fn described(call: Call<'_>, row: EntityRow, tags: Option<Vec<TagRow>>) -> User {
    User {
        arn: call
            .context
            .config
            .scope()
            .entity(Kind::User, &row.path, &row.name),
        path: row.path,
        user_name: row.name,
        user_id: row.id,
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
        on: CreateInput::on,
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
            let keys = request_keys(&input.tags);
            call.demand_with("iam:TagUser", &input.on(), &keys).await?;
        }
        check_tags(&input.tags)?;
        let row = EntityRow {
            id: fresh_id("AIDA", 17)?,
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
        on: |input| user_or_caller_resource(input.user_name.as_deref()),
    };
    type Input = GetInput;
    type Output = UserOutput;

    async fn run(call: Call<'_>, input: GetInput) -> Result<UserOutput, ApiError> {
        let row = user_or_caller(call, input.user_name.as_deref()).await?;
        let tags = call.context.store.tags(&row.id).await?;
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
        let paging = &input.paging;
        let (after, fetched) = (paging.after()?, paging.fetched()?);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let store = &call.context.store;
        let rows = store.entities(Kind::User, prefix, &after, fetched).await?;
        let page = page::cut(rows, paging.limit()?, |row| &row.name);
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
        on: |input| input.user.resource(),
    };
    type Input = DeleteInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput) -> Result<(), ApiError> {
        let user = input.user.find(call).await?;
        match call.context.store.delete_entity(&user.id).await? {
            None => Ok(()),
            Some(hindrance) => Err(conflict(hindrance)),
        }
    }
}
