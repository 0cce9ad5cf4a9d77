//! Groups, and who is in them. A user has the policies of its groups as if they were its own.

use serde::{Deserialize, Serialize};

use super::names::{check_name, check_path};
use super::owner::{self, Named, conflict};
use super::paging::Paging;
use super::users::User;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::IsoTime;
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::limits;
use crate::store::{EntityRow, Kind, Room};

pub(crate) struct CreateGroup;
pub(crate) struct GetGroup;
pub(crate) struct ListGroups;
pub(crate) struct DeleteGroup;
pub(crate) struct AddUserToGroup;
pub(crate) struct RemoveUserFromGroup;
pub(crate) struct ListGroupsForUser;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    group_name: String,
    path: Option<String>,
}

impl CreateInput {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct GetInput {
    #[serde(flatten)]
    group: Named<owner::Group>,
    #[serde(flatten)]
    paging: Paging,
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
    group: Named<owner::Group>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MemberInput {
    #[serde(flatten)]
    group: Named<owner::Group>,
    #[serde(flatten)]
    user: Named<owner::User>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ForUserInput {
    #[serde(flatten)]
    user: Named<owner::User>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Group {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: IsoTime,
}

impl Group {
    fn described(call: Call<'_>, row: EntityRow) -> Self {
        Self {
            arn: call.context.config.scope().arn_of(&row),
            path: row.path,
            group_name: row.name,
            group_id: row.id,
            create_date: IsoTime(row.created),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateOutput {
    group: Group,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOutput {
    group: Group,
    users: Vec<User>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    groups: Vec<Group>,
    is_truncated: bool,
    marker: Option<String>,
}

impl ListOutput {
    fn of(call: Call<'_>, page: page::Page<EntityRow>) -> Self {
        let described = |row| Group::described(call, row);
        Self {
            groups: page.items.into_iter().map(described).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        }
    }
}

impl Operation for CreateGroup {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateGroup";
    const ACCESS: Access<CreateInput> = Access::Policy {
        action: "iam:CreateGroup",
        on: |input| Resource::EntityAt {
            kind: Kind::Group,
            path: input.path().to_owned(),
            name: input.group_name.clone(),
        },
    };
    type Input = CreateInput;
    type Output = CreateOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<CreateOutput, ApiError> {
        check_name("groupName", &input.group_name, 128)?;
        check_path("path", input.path())?;
        let row = EntityRow {
            id: fresh_id("AGPA", 17)?,
            kind: Kind::Group,
            path: input.path().to_owned(),
            name: input.group_name,
            boundary_id: None,
            created: call.context.now(),
        };
        if !call.context.store.insert_entity(&row, &[]).await? {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!("Group with name {} already exists.", row.name),
            ));
        }
        Ok(CreateOutput {
            group: Group::described(call, row),
        })
    }
}

impl Operation for GetGroup {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetGroup";
    const ACCESS: Access<GetInput> = Access::Policy {
        action: "iam:GetGroup",
        on: |input| input.group.resource(),
    };
    type Input = GetInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: GetInput) -> Result<GetOutput, ApiError> {
        let paging = &input.paging;
        let (after, fetched) = (paging.after()?, paging.fetched()?);
        let group = input.group.find(call).await?;
        let users = call
            .context
            .store
            .members(&group.id, &after, fetched)
            .await?;
        let page = page::cut(users, paging.limit()?, |user| &user.name);
        Ok(GetOutput {
            group: Group::described(call, group),
            users: page
                .items
                .into_iter()
                .map(|user| User::listed(call, user))
                .collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for ListGroups {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListGroups";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListGroups",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let paging = &input.paging;
        let (after, fetched) = (paging.after()?, paging.fetched()?);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let store = &call.context.store;
        let rows = store.entities(Kind::Group, prefix, &after, fetched).await?;
        let page = page::cut(rows, paging.limit()?, |row| &row.name);
        Ok(ListOutput::of(call, page))
    }
}

impl Operation for DeleteGroup {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteGroup";
    const ACCESS: Access<DeleteInput> = Access::Policy {
        action: "iam:DeleteGroup",
        on: |input| input.group.resource(),
    };
    type Input = DeleteInput;
    type Output = ();

    async fn run(call: Call<'_>, input: DeleteInput) -> Result<(), ApiError> {
        let group = input.group.find(call).await?;
        match call.context.store.delete_entity(&group.id).await? {
            None => Ok(()),
            Some(hindrance) => Err(conflict(hindrance)),
        }
    }
}

impl Operation for AddUserToGroup {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "AddUserToGroup";
    const ACCESS: Access<MemberInput> = Access::Policy {
        action: "iam:AddUserToGroup",
        on: |input| input.group.resource(),
    };
    type Input = MemberInput;
    type Output = ();

    async fn run(call: Call<'_>, input: MemberInput) -> Result<(), ApiError> {
        let group = input.group.find(call).await?;
        let user = input.user.find(call).await?;
        let store = &call.context.store;
        match store
            .add_member(&group.id, &user.id, limits::GROUPS)
            .await?
        {
            Room::Stored => Ok(()),
            Room::Full => Err(ApiError::new(
                Code::LimitExceeded,
                format!("Cannot exceed quota for GroupsPerUser: {}", limits::GROUPS),
            )),
        }
    }
}

impl Operation for RemoveUserFromGroup {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "RemoveUserFromGroup";
    const ACCESS: Access<MemberInput> = Access::Policy {
        action: "iam:RemoveUserFromGroup",
        on: |input| input.group.resource(),
    };
    type Input = MemberInput;
    type Output = ();

    async fn run(call: Call<'_>, input: MemberInput) -> Result<(), ApiError> {
        let group = input.group.find(call).await?;
        let user = input.user.find(call).await?;
        let store = &call.context.store;
        Ok(store.remove_member(&group.id, &user.id).await?)
    }
}

impl Operation for ListGroupsForUser {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListGroupsForUser";
    const ACCESS: Access<ForUserInput> = Access::Policy {
        action: "iam:ListGroupsForUser",
        on: |input| input.user.resource(),
    };
    type Input = ForUserInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ForUserInput) -> Result<ListOutput, ApiError> {
        let user = input.user.find(call).await?;
        let mut groups = call.context.store.groups_of(&user.id).await?;
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        let page = input.paging.page(groups, |group| &group.name)?;
        Ok(ListOutput::of(call, page))
    }
}
