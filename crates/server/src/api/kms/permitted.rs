//! The proof that a caller may do something with a key, and the only way to get at one by name.
//!
//! Four sides are asked, as in AWS: the key's own policy, which must agree; the caller's policies, unless the key's
//! policy names the caller; grants, where neither allows it; and before all of them, for a node, whether the encryption
//! context is the node's own. An explicit denial outdoes every grant.

use std::collections::BTreeMap;

use usher_policy::{Context as Keys, Request, ResourcePolicy, TrustedAs};
use uuid::Uuid;

use super::KmsCode;
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::{
    Caller, NodeScope, Resource, Verdict, Who, denied, judge, judge_trusted, names_of, of_call,
};
use crate::keys::{
    EncryptionContext, GrantConstraints, GrantOperation, KeyName, NameError, check_constraints,
};
use crate::store::{AliasRow, GrantRow, KeyRow};

/// What a caller wants to do with a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// `kms:Decrypt`
    pub(crate) action: &'static str,
    /// The same, if a grant can allow it.
    pub(crate) grantable: Option<GrantOperation>,
    /// The encryption context of what is done.
    pub(crate) encryption: Option<&'a EncryptionContext>,
    /// The service that asks on the caller's behalf, `logs`; none: the caller itself.
    pub(crate) via: Option<&'static str>,
    /// Further condition keys of this one call.
    pub(crate) keys: Option<&'a Keys>,
}

impl<'a> Wish<'a> {
    /// To manage or read a key, which only policies allow.
    pub(crate) fn manage(action: &'static str) -> Self {
        Self {
            action,
            grantable: None,
            encryption: None,
            via: None,
            keys: None,
        }
    }

    /// The same with condition keys of this one call.
    pub(super) fn with(self, keys: &'a Keys) -> Self {
        Self {
            keys: Some(keys),
            ..self
        }
    }

    /// The same where `service` asks on the caller's behalf.
    pub(super) fn via(self, service: &'static str) -> Self {
        Self {
            via: Some(service),
            ..self
        }
    }

    /// To use a key in a way that a grant can allow.
    pub(crate) fn to(operation: GrantOperation, encryption: Option<&'a EncryptionContext>) -> Self {
        Self {
            action: operation.action(),
            grantable: Some(operation),
            encryption,
            via: None,
            keys: None,
        }
    }
}

/// The key that `given` names, if the caller may do what it wants with it.
pub(crate) async fn permitted(
    context: &Context,
    caller: &Caller,
    given: &str,
    wish: Wish<'_>,
) -> Result<KeyRow, ApiError> {
    own_context_only(caller, given, wish)?;
    let name =
        KeyName::parse(given, context.config.scope()).map_err(|error| unreadable(given, error))?;
    let (key, alias) = find(context, &name).await?;
    let Some(key) = key else {
        // Whoever may not do it anywhere learns that, and not that there is no such key.
        let resource = Resource::Arn(match &name {
            KeyName::Id(id) => arn(context, &id.to_string()),
            KeyName::Alias(_) => "*".to_owned(),
        });
        let keys = keys_of_wish(context, wish, None);
        return match judge(context, caller, wish.action, &resource, &keys).await? {
            Verdict::Allowed => Err(missing(context, &name)),
            Verdict::Denied(refusal) | Verdict::NotAllowed(refusal) => Err(refusal),
        };
    };
    demand(context, caller, &key, wish, alias.as_ref()).await?;
    Ok(key)
}

/// The key with that id, for the same question where a ciphertext names it.
pub(super) async fn permitted_by_id(
    context: &Context,
    caller: &Caller,
    key_id: Uuid,
    wish: Wish<'_>,
) -> Result<KeyRow, ApiError> {
    own_context_only(caller, &key_id.to_string(), wish)?;
    match find(context, &KeyName::Id(key_id)).await?.0 {
        Some(key) => {
            demand(context, caller, &key, wish, None).await?;
            Ok(key)
        }
        None => Err(ApiError::new(
            Code::AccessDenied,
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or \
             you are not allowed to access.",
        )),
    }
}

/// The ARN of a key.
pub(crate) fn arn(context: &Context, key_id: &str) -> String {
    context.config.scope().kms(&format!("key/{key_id}"))
}

async fn find(
    context: &Context,
    name: &KeyName,
) -> Result<(Option<KeyRow>, Option<AliasRow>), ApiError> {
    let (id, alias) = match name {
        KeyName::Id(id) => (id.to_string(), None),
        KeyName::Alias(alias) => match context.store.alias(alias).await? {
            Some(alias) => (alias.key_id.clone(), Some(alias)),
            None => return Ok((None, None)),
        },
    };
    Ok((context.store.key(&id, context.now()).await?, alias))
}

fn unreadable(given: &str, error: NameError) -> ApiError {
    match error {
        NameError::Arn => ApiError::new(
            Code::Kms(KmsCode::InvalidArn),
            format!("Invalid arn {given}: it names no key of this account and region."),
        ),
        NameError::Malformed => ApiError::new(
            Code::Kms(KmsCode::NotFound),
            format!("Invalid keyId '{given}'"),
        ),
    }
}

fn missing(context: &Context, name: &KeyName) -> ApiError {
    let message = match name {
        KeyName::Id(id) => format!("Key '{}' does not exist", arn(context, &id.to_string())),
        KeyName::Alias(alias) => {
            format!("Alias {} is not found.", context.config.scope().kms(alias))
        }
    };
    ApiError::new(Code::Kms(KmsCode::NotFound), message)
}

