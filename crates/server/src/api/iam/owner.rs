//! The kinds of entity that tags, policies and boundaries hang on, so that every operation on them is written once.
//!
//! IAM names the same operation differently for each kind (`PutUserPolicy`, `PutRolePolicy`) and its input by another
//! member (`UserName`, `RoleName`). The traits hold those words; [`Named`] reads exactly its own member.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::names::{check_name, check_policy_arn};
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{NODE_ROLE_ID, Resource, find_managed_policy};
use crate::limits;
use crate::store::{EntityRow, Hindrance, Kind};

/// The actions on what policies an entity has.
pub(crate) struct PolicyActions {
    pub(super) put: &'static str,
    pub(super) get: &'static str,
    pub(super) list: &'static str,
    pub(super) delete: &'static str,
    pub(super) attach: &'static str,
    pub(super) detach: &'static str,
    pub(super) list_attached: &'static str,
}

/// The actions on an entity's tags.
pub(crate) struct TagActions {
    pub(super) set: &'static str,
    pub(super) remove: &'static str,
    pub(super) list: &'static str,
}

/// The actions on an entity's permissions boundary.
pub(crate) struct BoundaryActions {
    pub(super) put: &'static str,
    pub(super) delete: &'static str,
}

macro_rules! policy_actions {
    ($kind:literal) => {
        PolicyActions {
            put: concat!("iam:Put", $kind, "Policy"),
            get: concat!("iam:Get", $kind, "Policy"),
            list: concat!("iam:List", $kind, "Policies"),
            delete: concat!("iam:Delete", $kind, "Policy"),
            attach: concat!("iam:Attach", $kind, "Policy"),
            detach: concat!("iam:Detach", $kind, "Policy"),
            list_attached: concat!("iam:ListAttached", $kind, "Policies"),
        }
    };
}

macro_rules! tag_actions {
    ($kind:literal) => {
        TagActions {
            set: concat!("iam:Tag", $kind),
            remove: concat!("iam:Untag", $kind),
            list: concat!("iam:List", $kind, "Tags"),
        }
    };
}

macro_rules! boundary_actions {
    ($kind:literal) => {
        BoundaryActions {
            put: concat!("iam:Put", $kind, "PermissionsBoundary"),
            delete: concat!("iam:Delete", $kind, "PermissionsBoundary"),
        }
    };
}

/// The operation that `action` allows: `PutUserPolicy` of `iam:PutUserPolicy`.
pub(super) const fn operation(action: &'static str) -> &'static str {
    match action.split_at_checked("iam:".len()) {
        Some((_, name)) => name,
        None => action,
    }
}

/// A kind of entity, as calls name it.
pub(crate) trait Subject: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
    /// What it is called in sentences.
    const WORD: &'static str;
    /// The member that names one.
    const MEMBER: &'static str;
    /// Characters of the longest name that is looked for.
    const LONGEST_NAME: usize;
}

/// A kind of entity that policies grant something to.
pub(crate) trait Owner: Subject {
    /// Characters of its inline policies together, white space not counted.
    const INLINE_POLICIES: usize;
    /// What AWS calls the limit of attached policies.
    const ATTACHED_QUOTA: &'static str;
    /// Its operations' names.
    const POLICY_ACTIONS: PolicyActions;
}

/// A kind of entity that has tags.
pub(crate) trait Tagged: Subject {
    /// Its operations' names.
    const TAG_ACTIONS: TagActions;
}

/// A kind of entity that may have a permissions boundary.
pub(crate) trait Bounded: Subject {
    /// Its operations' names.
    const BOUNDARY_ACTIONS: BoundaryActions;
}

/// Users.
#[derive(Debug)]
pub(crate) struct User;
/// Roles.
#[derive(Debug)]
pub(crate) struct Role;
/// Groups: they have neither tags nor boundaries.
#[derive(Debug)]
pub(crate) struct Group;
/// Managed policies, named by ARN.
#[derive(Debug)]
pub(crate) struct ManagedPolicy;
/// OpenID Connect providers, named by ARN.
#[derive(Debug)]
pub(crate) struct OidcProvider;

