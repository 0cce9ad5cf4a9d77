//! How something that calls change looks now, for the record's before and after.
//!
//! One picture for each kind of resource and not one for each operation: whatever changes it, by whichever call, shows.
//! Pictures hold no secrets. Two calls that change one thing at the same moment may each show the other's change, too.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::documents;
use crate::error::ApiError;
use crate::identity::{Caller, Resource, Who, find_managed_policy};
use crate::parameters::Named;
use crate::store::{EntityRow, Kind, TagRow, Tagged};

/// Members of a group that a picture shows.
const MEMBERS: i64 = 1000;

/// The picture; null for what does not exist or has none.
pub(super) async fn of(context: &Context, caller: &Caller, resource: &Resource) -> Value {
    match read(context, caller, resource).await {
        Ok(picture) => picture,
        Err(error) => {
            tracing::error!(%error, inside = error.inside(), "what a call changes could not be looked at for the trail");
            json!({"unreadable": true})
        }
    }
}

/// What differs, as it was and as it is; none if nothing does.
pub(super) fn difference(before: &Value, after: &Value) -> Option<(Value, Value)> {
    if before == after {
        return None;
    }
    let (Some(was), Some(is)) = (before.as_object(), after.as_object()) else {
        return Some((before.clone(), after.clone()));
    };
    let only = |of: &Map<String, Value>, other: &Map<String, Value>| {
        let differing = of
            .iter()
            .filter(|(name, value)| other.get(*name) != Some(*value));
        Value::Object(
            differing
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    Some((only(was, is), only(is, was)))
}

async fn read(context: &Context, caller: &Caller, resource: &Resource) -> Result<Value, ApiError> {
    match resource {
        Resource::Entity(kind, name)
        | Resource::PoliciesOf(kind, name)
        | Resource::EntityAt { kind, name, .. } => named(context, *kind, name).await,
        Resource::Caller => match &caller.who {
            Who::User { .. } => named(context, Kind::User, &caller.name).await,
            _ => Ok(Value::Null),
        },
        Resource::ManagedPolicy(arn) => match find_managed_policy(context, arn).await? {
            Some(policy) => managed_policy(context, &policy).await,
            None => Ok(Value::Null),
        },
        Resource::Document(given) => match documents::plain_name(context.config.scope(), given) {
            Some(name) => document(context, name).await,
            None => Ok(Value::Null),
        },
        Resource::Parameter(given) => match Named::parse(context.config.scope(), given) {
            Some(named) => parameter(context, &named.name).await,
            None => Ok(Value::Null),
        },
        Resource::Node(id) => node(context, id).await,
        Resource::LogStream { group, .. } => log_group(context, group).await,
        Resource::Arn(arn) => match arn.rsplit_once(":key/") {
            Some((_, id)) => key(context, id).await,
            None => Ok(Value::Null),
        },
        Resource::Any | Resource::Session { .. } => Ok(Value::Null),
    }
}

async fn named(context: &Context, kind: Kind, name: &str) -> Result<Value, ApiError> {
    match (context.store.entity_named(kind, name).await?, kind) {
        (None, _) => Ok(Value::Null),
        (Some(policy), Kind::Policy | Kind::AwsPolicy) => managed_policy(context, &policy).await,
        (Some(entity), _) => principal(context, &entity).await,
    }
}

/// A user, a role, a group or an identity provider.
async fn principal(context: &Context, entity: &EntityRow) -> Result<Value, ApiError> {
    let (store, scope) = (&context.store, context.config.scope());
    let arns = |entities: &[EntityRow]| -> Value {
        entities.iter().map(|entity| scope.arn_of(entity)).collect()
    };
    let inline = store.inline_policies(&entity.id).await?;
    let inline = inline
        .into_iter()
        .map(|policy| (policy.name, Value::from(policy.document)));
    let boundary = store.boundary_of(&entity.id).await?;
    let mut picture = json!({
        "arn": scope.arn_of(entity),
        "tags": tags(&store.tags(&entity.id).await?),
        "inlinePolicies": Value::Object(inline.collect()),
        "attachedPolicies": arns(&store.attached_policies(&entity.id).await?),
        "permissionsBoundary": boundary.map(|boundary| scope.arn_of(&boundary.policy)),
    });
    match entity.kind {
        Kind::User => {
            let keys = store.access_keys_of(&entity.id).await?;
            let keys = keys.iter().map(|key| {
                let status = if key.is_active { "Active" } else { "Inactive" };
                (key.access_key_id.clone(), Value::from(status))
            });
            put(&mut picture, "accessKeys", Value::Object(keys.collect()));
            put(
                &mut picture,
                "groups",
                arns(&store.groups_of(&entity.id).await?),
            );
        }
        Kind::Group => {
            let members = store.members(&entity.id, "", MEMBERS).await?;
            put(&mut picture, "members", arns(&members));
        }
        Kind::Role => {
            if let Some(role) = store.role_named(&entity.name).await? {
                put(&mut picture, "trustPolicy", role.trust.document.into());
                put(&mut picture, "description", role.description.into());
                put(
                    &mut picture,
                    "maxSessionSeconds",
                    role.max_session_seconds.into(),
                );
            }
        }
        Kind::OidcProvider => {
            if let Some(provider) = store.provider_named(&entity.name).await? {
                put(&mut picture, "clientIds", provider.client_ids.into());
                put(&mut picture, "thumbprints", provider.thumbprints.into());
            }
        }
        Kind::Policy | Kind::AwsPolicy => {}
    }
    Ok(picture)
}

async fn managed_policy(context: &Context, policy: &EntityRow) -> Result<Value, ApiError> {
    let store = &context.store;
    let default = store.managed_policy(&policy.id).await?;
    Ok(json!({
        "arn": context.config.scope().arn_of(policy),
        "defaultVersion": default.map(|policy| policy.default_version),
        "document": store.policy_document(&policy.id).await?,
        "tags": tags(&store.tags(&policy.id).await?),
    }))
}

async fn document(context: &Context, name: &str) -> Result<Value, ApiError> {
    let store = &context.store;
    let Some(row) = store.document(name).await? else {
        return Ok(Value::Null);
    };
    let content = async |version: i64| -> Result<Option<String>, ApiError> {
        let version = store.document_version(name, version).await?;
        Ok(version.map(|version| version.content))
    };
    Ok(json!({
        "name": row.name,
        "defaultVersion": row.default_version,
        "latestVersion": row.latest_version,
        "defaultContent": content(row.default_version).await?,
        "latestContent": content(row.latest_version).await?,
        "tags": tags(&store.ssm_tags(Tagged::Document(name)).await?),
    }))
}

/// Without its value, which may be a secret: the version says that it changed.
async fn parameter(context: &Context, name: &str) -> Result<Value, ApiError> {
    let store = &context.store;
    let Some(row) = store.parameter(name, None).await? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "name": row.name,
        "version": row.version,
        "type": row.kind.as_str(),
        "keyId": row.kms_key,
        "description": row.description,
        "allowedPattern": row.allowed_pattern,
        "tags": tags(&store.ssm_tags(Tagged::Parameter(name)).await?),
    }))
}

