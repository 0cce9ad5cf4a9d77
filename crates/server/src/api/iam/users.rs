//! `CreateUser`, `GetUser`, `ListUsers`, `UpdateUser`, `DeleteUser`.

use serde::{Deserialize, Serialize};

use super::boundaries::{AttachedBoundary, boundary, first_boundary};
use super::names::{check_name, check_path};
use super::owner::{self, Named, conflict};
use super::paging::Paging;
use super::tags::{Tag, check_tags, creation_keys, request_keys, tags_if_any};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, list};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, Who, fresh_id};
use crate::store::{EntityRow, Kind, TagRow};

pub(crate) struct CreateUser;
pub(crate) struct GetUser;
pub(crate) struct ListUsers;
pub(crate) struct UpdateUser;
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
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateInput {
    #[serde(flatten)]
    user: Named<owner::User>,
    new_path: Option<String>,
    new_user_name: Option<String>,
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
    permissions_boundary: Option<AttachedBoundary>,
    tags: Option<Vec<Tag>>,
}

impl User {
    /// As lists have it, without tags and boundary, as in AWS.
    pub(super) fn listed(call: Call<'_>, row: EntityRow) -> Self {
        Self {
            arn: call.context.config.scope().arn_of(&row),
            path: row.path,
            user_name: row.name,
            user_id: row.id,
            create_date: IsoTime(row.created),
            permissions_boundary: None,
            tags: None,
        }
    }

    /// By itself, with all there is to say.
    async fn described(call: Call<'_>, row: EntityRow) -> Result<Self, ApiError> {
        let tags = call.context.store.tags(&row.id).await?;
        Ok(Self {
            permissions_boundary: boundary(call, &row).await?,
            tags: tags_if_any(tags),
            ..Self::listed(call, row)
        })
    }
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

fn already_exists(name: &str) -> ApiError {
    ApiError::new(
        Code::EntityAlreadyExists,
        format!("User with name {name} already exists."),
    )
}

impl Operation for CreateUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateUser";
    const ACCESS: Access<CreateInput> = Access::Keyed {
        action: "iam:CreateUser",
        on: CreateInput::on,
        keys: |input| creation_keys(&input.tags, input.permissions_boundary.as_deref()),
    };
    type Input = CreateInput;
    type Output = UserOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<UserOutput, ApiError> {
        check_name("userName", &input.user_name, 64)?;
        check_path("path", input.path())?;
        if !input.tags.is_empty() {
            // Tags decide the OS user, so setting them takes its own permission, as in AWS.
            let keys = request_keys(&input.tags);
            call.demand_with("iam:TagUser", &input.on(), &keys).await?;
        }
        check_tags(&input.tags)?;
        let row = EntityRow {
            id: fresh_id("AIDA", 17)?,
            kind: Kind::User,
            boundary_id: first_boundary(call, input.permissions_boundary.as_deref()).await?,
            path: input.path().to_owned(),
            name: input.user_name,
            created: call.context.now(),
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        if !call.context.store.insert_entity(&row, &tags).await? {
            return Err(already_exists(&row.name));
        }
        Ok(UserOutput {
            user: User::described(call, row).await?,
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
        Ok(UserOutput {
            user: User::described(call, row).await?,
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
                .map(|row| User::listed(call, row))
                .collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for UpdateUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateUser";
    const ACCESS: Access<UpdateInput> = Access::Policy {
        action: "iam:UpdateUser",
        on: |input| input.user.resource(),
    };
    type Input = UpdateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: UpdateInput) -> Result<(), ApiError> {
        let user = input.user.find(call).await?;
        let name = input.new_user_name.as_deref().unwrap_or(&user.name);
        let path = input.new_path.as_deref().unwrap_or(&user.path);
        check_name("newUserName", name, 64)?;
        check_path("newPath", path)?;
        // Policies mean users by ARN, so whoever gives a user another one needs the permission on both, as in AWS.
        let renamed = Resource::EntityAt {
            kind: Kind::User,
            path: path.to_owned(),
            name: name.to_owned(),
        };
        call.demand("iam:UpdateUser", &renamed).await?;
        match call
            .context
            .store
            .rename_entity(&user.id, name, path)
            .await?
        {
            true => Ok(()),
            false => Err(already_exists(name)),
        }
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
