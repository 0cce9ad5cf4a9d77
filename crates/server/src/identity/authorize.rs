//! The one place that asks the evaluator.
//!
//! Owns two invariants: what no policy allows is denied, and every decision is logged with the
//! statement that made it. The caller is told what was denied, never which policy did it.

use usher_policy::{Context as Keys, Decision, PolicyDocument, Request, evaluate};

use super::{Caller, Who};
use crate::codec::iso_time;
use crate::context::Context;
use crate::documents;
use crate::error::{ApiError, Code};

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Nothing in particular: policies must say `*`.
    Any,
    /// The IAM user of that name, or the caller.
    User(Option<String>),
    /// A user that is about to be made.
    NewUser {
        /// Begins and ends with `/`.
        path: String,
        /// Its name.
        name: String,
    },
    /// A role, named with its path.
    Role(String),
    /// A session document, by name or ARN.
    Document(String),
    /// A managed node, by its id.
    Node(String),
    /// A session.
    Session {
        /// Its id.
        id: String,
        /// Its owner's user id; empty for a session that does not exist.
        owner_user_id: String,
    },
}

/// What the caller's policies say.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// One allows it and none denies it.
    Allowed,
    /// One denies it.
    Denied(ApiError),
    /// None allows it.
    NotAllowed(ApiError),
}

/// Refuses unless the caller's policies allow `action` on `resource`.
pub(crate) async fn authorize(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
) -> Result<(), ApiError> {
    match judge(context, caller, action, resource, &[]).await? {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(refusal) | Verdict::NotAllowed(refusal) => Err(refusal),
    }
}

/// What the caller's policies say about `action` on `resource`, for whoever needs to tell a denial
/// from silence. `keys` are condition keys of this one action.
pub(crate) async fn judge(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
    keys: &[(&str, &str)],
) -> Result<Verdict, ApiError> {
    let names = names(context, caller, resource).await?;
    let policies = policies(context, caller).await?;
    let keys = keys
        .iter()
        .fold(condition_keys(context, caller), |all, (key, value)| {
            all.with(key, *value)
        });
    // Several names of one thing: allowed under any of them, denied under any of them.
    let mut allowed = false;
    for name in &names {
        match evaluate(
            &policies,
            &Request {
                action,
                resource: name,
                context: &keys,
            },
        ) {
            Decision::Allowed { by } => {
                tracing::info!(caller = caller.arn, action, resource = name, %by, "allowed");
                allowed = true;
            }
            Decision::ExplicitDeny { by } => {
                tracing::info!(caller = caller.arn, action, resource = name, %by, "denied");
                let why = "with an explicit deny in an identity-based policy";
                return Ok(Verdict::Denied(denied(caller, action, name, why)));
            }
            Decision::ImplicitDeny => {}
        }
    }
    if allowed {
        return Ok(Verdict::Allowed);
    }
    let name = names.first().map_or("*", String::as_str);
    tracing::info!(
        caller = caller.arn,
        action,
        resource = name,
        "denied: no policy allows it"
    );
    let why = format!("because no identity-based policy allows the {action} action");
    Ok(Verdict::NotAllowed(denied(caller, action, name, &why)))
}

/// What every decision may ask about the caller and the call (control-plane.md 7.4).
fn condition_keys(context: &Context, caller: &Caller) -> Keys {
    let account = context.config.account.as_str();
    let keys = Keys::default()
        .with("aws:PrincipalArn", &caller.arn)
        .with("aws:PrincipalAccount", account)
        .with("aws:ResourceAccount", account)
        .with("aws:RequestedRegion", &context.config.region)
        .with("aws:userid", &caller.user_id)
        .with("aws:EpochTime", (context.now() / 1000).to_string())
        .with("aws:CurrentTime", iso_time(context.now()));
    let keys = match &caller.who {
        Who::User { .. } => keys
            .with("aws:username", &caller.name)
            .with("aws:PrincipalType", "User"),
        Who::Node(_) => keys.with("aws:PrincipalType", "AssumedRole"),
        Who::Anonymous => keys.with("aws:PrincipalType", "Anonymous"),
    };
    caller.tags.iter().fold(keys, |keys, (key, value)| {
        keys.with(&format!("aws:PrincipalTag/{key}"), value)
    })
}

/// Tools and people match on this sentence (control-plane.md 1.3).
fn denied(caller: &Caller, action: &str, resource: &str, why: &str) -> ApiError {
    ApiError::new(
        Code::AccessDenied,
        format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
            caller.arn
        ),
    )
}

/// The ARNs of `resource`, the usual one first.
async fn names(
    context: &Context,
    caller: &Caller,
    resource: &Resource,
) -> Result<Vec<String>, ApiError> {
    let scope = context.config.scope();
    Ok(match resource {
        Resource::Any => vec!["*".to_owned()],
        Resource::User(None) => vec![caller.arn.clone()],
        // A user that does not exist is judged as if it had no path, so that its absence shows only
        // to those who may see it.
        Resource::User(Some(name)) => match context.store.user_named(name).await? {
            Some(user) => vec![scope.user(&user.path, &user.name)],
            None => vec![scope.user("/", name)],
        },
        Resource::NewUser { path, name } => vec![scope.user(path, name)],
        Resource::Role(name) => vec![scope.role(name)],
        Resource::Document(given) => match documents::plain_name(scope, given) {
            // Built-in documents belong to no account, but AWS's own guides also name them with one.
            Some(name) if documents::is_built_in(name) => {
                vec![scope.built_in_document(name), scope.document(name)]
            }
            Some(name) => vec![scope.document(name)],
            None => vec![given.clone()],
        },
        Resource::Node(id) => vec![scope.managed_instance(id)],
        // Policies name sessions by `${aws:username}-*` or by `${aws:userid}-*` (control-plane.md 7.1).
        Resource::Session { id, owner_user_id } => match id.rsplit_once('-') {
            Some((_, suffix)) => vec![
                scope.session(id),
                scope.session(&format!("{owner_user_id}-{suffix}")),
            ],
            None => vec![scope.session(id)],
        },
    })
}

/// The caller's policies. Only users have some: nodes act by `Access::OwnNode` alone, and nobody
/// else signs.
async fn policies(
    context: &Context,
    caller: &Caller,
) -> Result<Vec<(String, PolicyDocument)>, ApiError> {
    let Who::User { user_id } = &caller.who else {
        return Ok(Vec::new());
    };
    let rows = context.store.user_policies(user_id).await?;
    rows.into_iter()
        .map(|row| match PolicyDocument::parse(&row.document) {
            Ok(document) => Ok((row.name, document)),
            // It was good when it was stored. What cannot be read might deny, so nothing is allowed.
            Err(error) => Err(ApiError::internal(format!(
                "the stored policy {} is unreadable: {error}",
                row.name
            ))),
        })
        .collect()
}
