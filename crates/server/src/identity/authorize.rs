//! The one place that asks the evaluator.
//!
//! Owns two invariants: what no policy allows is denied, and every decision is logged with the
//! statement that made it. The caller is told what was denied, never which policy did it.

use usher_policy::{Context as Keys, Decision, PolicyDocument, Request, evaluate};

use super::condition_keys::{of_call, of_iam_resource};
use super::{Caller, Who};
use crate::context::Context;
use crate::documents;
use crate::error::{ApiError, Code};
use crate::store::TagRow;

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
    /// A role, named with its path, whether it exists or not.
    Role(String),
    /// The role of that name.
    RoleNamed(String),
    /// A session document, by name or ARN.
    Document(String),
    /// A managed node, by its id.
    Node(String),
    /// A session.
    Session {
        /// Its id.
        id: String,
        /// Its owner's `aws:userid`; empty for a session that does not exist.
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

/// Refuses unless the caller's policies allow `action` on `resource`. `keys` are condition keys of
/// this one action.
pub(crate) async fn authorize(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
    keys: &Keys,
) -> Result<(), ApiError> {
    match judge(context, caller, action, resource, keys).await? {
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
    keys: &Keys,
) -> Result<Verdict, ApiError> {
    let (names, of_resource) = describe(context, caller, resource).await?;
    let policies = policies(context, caller).await?;
    let keys = of_call(context, caller).and(&of_resource).and(keys);
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

/// Tools and people match on this sentence (control-plane.md 1.3).
pub(crate) fn denied(caller: &Caller, action: &str, resource: &str, why: &str) -> ApiError {
    ApiError::new(
        Code::AccessDenied,
        format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
            caller.arn
        ),
    )
}

/// The ARNs of `resource`, the usual one first, and the condition keys that it brings.
async fn describe(
    context: &Context,
    caller: &Caller,
    resource: &Resource,
) -> Result<(Vec<String>, Keys), ApiError> {
    let scope = context.config.scope();
    let names = match resource {
        Resource::Any => vec!["*".to_owned()],
        Resource::User(None) => {
            return Ok((
                vec![caller.arn.clone()],
                of_iam_resource(caller.tags.iter()),
            ));
        }
        // What does not exist is judged as if it had no path and no tags, so that its absence shows
        // only to those who may see it.
        Resource::User(Some(name)) => match context.store.user_named(name).await? {
            Some(user) => {
                let tags = context.store.user_tags(&user.user_id).await?;
                let tags = tags.iter().map(TagRow::pair);
                return Ok((
                    vec![scope.user(&user.path, &user.name)],
                    of_iam_resource(tags),
                ));
            }
            None => vec![scope.user("/", name)],
        },
        Resource::RoleNamed(name) => match context.store.role_named(name).await? {
            Some(role) => {
                let tags = context.store.role_tags(&role.role_id).await?;
                let tags = tags.iter().map(TagRow::pair);
                return Ok((
                    vec![scope.role(&role.path_and_name())],
                    of_iam_resource(tags),
                ));
            }
            None => vec![scope.role(name)],
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
    };
    Ok((names, Keys::default()))
}

/// The caller's policies: a user's own, or those of the role and not of who assumed it. Nodes act by
/// `Access::OwnNode` alone, and nobody else signs.
pub(crate) async fn policies(
    context: &Context,
    caller: &Caller,
) -> Result<Vec<(String, PolicyDocument)>, ApiError> {
    let rows = match &caller.who {
        Who::User { user_id } => context.store.user_policies(user_id).await?,
        Who::AssumedRole(session) => context.store.role_policies(&session.role_id).await?,
        Who::Node(_) | Who::Anonymous => Vec::new(),
    };
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