async fn node(context: &Context, id: &str) -> Result<Value, ApiError> {
    let Some(row) = context.store.node(id).await? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "instanceId": row.node_id,
        "role": row.role,
        "name": row.name,
        "tags": tags(&context.store.ssm_tags(Tagged::Node(id)).await?),
    }))
}

async fn log_group(context: &Context, name: &str) -> Result<Value, ApiError> {
    let Some(row) = context.store.log_group(name).await? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "name": row.name,
        "retentionInDays": row.retention_days,
        "kmsKey": row.kms_key,
        "tags": pairs(context.store.resource_tags(&row.group_id).await?),
    }))
}

async fn key(context: &Context, id: &str) -> Result<Value, ApiError> {
    let Some(row) = context.store.key(id, context.now()).await? else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "keyId": row.key_id,
        "description": row.description,
        "state": row.state.as_str(),
        "policy": row.policy,
        "rotates": row.rotation.is_some(),
        "tags": pairs(context.store.resource_tags(id).await?),
    }))
}

fn tags(rows: &[TagRow]) -> Value {
    pairs(rows.iter().map(|row| (row.key.clone(), row.value.clone())))
}

fn pairs(tags: impl IntoIterator<Item = (String, String)>) -> Value {
    Value::Object(
        tags.into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect(),
    )
}

fn put(picture: &mut Value, name: &str, value: Value) {
    if let Some(members) = picture.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({"tags": {"a": "1"}, "path": "/"});
        let after = json!({"tags": {}, "path": "/"});
        assert_eq!(difference(&before, &before), None);
        let expected = (json!({"tags": {"a": "1"}}), json!({"tags": {}}));
        assert_eq!(difference(&before, &after), Some(expected));
    }

    #[test]
    fn what_was_made_was_nothing_before() {
        let made = json!({"arn": "x"});
        assert_eq!(difference(&Value::Null, &made), Some((Value::Null, made)));
    }
}