impl Subject for User {
    const KIND: Kind = Kind::User;
    const WORD: &'static str = "user";
    const MEMBER: &'static str = "UserName";
    const LONGEST_NAME: usize = 128;
}

impl Owner for User {
    const INLINE_POLICIES: usize = limits::INLINE_POLICIES;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerUser";
    const POLICY_ACTIONS: PolicyActions = policy_actions!("User");
}

impl Tagged for User {
    const TAG_ACTIONS: TagActions = tag_actions!("User");
}

impl Bounded for User {
    const BOUNDARY_ACTIONS: BoundaryActions = boundary_actions!("User");
}

impl Subject for Role {
    const KIND: Kind = Kind::Role;
    const WORD: &'static str = "role";
    const MEMBER: &'static str = "RoleName";
    const LONGEST_NAME: usize = 64;
}

impl Owner for Role {
    const INLINE_POLICIES: usize = limits::ROLE_INLINE_POLICIES;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerRole";
    const POLICY_ACTIONS: PolicyActions = policy_actions!("Role");
}

impl Tagged for Role {
    const TAG_ACTIONS: TagActions = tag_actions!("Role");
}

impl Bounded for Role {
    const BOUNDARY_ACTIONS: BoundaryActions = boundary_actions!("Role");
}

impl Subject for Group {
    const KIND: Kind = Kind::Group;
    const WORD: &'static str = "group";
    const MEMBER: &'static str = "GroupName";
    const LONGEST_NAME: usize = 128;
}

impl Owner for Group {
    const INLINE_POLICIES: usize = limits::GROUP_INLINE_POLICIES;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerGroup";
    const POLICY_ACTIONS: PolicyActions = policy_actions!("Group");
}

impl Subject for ManagedPolicy {
    const KIND: Kind = Kind::Policy;
    const WORD: &'static str = "policy";
    const MEMBER: &'static str = "PolicyArn";
    const LONGEST_NAME: usize = 2048;
}

impl Tagged for ManagedPolicy {
    const TAG_ACTIONS: TagActions = tag_actions!("Policy");
}

impl Subject for OidcProvider {
    const KIND: Kind = Kind::OidcProvider;
    const WORD: &'static str = "OpenIDConnect provider";
    const MEMBER: &'static str = "OpenIDConnectProviderArn";
    const LONGEST_NAME: usize = 2048;
}

impl Tagged for OidcProvider {
    const TAG_ACTIONS: TagActions = tag_actions!("OpenIDConnectProvider");
}

/// An entity as a call names it, and as an answer names it back.
#[derive(Debug)]
pub(super) struct Named<S> {
    name: String,
    subject: PhantomData<S>,
}

