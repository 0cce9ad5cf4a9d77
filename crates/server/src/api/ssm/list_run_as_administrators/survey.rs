//! Everything that the report is made from, read once: users and roles with what they hold, and what calls are made on.

use std::collections::BTreeMap;

use usher_policy::{Context as Keys, PREFERENCES_DOCUMENT, PrincipalPolicies, TrustPolicy};

use super::ways::Target;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{boundary_key, held_by, of_iam_resource, of_ssm_resource};
use crate::store::{EntityRow, Kind, RoleRow, TagRow, Tagged};

/// Entities that are read at a time.
const PAGE: i64 = 500;

/// A user or role.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) arn: String,
    id: String,
    pub(super) policies: PrincipalPolicies,
    /// What every call of it has.
    pub(super) keys: Keys,
    /// Beginnings of condition keys, in lower case, that no call of it has beyond those.
    pub(super) settled: &'static [&'static str],
    /// Of a role: who may assume it.
    pub(super) trust: Option<Trust>,
}

/// A role's trust policy.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) policy: TrustPolicy,
    /// The id behind each ARN that it names.
    ids: BTreeMap<String, String>,
}

/// Something that calls are made on.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) arn: String,
    /// The condition keys that it brings.
    pub(super) keys: Keys,
}

/// What there is.
#[derive(Debug)]
pub(super) struct Survey {
    /// By ARN.
    pub(super) principals: Vec<Principal>,
    things: Vec<(Target, Thing)>,
    pub(super) account: String,
}

/// What users cannot choose; a static key has no second factor.
const SETTLED_OF_USERS: &[&str] = &[
    "aws:principaltag/",
    "aws:resourcetag/",
    "iam:resourcetag/",
    "ssm:resourcetag/",
    "aws:federatedprovider",
];

/// A role's session has tags, an id and factors of whoever assumes it.
const SETTLED_OF_ROLES: &[&str] = &[
    "aws:resourcetag/",
    "iam:resourcetag/",
    "ssm:resourcetag/",
    "aws:username",
];

impl Survey {
    pub(super) async fn of(context: &Context) -> Result<Self, ApiError> {
        let mut survey = Self {
            principals: Vec::new(),
            things: Vec::new(),
            account: context.config.account.to_string(),
        };
        for user in entities(context, Kind::User).await? {
            survey.add_user(context, &user).await?;
        }
        for role in roles(context).await? {
            survey.add_role(context, &role).await?;
        }
        for (kind, target) in [
            (Kind::Group, Target::Groups),
            (Kind::OidcProvider, Target::Providers),
        ] {
            for entity in entities(context, kind).await? {
                survey.add_thing(context, target, &entity).await?;
            }
        }
        for policy in context.store.managed_policies(Kind::Policy, "/").await? {
            survey
                .add_thing(context, Target::Policies, &policy.entity)
                .await?;
        }
        let tagged = Tagged::Document(PREFERENCES_DOCUMENT);
        let tags = context.store.ssm_tags(tagged).await?;
        let preferences = Thing {
            arn: context.config.scope().document(PREFERENCES_DOCUMENT),
            keys: of_ssm_resource(tags.iter().map(TagRow::pair)),
        };
        survey.things.push((Target::Preferences, preferences));
        survey.principals.sort_by(|a, b| a.arn.cmp(&b.arn));
        survey.things.sort_by(|(_, a), (_, b)| a.arn.cmp(&b.arn));
        Ok(survey)
    }

    /// What calls on `target` are made on, by ARN.
    pub(super) fn things(&self, target: Target) -> impl Iterator<Item = &Thing> {
        let of_target = self.things.iter().filter(move |(of, _)| *of == target);
        of_target.map(|(_, thing)| thing)
    }

