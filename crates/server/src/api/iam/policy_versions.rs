//! Versions of managed policies. Of up to five, the default one counts wherever the policy is attached.

use serde::{Deserialize, Serialize};

use super::managed_policies::check_version;
use super::owner::{ManagedPolicy, Named};
use super::paging::Paging;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, percent_encoded, truth};
use crate::error::{ApiError, Code};
use crate::limits;
use crate::store::{EntityRow, PolicyVersionRow, VersionDeletion};

pub(crate) struct CreatePolicyVersion;
pub(crate) struct GetPolicyVersion;
pub(crate) struct ListPolicyVersions;
pub(crate) struct SetDefaultPolicyVersion;
pub(crate) struct DeletePolicyVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInput {
    #[serde(flatten)]
    policy: Named<ManagedPolicy>,
    policy_document: String,
    #[serde(default, deserialize_with = "truth")]
    set_as_default: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneInput {
    #[serde(flatten)]
    policy: Named<ManagedPolicy>,
    version_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListInput {
    #[serde(flatten)]
    policy: Named<ManagedPolicy>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyVersion {
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: IsoTime,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VersionOutput {
    policy_version: PolicyVersion,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    versions: Vec<PolicyVersion>,
    is_truncated: bool,
    marker: Option<String>,
}

impl PolicyVersion {
    /// Without its text, as lists have it.
    fn listed(row: &PolicyVersionRow, default: i64) -> Self {
        Self {
            document: None,
            version_id: format!("v{}", row.version),
            is_default_version: row.version == default,
            create_date: IsoTime(row.created),
        }
    }
}

/// The number in `v3`.
fn number(version_id: &str) -> Result<i64, ApiError> {
    let digits = version_id
        .strip_prefix('v')
        .filter(|digits| !digits.starts_with(['0', '+', '-']));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| {
            ApiError::constraint(
                "versionId",
                "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?",
            )
        })
}

fn no_such_version(policy: &EntityRow, version_id: &str) -> ApiError {
    ApiError::new(
        Code::NoSuchEntity,
        format!(
            "Policy {} version {version_id} does not exist or is not attachable.",
            policy.name
        ),
    )
}

/// A policy's versions, newest first, and the number of the default one.
async fn versions(
    call: Call<'_>,
    policy: &EntityRow,
) -> Result<(Vec<PolicyVersionRow>, i64), ApiError> {
    let store = &call.context.store;
    let row = store.managed_policy(&policy.id).await?;
    let row = row.ok_or_else(|| ApiError::internal("a managed policy has no versions"))?;
    Ok((
        store.policy_versions(&policy.id).await?,
        row.default_version,
    ))
}

impl Operation for CreatePolicyVersion {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreatePolicyVersion";
    const ACCESS: Access<CreateInput> = Access::Policy {
        action: "iam:CreatePolicyVersion",
        on: |input| input.policy.resource(),
    };
    type Input = CreateInput;
    type Output = VersionOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<VersionOutput, ApiError> {
        check_version(&input.policy_document)?;
        let policy = input.policy.find_modifiable(call).await?;
        let (now, is_default) = (call.context.now(), input.set_as_default == Some(true));
        let limit = limits::POLICY_VERSIONS;
        let store = &call.context.store;
        let added = store
            .add_policy_version(&policy.id, &input.policy_document, is_default, limit, now)
            .await?;
        let version = added.ok_or_else(|| {
            ApiError::new(
                Code::LimitExceeded,
                format!(
                    "A managed policy can have up to {limit} versions. Before you create a new version, you must delete \
                     an existing version."
                ),
            )
        })?;
        Ok(VersionOutput {
            policy_version: PolicyVersion {
                document: None,
                version_id: format!("v{version}"),
                is_default_version: is_default,
                create_date: IsoTime(now),
            },
        })
    }
}

impl Operation for GetPolicyVersion {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetPolicyVersion";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:GetPolicyVersion",
        on: |input| input.policy.resource(),
    };
    type Input = OneInput;
    type Output = VersionOutput;

    async fn run(call: Call<'_>, input: OneInput) -> Result<VersionOutput, ApiError> {
        let number = number(&input.version_id)?;
        let policy = input.policy.find(call).await?;
        let (versions, default) = versions(call, &policy).await?;
        let version = versions
            .into_iter()
            .find(|version| version.version == number)
            .ok_or_else(|| no_such_version(&policy, &input.version_id))?;
        Ok(VersionOutput {
            policy_version: PolicyVersion {
                document: Some(percent_encoded(&version.document)),
                ..PolicyVersion::listed(&version, default)
            },
        })
    }
}

impl Operation for ListPolicyVersions {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListPolicyVersions";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListPolicyVersions",
        on: |input| input.policy.resource(),
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, input: ListInput) -> Result<ListOutput, ApiError> {
        let policy = input.policy.find(call).await?;
        let (versions, default) = versions(call, &policy).await?;
        // Newest first: the marker counts down, in as many digits as a number can have.
        let keyed = versions.iter().map(|version| {
            let place = format!("{:019}", i64::MAX - version.version);
            (place, PolicyVersion::listed(version, default))
        });
        let page = input.paging.page(keyed.collect(), |(place, _)| place)?;
        Ok(ListOutput {
            versions: page.items.into_iter().map(|(_, version)| version).collect(),
            is_truncated: page.next.is_some(),
            marker: page.next,
        })
    }
}

impl Operation for SetDefaultPolicyVersion {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:SetDefaultPolicyVersion",
        on: |input| input.policy.resource(),
    };
    type Input = OneInput;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput) -> Result<(), ApiError> {
        let number = number(&input.version_id)?;
        let policy = input.policy.find_modifiable(call).await?;
        let (store, now) = (&call.context.store, call.context.now());
        match store.set_default_version(&policy.id, number, now).await? {
            true => Ok(()),
            false => Err(no_such_version(&policy, &input.version_id)),
        }
    }
}

impl Operation for DeletePolicyVersion {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeletePolicyVersion";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "iam:DeletePolicyVersion",
        on: |input| input.policy.resource(),
    };
    type Input = OneInput;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput) -> Result<(), ApiError> {
        let number = number(&input.version_id)?;
        let policy = input.policy.find_modifiable(call).await?;
        let store = &call.context.store;
        match store.delete_policy_version(&policy.id, number).await? {
            VersionDeletion::Deleted => Ok(()),
            VersionDeletion::NoSuchVersion => Err(no_such_version(&policy, &input.version_id)),
            VersionDeletion::IsDefault => Err(ApiError::new(
                Code::DeleteConflict,
                "Cannot delete the default version of a policy: make another version the default first.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_version_id_is_refused() {
        for id in [
            "",
            "v",
            "1",
            "v0",
            "v01",
            "v-1",
            "v+1",
            "V1",
            "v1x",
            "v99999999999999999999",
        ] {
            assert_eq!(
                number(id).map_err(|e| e.code()),
                Err(Code::Validation),
                "{id}"
            );
        }
        assert_eq!(number("v12").ok(), Some(12));
    }
}
