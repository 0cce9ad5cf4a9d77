//! `CreateRole`, `GetRole`, `ListRoles`, `UpdateRole`, `UpdateAssumeRolePolicy`, `DeleteRole`.

use serde::{Deserialize, Serialize};

use super::boundaries::{AttachedBoundary, boundary, first_boundary};
use super::names::{check_description, check_name, check_path};
use super::owner::{self, Named, conflict};
use super::paging::Paging;
use super::tags::{Tag, check_tags, creation_keys, request_keys, tags_if_any};
use super::trust;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, integer, list, percent_encoded};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::limits;
use crate::store::{EntityRow, Kind, RoleRow, TagRow};

pub(crate) struct CreateRole;
pub(crate) struct GetRole;
pub(crate) struct ListRoles;
pub(crate) struct DeleteRole;
pub(crate) struct UpdateRole;
pub(crate) struct UpdateAssumeRolePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    role_name: String,
    assume_role_policy_document: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    max_session_duration: Option<i64>,
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
            kind: Kind::Role,
            path: self.path().to_owned(),
            name: self.role_name.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct NameInput {
    #[serde(flatten)]
    role: Named<owner::Role>,
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
    role: Named<owner::Role>,
    description: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    max_session_duration: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TrustInput {
    #[serde(flatten)]
    role: Named<owner::Role>,
    policy_document: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Role {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: IsoTime,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: i64,
    permissions_boundary: Option<AttachedBoundary>,
    tags: Option<Vec<Tag>>,
}

impl Role {
    /// As lists have it, without tags and boundary, as in AWS.
    fn listed(call: Call<'_>, row: RoleRow) -> Self {
        Self {
            arn: call.context.config.scope().arn_of(&row.entity),
            path: row.entity.path,
            role_name: row.entity.name,
            role_id: row.entity.id,
            create_date: IsoTime(row.entity.created),
            assume_role_policy_document: percent_encoded(&row.trust.document),
            description: row.description,
            max_session_duration: row.max_session_seconds,
            permissions_boundary: None,
            tags: None,
        }
    }

    /// By itself, with all there is to say.
    async fn described(call: Call<'_>, row: RoleRow) -> Result<Self, ApiError> {
        let tags = call.context.store.tags(&row.entity.id).await?;
        Ok(Self {
            permissions_boundary: boundary(call, &row.entity).await?,
            tags: tags_if_any(tags),
            ..Self::listed(call, row)
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoleOutput {
    role: Role,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    roles: Vec<Role>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UpdateOutput {}

fn check(input: &CreateInput) -> Result<(), ApiError> {
    check_name("roleName", &input.role_name, 64)?;
    check_path("path", input.path())?;
    check_terms(input.description.as_deref(), input.max_session_duration)?;
    check_tags(&input.tags)
}

/// What may be changed about a role at any time.
fn check_terms(description: Option<&str>, max_seconds: Option<i64>) -> Result<(), ApiError> {
    check_description(description)?;
    if max_seconds.is_none_or(|seconds| limits::ROLE_SESSION_SECONDS.contains(&seconds)) {
        return Ok(());
    }
    Err(ApiError::constraint(
        "maxSessionDuration",
        "Member must be between 3600 and 43200",
    ))
}

impl Operation for CreateRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateRole";
    const ACCESS: Access<CreateInput> = Access::Keyed {
        action: "iam:CreateRole",
        on: CreateInput::on,
        keys: |input| creation_keys(&input.tags, input.permissions_boundary.as_deref()),
    };
    type Input = CreateInput;
    type Output = RoleOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<RoleOutput, ApiError> {
        check(&input)?;
        if !input.tags.is_empty() {
            // Tags decide the OS user, so setting them takes its own permission, as in AWS.
            let keys = request_keys(&input.tags);
            call.demand_with("iam:TagRole", &input.on(), &keys).await?;
        }
        let row = RoleRow {
            entity: EntityRow {
                id: fresh_id("AROA", 17)?,
                kind: Kind::Role,
                boundary_id: first_boundary(call, input.permissions_boundary.as_deref()).await?,
                path: input.path().to_owned(),
                name: input.role_name,
                created: call.context.now(),
            },
            trust: trust::checked(call, input.assume_role_policy_document).await?,
            description: input.description,
            max_session_seconds: input
                .max_session_duration
                .unwrap_or(*limits::ROLE_SESSION_SECONDS.start()),
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        if !call.context.store.insert_role(&row, &tags).await? {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!("Role with name {} already exists.", row.entity.name),
            ));
        }
        Ok(RoleOutput {
            role: Role::described(call, row).await?,
        })
    }
}

impl Operation for GetRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetRole";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "iam:GetRole",
        on: |input| input.role.resource(),
    };
    type Input = NameInput;
    type Output = RoleOutput;

    async fn run(call: Call<'_>, input: NameInput) -> Result<RoleOutput, ApiError> {
        let store = &call.context.store;
        let entity = input.role.find(call).await?;
        let row = store.role_named(&entity.name).await?;
        let row = row.ok_or_else(|| input.role.no_such())?;
        Ok(RoleOutput {
            role: Role::described(call, row).await?,
        })
    }
}

impl Operation for ListRoles {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListRoles";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListRoles",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let paging = &input.paging;
        let (after, fetched) = (paging.after()?, paging.fetched()?);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let rows = call.context.store.roles(prefix, &after, fetched).await?;
        let page = page::cut(rows, paging.limit()?, |row| &row.entity.name);
        Ok(ListOutput {
            roles: page
                .items
                .into_iter()
                .map(|row| Role::listed(call, row))
                .collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for DeleteRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteRole";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "iam:DeleteRole",
        on: |input| input.role.resource(),
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let role = input.role.find_modifiable(call).await?;
        match call.context.store.delete_entity(&role.id).await? {
            None => Ok(()),
            Some(hindrance) => Err(conflict(hindrance)),
        }
    }
}

impl Operation for UpdateRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateRole";
    const ACCESS: Access<UpdateInput> = Access::Policy {
        action: "iam:UpdateRole",
        on: |input| input.role.resource(),
    };
    type Input = UpdateInput;
    type Output = UpdateOutput;

    async fn run(call: Call<'_>, input: UpdateInput) -> Result<UpdateOutput, ApiError> {
        check_terms(input.description.as_deref(), input.max_session_duration)?;
        let role = input.role.find_modifiable(call).await?;
        let store = &call.context.store;
        // What is left out stays as it is.
        store
            .change_role(
                &role.id,
                input.description.as_deref(),
                input.max_session_duration,
            )
            .await?;
        Ok(UpdateOutput {})
    }
}

impl Operation for UpdateAssumeRolePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACCESS: Access<TrustInput> = Access::Policy {
        action: "iam:UpdateAssumeRolePolicy",
        on: |input| input.role.resource(),
    };
    type Input = TrustInput;
    type Output = ();

    async fn run(call: Call<'_>, input: TrustInput) -> Result<(), ApiError> {
        let role = input.role.find_modifiable(call).await?;
        let trust = trust::checked(call, input.policy_document).await?;
        Ok(call.context.store.set_trust(&role.id, &trust).await?)
    }
}
