//! `ListEntitiesForPolicy`: whom a managed policy is attached to, or whose boundary it is.

use serde::{Deserialize, Serialize};

use super::names::check_path;
use super::owner::{ManagedPolicy, Named};
use super::paging::Paging;
use crate::api::iam::managed_policies::Usage;
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::store::{EntityRow, Kind};

pub(crate) struct ListEntitiesForPolicy;

/// Which entities to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Filter {
    User,
    Role,
    Group,
    LocalManagedPolicy,
    #[serde(rename = "AWSManagedPolicy")]
    AwsManagedPolicy,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(flatten)]
    policy: Named<ManagedPolicy>,
    entity_filter: Option<Filter>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<Usage>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyUser {
    user_name: String,
    user_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyRole {
    role_name: String,
    role_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyGroup {
    group_name: String,
    group_id: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListEntitiesForPolicy {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListEntitiesForPolicy";
    const ACCESS: Access<Input> = Access::Policy {
        action: "iam:ListEntitiesForPolicy",
        on: |input| input.policy.resource(),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        check_path("pathPrefix", prefix)?;
        let policy = input.policy.find(call).await?;
        let store = &call.context.store;
        let mut entities = Vec::new();
        if input.policy_usage_filter != Some(Usage::PermissionsBoundary) {
            entities.extend(store.attached_to(&policy.id).await?);
        }
        if input.policy_usage_filter != Some(Usage::PermissionsPolicy) {
            entities.extend(store.bounded_by(&policy.id).await?);
        }
        entities.retain(|entity| {
            entity.path.starts_with(prefix) && is_meant(input.entity_filter, entity.kind)
        });
        // One entity may use the policy both ways; its id sorts and names it once.
        entities.sort_by(|a, b| a.id.cmp(&b.id));
        entities.dedup_by(|a, b| a.id == b.id);
        let page = input.paging.page(entities, |entity| &entity.id)?;
        let mut output = Output {
            is_truncated: page.next.is_some(),
            marker: page.next,
            ..Output::default()
        };
        for entity in page.items {
            output.add(entity);
        }
        Ok(output)
    }
}

impl Output {
    fn add(&mut self, EntityRow { kind, name, id, .. }: EntityRow) {
        match kind {
            Kind::User => self.policy_users.push(PolicyUser {
                user_name: name,
                user_id: id,
            }),
            Kind::Role => self.policy_roles.push(PolicyRole {
                role_name: name,
                role_id: id,
            }),
            Kind::Group => self.policy_groups.push(PolicyGroup {
                group_name: name,
                group_id: id,
            }),
            // Policies are attached to nothing of these kinds.
            Kind::Policy | Kind::AwsPolicy | Kind::OidcProvider => {}
        }
    }
}

fn is_meant(filter: Option<Filter>, kind: Kind) -> bool {
    match filter {
        None => true,
        Some(Filter::User) => kind == Kind::User,
        Some(Filter::Role) => kind == Kind::Role,
        Some(Filter::Group) => kind == Kind::Group,
        Some(Filter::LocalManagedPolicy | Filter::AwsManagedPolicy) => false,
    }
}
