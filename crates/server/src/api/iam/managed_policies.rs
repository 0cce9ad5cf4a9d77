//! `CreatePolicy`, `GetPolicy`, `ListPolicies`, `DeletePolicy`: policies by themselves, to be attached by ARN.

use serde::{Deserialize, Serialize};

use super::inline_policies::check_document;
use super::names::{check_name, check_policy_path};
use super::owner::{ManagedPolicy, Named, conflict};
use super::paging::Paging;
use super::tags::{Tag, check_tags, request_keys};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, list, truth};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::limits;
use crate::store::{EntityRow, Kind, PolicyRow, TagRow};

pub(crate) struct CreatePolicy;
pub(crate) struct GetManagedPolicy;
pub(crate) struct ListManagedPolicies;
pub(crate) struct DeleteManagedPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    policy_name: String,
    policy_document: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "list")]
    tags: Vec<Tag>,
}

impl CreateInput {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    fn on(&self) -> Resource {
        Resource::EntityAt {
            kind: Kind::Policy,
            path: self.path().to_owned(),
            name: self.policy_name.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ArnInput {
    #[serde(flatten)]
    policy: Named<ManagedPolicy>,
}

/// Which policies to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Scope {
    #[default]
    All,
    #[serde(rename = "AWS")]
    Aws,
    Local,
}

/// What policies are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Usage {
    PermissionsPolicy,
    PermissionsBoundary,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    #[serde(default)]
    scope: Scope,
    #[serde(default, deserialize_with = "truth")]
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<Usage>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: i64,
    permissions_boundary_usage_count: i64,
    is_attachable: bool,
    description: Option<String>,
    create_date: IsoTime,
    update_date: IsoTime,
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyOutput {
    policy: Policy,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    policies: Vec<Policy>,
    is_truncated: bool,
    marker: Option<String>,
}

/// Lists of policies leave tags and descriptions out, as in AWS.
fn listed(call: Call<'_>, row: PolicyRow) -> Policy {
    Policy {
        arn: call.context.config.scope().arn_of(&row.entity),
        policy_name: row.entity.name,
        policy_id: row.entity.id,
        path: row.entity.path,
        default_version_id: format!("v{}", row.default_version),
        attachment_count: row.attachments,
        permissions_boundary_usage_count: row.bounded,
        is_attachable: true,
        description: None,
        create_date: IsoTime(row.entity.created),
        update_date: IsoTime(row.updated),
        tags: None,
    }
}

/// One policy with its description and tags.
async fn described(call: Call<'_>, id: &str) -> Result<PolicyOutput, ApiError> {
    let row = call.context.store.managed_policy(id).await?;
    let row = row.ok_or_else(|| ApiError::internal(format!("the policy {id} has no versions")))?;
    let tags = call.context.store.tags(id).await?;
    Ok(PolicyOutput {
        policy: Policy {
            description: row.description.clone(),
            tags: Some(tags.into_iter().map(Tag::from).collect()),
            ..listed(call, row)
        },
    })
}

/// Refuses a text that cannot be a version of a managed policy.
pub(super) fn check_version(document: &str) -> Result<(), ApiError> {
    let size = document.chars().filter(|c| !c.is_whitespace()).count();
    if size > limits::MANAGED_POLICY {
        return Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "Cannot exceed quota for PolicySize: {}",
                limits::MANAGED_POLICY
            ),
        ));
    }
    check_document(document)
}

impl Operation for CreatePolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreatePolicy";
    const ACCESS: Access<CreateInput> = Access::Keyed {
        action: "iam:CreatePolicy",
        on: CreateInput::on,
        keys: |input| request_keys(&input.tags),
    };
    type Input = CreateInput;
    type Output = PolicyOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<PolicyOutput, ApiError> {
        check_name("policyName", &input.policy_name, 128)?;
        check_policy_path("path", input.path())?;
        if input
            .description
            .as_ref()
            .is_some_and(|text| text.chars().count() > 1000)
        {
            let rule = "Member must have length less than or equal to 1000";
            return Err(ApiError::constraint("description", rule));
        }
        if !input.tags.is_empty() {
            let keys = request_keys(&input.tags);
            call.demand_with("iam:TagPolicy", &input.on(), &keys)
                .await?;
        }
        check_tags(&input.tags)?;
        check_version(&input.policy_document)?;
        let entity = EntityRow {
            id: fresh_id("ANPA", 17)?,
            kind: Kind::Policy,
            path: input.path().to_owned(),
            name: input.policy_name,
            boundary_id: None,
            created: call.context.now(),
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        let (store, description) = (&call.context.store, input.description.as_deref());
        if !store
            .insert_managed_policy(&entity, description, &input.policy_document, &tags)
            .await?
        {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!(
                    "A policy called {} already exists. Duplicate names are not allowed.",
                    entity.name
                ),
            ));
        }
        described(call, &entity.id).await
    }
}

impl Operation for GetManagedPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetPolicy";
    const ACCESS: Access<ArnInput> = Access::Policy {
        action: "iam:GetPolicy",
        on: |input| input.policy.resource(),
    };
    type Input = ArnInput;
    type Output = PolicyOutput;

    async fn run(call: Call<'_>, input: ArnInput) -> Result<PolicyOutput, ApiError> {
        let policy = input.policy.find(call).await?;
        described(call, &policy.id).await
    }
}

impl Operation for ListManagedPolicies {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListPolicies";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListPolicies",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        check_policy_path("pathPrefix", prefix)?;
        let kinds: &[Kind] = match input.scope {
            Scope::All => &[Kind::AwsPolicy, Kind::Policy],
            Scope::Aws => &[Kind::AwsPolicy],
            Scope::Local => &[Kind::Policy],
        };
        let only_attached = input.only_attached == Some(true);
        let is_meant = |row: &PolicyRow| match input.policy_usage_filter {
            None => !only_attached || row.attachments + row.bounded > 0,
            Some(Usage::PermissionsPolicy) => row.attachments > 0,
            Some(Usage::PermissionsBoundary) => row.bounded > 0,
        };
        let mut policies = Vec::new();
        for kind in kinds {
            let rows = call.context.store.managed_policies(*kind, prefix).await?;
            let rows = rows.into_iter().filter(is_meant);
            policies.extend(rows.map(|row| listed(call, row)));
        }
        policies.sort_by(|a, b| a.arn.cmp(&b.arn));
        let page = input.paging.page(policies, |policy| &policy.arn)?;
        Ok(ListOutput {
            policies: page.items,
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for DeleteManagedPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeletePolicy";
    const ACCESS: Access<ArnInput> = Access::Policy {
        action: "iam:DeletePolicy",
        on: |input| input.policy.resource(),
    };
    type Input = ArnInput;
    type Output = ();

    async fn run(call: Call<'_>, input: ArnInput) -> Result<(), ApiError> {
        let policy = input.policy.find_modifiable(call).await?;
        match call.context.store.delete_entity(&policy.id).await? {
            None => Ok(()),
            Some(hindrance) => Err(conflict(hindrance)),
        }
    }
}
