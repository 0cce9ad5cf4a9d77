//! Who is behind a call or a session, as the database remembers it: enough to make the caller again, for as long as the
//! identity stands.
//!
//! Owns one invariant: a bearer whose user, key or role is gone, or who was signed out where they signed in, is nobody. What is kept is ids, so that a later user or
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

/// A person for whom an identity provider vouched, as the token said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WebIdentity {
    /// The id of the provider's entity here, which no later provider of that address shares.
    pub(crate) provider_id: String,
    /// The issuer without its scheme: `id.example.com/realm`.
    pub(crate) issuer: String,
    /// `sub`: the person, for that issuer.
    pub(crate) subject: String,
    /// The client that the token was made for.
    pub(crate) audience: String,
    /// Whether more than one factor proved the person.
    pub(crate) by_many_factors: bool,
    /// The person's session at the provider, where the provider tells it.
    #[serde(default)]
    pub(crate) sid: Option<String>,
}

/// Why a bearer is nobody any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The user, the key, the role or the provider was deleted or switched off.
    Removed,
    /// The person was signed out at the provider.
    SignedOut,
}

/// Where a chain of roles begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Origin {
    /// Somebody for whom an identity provider vouched.
    Web(WebIdentity),
    /// An IAM user.
    User {
        /// `AIDA…`
        user_id: String,
        /// The key that this user signed with; unknown for what an earlier release wrote.
        key_id: Option<String>,
    },
}

impl Origin {
    /// The IAM entity without which it is nobody: the user, or the provider.
    pub(crate) fn entity_id(&self) -> &str {
        match self {
            Self::Web(web) => &web.provider_id,
            Self::User { user_id, .. } => user_id,
        }
    }

    /// The originating identity, which resume and reattach compare.
    fn identity(&self) -> String {
        match self {
            Self::Web(web) => format!("{}#{}", web.provider_id, web.subject),
            Self::User { user_id, .. } => user_id.clone(),
        }
    }
}

/// Who is behind a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bearer {
    /// The person, through every role in between.
    #[serde(flatten)]
    pub(crate) origin: Origin,
    /// When the temporary keys were given out, milliseconds; none for the user's own key.
    pub(crate) issued: Option<i64>,
    /// The role that is acted as.
    pub(crate) role: Option<AssumedRole>,
}

impl Bearer {
    /// The caller this stands for now.
    pub(crate) async fn caller(&self, context: &Context) -> Result<Result<Caller, Gone>, ApiError> {
        match &self.origin {
            Origin::User {
                key_id: Some(key_id),
                ..
            } => {
                let key = context.store.access_key(key_id).await?;
                if !key.is_some_and(|key| key.is_active) {
                    return Ok(Err(Gone::Removed));
                }
            }
            Origin::Web(web) if self.is_signed_out(context, web).await? => {
                return Ok(Err(Gone::SignedOut));
            }
            Origin::User { .. } | Origin::Web(_) => {}
        }
        let origin = self.origin.entity_id();
        let caller = match context.store.entity_with_id(origin).await? {
            Some(origin) => self.caller_of(context, origin).await?,
            None => None,
        };
        Ok(caller.ok_or(Gone::Removed))
    }

    /// Whether the person was signed out since these keys were given out.
    async fn is_signed_out(&self, context: &Context, web: &WebIdentity) -> Result<bool, ApiError> {
        let (subject, sid) = (&web.subject, web.sid.as_deref());
        let store = &context.store;
        let last = store.signed_out(&web.provider_id, subject, sid).await?;
        Ok(last.is_some_and(|last| self.issued.unwrap_or_default() <= last.heard))
    }

    /// As [`Bearer::caller`], where the key was looked at already and this is the user, or the provider.
    pub(super) async fn caller_of(
        &self,
        context: &Context,
        origin: EntityRow,
    ) -> Result<Option<Caller>, ApiError> {
        let role = match (&self.role, &self.origin) {
            (Some(role), _) => role,
            // A provider vouches for people and is nobody itself.
            (None, Origin::Web(_)) => return Ok(None),
            (None, Origin::User { .. }) => {
                let who = Who::User {
                    user_id: origin.id.clone(),
                    issued: self.issued,
                };
                return self.acting(context, origin, who).await.map(Some);
            }
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
            origin: self.origin.identity(),
            name: entity.name,
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            session_tags: Tags::default(),
            arrival: Arrival::default(),
            bearer: Some(self.clone()),
        })
    }
}