impl<S: Subject> Named<S> {
    /// The one of that name, or ARN.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subject: PhantomData,
        }
    }

    /// What the call is judged on.
    pub(super) fn resource(&self) -> Resource {
        match S::KIND {
            Kind::Policy | Kind::AwsPolicy => Resource::ManagedPolicy(self.name.clone()),
            Kind::OidcProvider => Resource::Entity(Kind::OidcProvider, self.address().to_owned()),
            kind => Resource::Entity(kind, self.name.clone()),
        }
    }

    /// The address in the ARN of a provider.
    pub(super) fn address(&self) -> &str {
        let parts = self.name.split_once(":oidc-provider/");
        parts.map_or("", |(_, address)| address)
    }

    /// What a call is judged on that changes which policies it has.
    pub(super) fn policies(&self) -> Resource {
        Resource::PoliciesOf(S::KIND, self.name.clone())
    }

    /// The entity of that name.
    pub(super) async fn find(&self, call: Call<'_>) -> Result<EntityRow, ApiError> {
        let found = match S::KIND {
            Kind::Policy | Kind::AwsPolicy => {
                check_policy_arn(S::MEMBER, &self.name)?;
                find_managed_policy(call.context, &self.name).await?
            }
            Kind::OidcProvider => {
                let found = call
                    .context
                    .store
                    .entity_named(Kind::OidcProvider, self.address())
                    .await?;
                found.filter(|provider| call.context.config.scope().arn_of(provider) == self.name)
            }
            kind => {
                check_name(S::MEMBER, &self.name, S::LONGEST_NAME)?;
                call.context.store.entity_named(kind, &self.name).await?
            }
        };
        found.ok_or_else(|| self.no_such())
    }

    /// The entity of that name, if people may change it: what comes with the service is what the service makes of it.
    pub(super) async fn find_modifiable(&self, call: Call<'_>) -> Result<EntityRow, ApiError> {
        let entity = self.find(call).await?;
        if entity.id == NODE_ROLE_ID {
            return Err(ApiError::new(
                Code::UnmodifiableEntity,
                format!(
                    "Cannot perform the operation on the protected role '{}': it comes with the service.",
                    entity.name
                ),
            ));
        }
        if entity.kind == Kind::AwsPolicy {
            return Err(ApiError::new(
                Code::InvalidInput,
                format!(
                    "Policy {} comes with the service and cannot be changed: create a policy of your own from its text.",
                    self.name
                ),
            ));
        }
        Ok(entity)
    }

    /// The refusal of a name that nothing has.
    pub(super) fn no_such(&self) -> ApiError {
        let sentence = match S::KIND {
            Kind::Policy | Kind::AwsPolicy => {
                format!("Policy {} does not exist or is not attachable.", self.name)
            }
            Kind::OidcProvider => {
                format!("OpenIDConnect Provider not found for arn {}", self.name)
            }
            _ => format!("The {} with name {} cannot be found.", S::WORD, self.name),
        };
        ApiError::new(Code::NoSuchEntity, sentence)
    }
}

/// The refusal to delete what still has something, in AWS's sentences: each says what to do first.
pub(super) fn conflict(hindrance: Hindrance) -> ApiError {
    let sentence = match hindrance {
        Hindrance::AccessKeys => "Cannot delete entity, must delete access keys first.",
        Hindrance::InlinePolicies => "Cannot delete entity, must delete policies first.",
        Hindrance::AttachedPolicies => "Cannot delete entity, must detach all policies first.",
        Hindrance::Memberships => "Cannot delete entity, must remove users from group first.",
        Hindrance::InUse => {
            "Cannot delete a policy attached to entities, or set as the permissions boundary of one."
        }
        Hindrance::Versions => {
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy."
        }
    };
    ApiError::new(Code::DeleteConflict, sentence)
}

impl<'de, S: Subject> Deserialize<'de> for Named<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = BTreeMap::<String, Value>::deserialize(from)?;
        match members.remove(S::MEMBER) {
            Some(Value::String(name)) => Ok(Self::new(name)),
            Some(_) => Err(D::Error::custom("the name is not text")),
            None => Err(D::Error::missing_field(S::MEMBER)),
        }
    }
}

impl<S: Subject> Serialize for Named<S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let mut members = to.serialize_map(Some(1))?;
        members.serialize_entry(S::MEMBER, &self.name)?;
        members.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_owner_is_named_by_its_own_member_alone() {
        let read = |input: Value| serde_json::from_value::<Named<Role>>(input);
        for input in [
            json!({}),
            json!({"UserName": "a"}),
            json!({"RoleName": ["a"]}),
        ] {
            assert!(read(input.clone()).is_err(), "{input}");
        }
        let named = read(json!({"UserName": "a", "RoleName": "b"})).unwrap();
        assert_eq!(
            serde_json::to_value(&named).unwrap(),
            json!({"RoleName": "b"})
        );
    }

    #[test]
    fn a_missing_name_is_told_by_its_member() {
        let error = serde_json::from_value::<Named<User>>(json!({})).unwrap_err();
        assert_eq!(error.to_string(), "missing field `UserName`");
    }

    #[test]
    fn an_operation_is_named_like_its_action() {
        assert_eq!(operation(User::POLICY_ACTIONS.put), "PutUserPolicy");
        assert_eq!(operation(Role::TAG_ACTIONS.list), "ListRoleTags");
    }
}
