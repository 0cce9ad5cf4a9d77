//! The kinds of entity that tags and policies hang on, so that every operation on them is written once.
//!
//! IAM names the same operation differently for each kind (`PutUserPolicy`, `PutRolePolicy`) and its input by another
//! member (`UserName`, `RoleName`). An [`Owner`] holds those words; [`Named`] reads exactly its own member.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::names::check_name;
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{NODE_ROLE_ID, Resource};
use crate::limits;
use crate::store::{EntityRow, Hindrance, Kind};

/// The IAM actions that every kind of owner has, each under its own name.
pub(crate) struct Actions {
    pub(super) put_policy: &'static str,
    pub(super) get_policy: &'static str,
    pub(super) list_policies: &'static str,
    pub(super) delete_policy: &'static str,
    pub(super) tag: &'static str,
    pub(super) untag: &'static str,
    pub(super) list_tags: &'static str,
}

macro_rules! actions {
    ($kind:literal) => {
        Actions {
            put_policy: concat!("iam:Put", $kind, "Policy"),
            get_policy: concat!("iam:Get", $kind, "Policy"),
            list_policies: concat!("iam:List", $kind, "Policies"),
            delete_policy: concat!("iam:Delete", $kind, "Policy"),
            tag: concat!("iam:Tag", $kind),
            untag: concat!("iam:Untag", $kind),
            list_tags: concat!("iam:List", $kind, "Tags"),
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

/// A kind of entity, as the operations on what it owns see it.
pub(crate) trait Owner: Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
    /// What it is called in sentences.
    const WORD: &'static str;
    /// The member that names one.
    const MEMBER: &'static str;
    /// Characters of the longest name that is looked for.
    const LONGEST_NAME: usize;
    /// Characters of its inline policies together, white space not counted.
    const INLINE_POLICIES: usize;
    /// Its operations' names.
    const ACTIONS: Actions;
}

/// Users, as owners.
#[derive(Debug)]
pub(crate) struct User;
/// Roles, as owners.
#[derive(Debug)]
pub(crate) struct Role;

impl Owner for User {
    const KIND: Kind = Kind::User;
    const WORD: &'static str = "user";
    const MEMBER: &'static str = "UserName";
    const LONGEST_NAME: usize = 128;
    const INLINE_POLICIES: usize = limits::INLINE_POLICIES;
    const ACTIONS: Actions = actions!("User");
}

impl Owner for Role {
    const KIND: Kind = Kind::Role;
    const WORD: &'static str = "role";
    const MEMBER: &'static str = "RoleName";
    const LONGEST_NAME: usize = 64;
    const INLINE_POLICIES: usize = limits::ROLE_INLINE_POLICIES;
    const ACTIONS: Actions = actions!("Role");
}

/// An owner as a call names it, and as an answer names it back.
#[derive(Debug)]
pub(super) struct Named<O> {
    name: String,
    owner: PhantomData<O>,
}

impl<O: Owner> Named<O> {
    /// The owner of that name.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            owner: PhantomData,
        }
    }

    /// What the call is judged on.
    pub(super) fn resource(&self) -> Resource {
        Resource::Entity(O::KIND, self.name.clone())
    }

    /// The entity of that name.
    pub(super) async fn find(&self, call: Call<'_>) -> Result<EntityRow, ApiError> {
        check_name(O::MEMBER, &self.name, O::LONGEST_NAME)?;
        let found = call.context.store.entity_named(O::KIND, &self.name).await?;
        found.ok_or_else(|| self.no_such())
    }

    /// The entity of that name, if people may change it: the role of the nodes is what the server makes of it.
    pub(super) async fn find_modifiable(&self, call: Call<'_>) -> Result<EntityRow, ApiError> {
        let entity = self.find(call).await?;
        if entity.id != NODE_ROLE_ID {
            return Ok(entity);
        }
        Err(ApiError::new(
            Code::UnmodifiableEntity,
            format!(
                "Cannot perform the operation on the protected role '{}': it comes with the service.",
                entity.name
            ),
        ))
    }

    /// The refusal of a name that nothing has.
    pub(super) fn no_such(&self) -> ApiError {
        ApiError::new(
            Code::NoSuchEntity,
            format!("The {} with name {} cannot be found.", O::WORD, self.name),
        )
    }
}

/// The refusal to delete what still has something, in AWS's sentences: each says what to do first.
pub(super) fn conflict(hindrance: Hindrance) -> ApiError {
    let first = match hindrance {
        Hindrance::AccessKeys => "delete access keys",
        Hindrance::InlinePolicies => "delete policies",
    };
    ApiError::new(
        Code::DeleteConflict,
        format!("Cannot delete entity, must {first} first."),
    )
}

impl<'de, O: Owner> Deserialize<'de> for Named<O> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut members = BTreeMap::<String, Value>::deserialize(from)?;
        match members.remove(O::MEMBER) {
            Some(Value::String(name)) => Ok(Self::new(name)),
            Some(_) => Err(D::Error::custom("the name is not text")),
            None => Err(D::Error::missing_field(O::MEMBER)),
        }
    }
}

impl<O: Owner> Serialize for Named<O> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut members = to.serialize_map(Some(1))?;
        members.serialize_entry(O::MEMBER, &self.name)?;
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
        assert_eq!(operation(User::ACTIONS.put_policy), "PutUserPolicy");
        assert_eq!(operation(Role::ACTIONS.list_tags), "ListRoleTags");
    }
}
