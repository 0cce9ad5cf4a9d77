//! Who is behind a call or a session, as the database remembers it: enough to make the caller again, for as long as the
//! identity stands.
//!
//! Owns one invariant: a bearer whose user, key or role is gone is nobody. What is kept is ids, so that a later user or
//! role of the same name is never meant.

use serde::{Deserialize, Serialize};
use usher_policy::Tags;

use super::caller::{Arrival, RoleSession};
use super::{Caller, Who};
use crate::context::Context;
use crate::error::ApiError;
use crate::store::EntityRow;

/// A tag of a role session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionTag {
    /// The key.
    pub(crate) key: String,
    /// The value, perhaps empty.
    pub(crate) value: String,
    /// Whether a further role takes it over.
    pub(crate) transitive: bool,
}

/// The session policies that keys were made with: together they limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionPolicies {
    /// The JSON text that was given.
    pub(crate) inline: Option<String>,
    /// Ids of managed policies.
    pub(crate) managed: Vec<String>,
}

/// A role as somebody has assumed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssumedRole {
    /// `AROA…`
    pub(crate) role_id: String,
    /// As the session was named when the role was assumed.
    pub(crate) session_name: String,
    /// The session's tags.
    pub(crate) tags: Vec<SessionTag>,
    /// Its session policies, if it has any.
    pub(crate) policies: Option<SessionPolicies>,
    /// Its source identity, which no further role changes.
    pub(crate) source_identity: Option<String>,
}

/// Who is behind a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bearer {
    /// The IAM user, through every role in between.
    pub(crate) user_id: String,
    /// The key that this user signed with; unknown for what an earlier release wrote.
    pub(crate) key_id: Option<String>,
    /// When the temporary keys were given out, milliseconds; none for the user's own key.
    pub(crate) issued: Option<i64>,
    /// The role that is acted as.
    pub(crate) role: Option<AssumedRole>,
}

impl Bearer {
    /// The caller this stands for now; none if the user, the key or the role is gone, or the key is switched off.
    pub(crate) async fn caller(&self, context: &Context) -> Result<Option<Caller>, ApiError> {
        if let Some(key_id) = &self.key_id {
            let key = context.store.access_key(key_id).await?;
            if !key.is_some_and(|key| key.is_active) {
                return Ok(None);
            }
        }
        match context.store.entity_with_id(&self.user_id).await? {
            Some(user) => self.caller_of(context, user).await,
            None => Ok(None),
        }
    }

    /// As [`Bearer::caller`], where the key was looked at already and this is the user.
    pub(super) async fn caller_of(
        &self,
        context: &Context,
        user: EntityRow,
    ) -> Result<Option<Caller>, ApiError> {
        let Some(role) = &self.role else {
            let who = Who::User {
                user_id: user.id.clone(),
                issued: self.issued,
            };
            return self.acting(context, user, who).await.map(Some);
        };
        let Some(entity) = context.store.entity_with_id(&role.role_id).await? else {
            return Ok(None);
        };
        let who = Who::AssumedRole(RoleSession {
            role_arn: context.config.scope().arn_of(&entity),
            role_id: role.role_id.clone(),
            transitive: role
                .tags
                .iter()
                .filter(|tag| tag.transitive)
                .map(|tag| tag.key.clone())
                .collect(),
            issued: self.issued.unwrap_or_default(),
            policies: role.policies.clone(),
            source_identity: role.source_identity.clone(),
        });
        let caller = self.acting(context, entity, who).await?;
        let scope = context.config.scope();
        Ok(Some(Caller {
            arn: scope.assumed_role(&caller.name, &role.session_name),
            user_id: format!("{}:{}", role.role_id, role.session_name),
            name: role.session_name.clone(),
            session_tags: role
                .tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            ..caller
        }))
    }

    /// The user or role itself, with its tags.
    async fn acting(
        &self,
        context: &Context,
        entity: EntityRow,
        who: Who,
    ) -> Result<Caller, ApiError> {
        let tags = context.store.tags(&entity.id).await?;
        Ok(Caller {
            who,
            arn: context.config.scope().arn_of(&entity),
            user_id: entity.id,
            origin: self.user_id.clone(),
            name: entity.name,
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            session_tags: Tags::default(),
            arrival: Arrival::default(),
            bearer: Some(self.clone()),
        })
    }
}
