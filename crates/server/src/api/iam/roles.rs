//! `CreateRole`, `GetRole`, `ListRoles`, `DeleteRole`, `UpdateAssumeRolePolicy`.

use serde::{Deserialize, Serialize};

use super::entity::{Paging, check_name, check_path, modifiable_role, role};
use super::tags::{Tag, check_tags, request_keys};
use super::trust;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, integer, list, percent_encoded};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::limits;
use crate::store::{RoleRow, TagRow};

pub(crate) struct CreateRole;
pub(crate) struct GetRole;
pub(crate) struct ListRoles;
pub(crate) struct DeleteRole;
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
        let path = self.path().strip_prefix('/').unwrap_or(self.path());
        Resource::Role(format!("{path}{}", self.role_name))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NameInput {
    role_name: String,
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
    role_name: String,
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
    tags: Option<Vec<Tag>>,
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

/// Lists of roles leave tags out, as in AWS.
fn described(call: Call<'_>, row: RoleRow, tags: Option<Vec<TagRow>>) -> Role {
    Role {
        arn: call.context.config.scope().role(&row.path_and_name()),
        path: row.path,
        role_name: row.name,
        role_id: row.role_id,
        create_date: IsoTime(row.created),
        assume_role_policy_document: percent_encoded(&row.trust.document),
        description: row.description,
        max_session_duration: row.max_session_seconds,
        tags: tags
            .filter(|tags| !tags.is_empty())
            .map(|tags| tags.into_iter().map(Tag::from).collect()),
    }
}

fn check(input: &CreateInput) -> Result<(), ApiError> {
    check_name("roleName", &input.role_name, 64)?;
    check_path("path", input.path())?;
    if input.permissions_boundary.is_some() {
        return Err(ApiError::new(
            Code::InvalidInput,
            "Permissions boundaries are not served: leave PermissionsBoundary out.",
        ));
    }
    let printable = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let describes = |text: &String| text.chars().count() <= 1000 && text.chars().all(printable);
    if !input.description.as_ref().is_none_or(describes) {
        return Err(ApiError::constraint(
            "description",
            "Member must have at most 1000 characters of Latin-1",
        ));
    }
    if !input
        .max_session_duration
        .is_none_or(|seconds| limits::ROLE_SESSION_SECONDS.contains(&seconds))
    {
        return Err(ApiError::constraint(
            "maxSessionDuration",
            "Member must be between 3600 and 43200",
        ));
    }
    check_tags(&input.tags)
}

impl Operation for CreateRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateRole";
    const ACCESS: Access<CreateInput> = Access::Tagging {
        action: "iam:CreateRole",
        on: CreateInput::on,
        keys: |input| request_keys(&input.tags),
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
            role_id: fresh_id("AROA", 17)?,
            path: input.path().to_owned(),
            name: input.role_name,
            trust: trust::checked(call, input.assume_role_policy_document).await?,
            description: input.description,
            max_session_seconds: input
                .max_session_duration
                .unwrap_or(*limits::ROLE_SESSION_SECONDS.start()),
            created: call.context.now(),
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        if !call.context.store.insert_role(&row, &tags).await? {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!("Role with name {} already exists.", row.name),
            ));
        }
        Ok(RoleOutput {
            role: described(call, row, Some(tags)),
        })
    }
}

impl Operation for GetRole {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetRole";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "iam:GetRole",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = NameInput;
    type Output = RoleOutput;

    async fn run(call: Call<'_>, input: NameInput) -> Result<RoleOutput, ApiError> {
        let row = role(call, &input.role_name).await?;
        let tags = call.context.store.role_tags(&row.role_id).await?;
        Ok(RoleOutput {
            role: described(call, row, Some(tags)),
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
        let limit = input.paging.limit()?;
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let rows = call
            .context
            .store
            .roles(prefix, &input.paging.after()?, fetched)
            .await?;
        let page = page::cut(rows, limit, |row| &row.name);
        Ok(ListOutput {
            roles: page
                .items
                .into_iter()
                .map(|row| described(call, row, None))
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
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let row = modifiable_role(call, &input.role_name).await?;
        if call.context.store.delete_role(&row.role_id).await? {
            return Ok(());
        }
        Err(ApiError::new(
            Code::DeleteConflict,
            "Cannot delete entity, must delete policies first.",
        ))
    }
}

impl Operation for UpdateAssumeRolePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACCESS: Access<UpdateInput> = Access::Policy {
        action: "iam:UpdateAssumeRolePolicy",
        on: |input| Resource::RoleNamed(input.role_name.clone()),
    };
    type Input = UpdateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: UpdateInput) -> Result<(), ApiError> {
        let row = modifiable_role(call, &input.role_name).await?;
        let trust = trust::checked(call, input.policy_document).await?;
        Ok(call.context.store.set_trust(&row.role_id, &trust).await?)
    }
}