/// A node's credentials decrypt only what was encrypted for that node, and for the session that they are for, whatever
/// policies and grants say.
fn own_context_only(caller: &Caller, given: &str, wish: Wish<'_>) -> Result<(), ApiError> {
    let Who::Node(NodeScope { node, session }) = &caller.who else {
        return Ok(());
    };
    let is_own = |encryption: &EncryptionContext| {
        let named = |name| encryption.value(name);
        named("aws:ssm:TargetId") == Some(node.as_str())
            && session
                .as_ref()
                .is_none_or(|session| named("aws:ssm:SessionId") == Some(session.as_str()))
    };
    if wish.action == GrantOperation::Decrypt.action() && wish.encryption.is_some_and(is_own) {
        return Ok(());
    }
    let why = "because a node's credentials decrypt only with its own id as aws:ssm:TargetId in the encryption context";
    Err(denied(caller, wish.action, given, why))
}

/// The condition keys that come with the wish itself.
fn keys_of_wish(context: &Context, wish: Wish<'_>, alias: Option<&AliasRow>) -> Keys {
    let keys = Keys::default()
        .with("kms:CallerAccount", context.config.account.as_str())
        .with("kms:KeySpec", "SYMMETRIC_DEFAULT")
        .with("kms:KeyUsage", "ENCRYPT_DECRYPT")
        .with("kms:KeyOrigin", "AWS_KMS");
    let keys = match alias {
        Some(alias) => keys.with("kms:RequestAlias", &alias.name),
        None => keys,
    };
    let keys = match wish.via {
        Some(service) => {
            let host = format!("{service}.{}.amazonaws.com", context.config.region);
            keys.with("kms:ViaService", host)
                .with("aws:ViaAWSService", "true")
        }
        None => keys,
    };
    let keys = match wish.keys {
        Some(own) => keys.and(own),
        None => keys,
    };
    match wish.encryption {
        Some(encryption) => keys
            .with("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
            .and(&encryption.condition_keys()),
        None => keys,
    }
}

async fn demand(
    context: &Context,
    caller: &Caller,
    key: &KeyRow,
    wish: Wish<'_>,
    alias: Option<&AliasRow>,
) -> Result<(), ApiError> {
    let aliases = context
        .store
        .aliases(Some(&key.key_id), "", i64::MAX)
        .await?;
    let tags = context.store.resource_tags(&key.key_id).await?;
    let keys = keys_of_wish(context, wish, alias)
        .with_set("kms:ResourceAliases", aliases.iter().map(|one| &one.name));
    let keys = tags.iter().fold(keys, |keys, (tag, value)| {
        keys.with(&format!("aws:ResourceTag/{tag}"), value)
    });
    let verdict = ask_policies(context, caller, key, wish.action, &keys).await?;
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(refusal) => Err(refusal),
        Verdict::NotAllowed(refusal) => match wish.grantable {
            Some(operation) if granted(context, caller, key, operation, wish).await? => Ok(()),
            _ => Err(refusal),
        },
    }
}

/// Asks the key's policy and the caller's.
pub(super) async fn ask_policies(
    context: &Context,
    caller: &Caller,
    key: &KeyRow,
    action: &str,
    keys: &Keys,
) -> Result<Verdict, ApiError> {
    let policy = ResourcePolicy::parse(&key.policy, "kms").map_err(|error| {
        ApiError::internal(format!(
            "the stored policy of key {} is unreadable: {error}",
            key.key_id
        ))
    })?;
    let ids: BTreeMap<String, String> =
        serde_json::from_str(&key.policy_ids).map_err(ApiError::internal)?;
    let name = arn(context, &key.key_id);
    let all_keys = of_call(context, caller).and(keys);
    let trust = policy.judge(
        &name,
        TrustedAs {
            account: context.config.account.as_str(),
            arns: &names_of(caller, &ids),
        },
        &Request {
            action,
            resource: &name,
            context: &all_keys,
        },
    );
    let resource = Resource::Arn(name);
    judge_trusted(context, caller, action, &resource, keys, trust).await
}

/// Whether a grant on the key allows it.
async fn granted(
    context: &Context,
    caller: &Caller,
    key: &KeyRow,
    operation: GrantOperation,
    wish: Wish<'_>,
) -> Result<bool, ApiError> {
    let none = EncryptionContext::default();
    let encryption = wish.encryption.unwrap_or(&none);
    let id = match &caller.who {
        Who::User { user_id, .. } => user_id,
        Who::AssumedRole(session) => &session.role_id,
        // A node is never a grantee: what it may do is decided by its role and its own context.
        Who::Node(_) | Who::Anonymous => return Ok(false),
    };
    for grant in context.store.grants_to(&key.key_id, id).await? {
        let ids = BTreeMap::from([grant.grantee.clone()]);
        let is_meant = !names_of(caller, &ids).is_empty();
        if is_meant && allows(&grant, operation, encryption)? {
            tracing::info!(
                caller = caller.arn,
                operation = operation.action(),
                grant = grant.grant_id,
                "allowed by a grant"
            );
            return Ok(true);
        }
    }
    Ok(false)
}

fn allows(
    grant: &GrantRow,
    operation: GrantOperation,
    encryption: &EncryptionContext,
) -> Result<bool, ApiError> {
    let operations: Vec<GrantOperation> =
        serde_json::from_str(&grant.operations).map_err(ApiError::internal)?;
    let constraints: GrantConstraints =
        serde_json::from_str(&grant.constraints).map_err(ApiError::internal)?;
    Ok(operations.contains(&operation) && check_constraints(&constraints, operation, encryption))
}