    /// The roles, each with its trust and what its calls are made on.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&Principal, &Trust)> {
        self.principals
            .iter()
            .filter_map(|principal| Some((principal, principal.trust.as_ref()?)))
    }

    async fn add_user(&mut self, context: &Context, user: &EntityRow) -> Result<(), ApiError> {
        let tags = self.add_thing(context, Target::Users, user).await?;
        let keys = principal_keys(context, user, "User")
            .with("aws:userid", &user.id)
            .with("aws:username", &user.name)
            .with("aws:MultiFactorAuthPresent", "false");
        let keys = tags
            .iter()
            .map(TagRow::pair)
            .fold(keys, |keys, (key, value)| {
                keys.with(&format!("aws:PrincipalTag/{key}"), value)
            });
        self.principals.push(Principal {
            arn: context.config.scope().arn_of(user),
            id: user.id.clone(),
            policies: held_by(context, &user.id).await?,
            keys,
            settled: SETTLED_OF_USERS,
            trust: None,
        });
        Ok(())
    }

    async fn add_role(&mut self, context: &Context, role: &RoleRow) -> Result<(), ApiError> {
        self.add_thing(context, Target::Roles, &role.entity).await?;
        let trust = Trust {
            policy: TrustPolicy::parse(&role.trust.document).map_err(ApiError::internal)?,
            ids: serde_json::from_str(&role.trust.ids).map_err(ApiError::internal)?,
        };
        self.principals.push(Principal {
            arn: context.config.scope().arn_of(&role.entity),
            id: role.entity.id.clone(),
            policies: held_by(context, &role.entity.id).await?,
            keys: principal_keys(context, &role.entity, "AssumedRole"),
            settled: SETTLED_OF_ROLES,
            trust: Some(trust),
        });
        Ok(())
    }

    /// Gives back the thing's tags.
    async fn add_thing(
        &mut self,
        context: &Context,
        target: Target,
        entity: &EntityRow,
    ) -> Result<Vec<TagRow>, ApiError> {
        let tags = context.store.tags(&entity.id).await?;
        let keys = of_iam_resource(tags.iter().map(TagRow::pair));
        let keys = match context.store.boundary_of(&entity.id).await? {
            Some(boundary) => keys.and(&boundary_key(
                &context.config.scope().arn_of(&boundary.policy),
            )),
            None => keys,
        };
        let thing = Thing {
            arn: context.config.scope().arn_of(entity),
            keys,
        };
        self.things.push((target, thing));
        Ok(tags)
    }
}

impl Principal {
    /// Of a role: the identity providers that it trusts.
    pub(super) fn trusted_providers(&self) -> Vec<String> {
        let names = self
            .trust
            .iter()
            .flat_map(|trust| trust.policy.principals());
        names
            .filter(|name| name.contains(":oidc-provider/"))
            .map(str::to_owned)
            .collect()
    }
}

impl Trust {
    /// The names under which it may mean the principal, one of a role's sessions included: its name can be chosen.
    pub(super) fn names_of(&self, principal: &Principal) -> Vec<String> {
        let own = self.ids.iter().filter(|(_, id)| **id == principal.id);
        own.map(|(arn, _)| arn.clone()).collect()
    }
}

fn principal_keys(context: &Context, entity: &EntityRow, kind: &str) -> Keys {
    let account = context.config.account.as_str();
    Keys::default()
        .with("aws:PrincipalArn", context.config.scope().arn_of(entity))
        .with("aws:PrincipalAccount", account)
        .with("aws:ResourceAccount", account)
        .with("aws:PrincipalType", kind)
        .with("aws:ViaAWSService", "false")
}

async fn entities(context: &Context, kind: Kind) -> Result<Vec<EntityRow>, ApiError> {
    let mut found: Vec<EntityRow> = Vec::new();
    loop {
        let after = found
            .last()
            .map(|last| last.name.clone())
            .unwrap_or_default();
        let page = context.store.entities(kind, "/", &after, PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

async fn roles(context: &Context) -> Result<Vec<RoleRow>, ApiError> {
    let mut found: Vec<RoleRow> = Vec::new();
    loop {
        let after = found
            .last()
            .map(|last| last.entity.name.clone())
            .unwrap_or_default();
        let page = context.store.roles("/", &after, PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}
