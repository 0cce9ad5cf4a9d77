//! The one place that asks the evaluator.
//!
//! Owns two invariants: what no policy allows is denied, and every decision is logged with the
//! statement that made it. The caller is told what was denied, never which policy did it.

use usher_policy::{
    Context as Keys, Decision, PolicyKind, Request, TrustDecision, evaluate, evaluate_trusted,
};

use super::Caller;
use super::condition_keys::{boundary_key, of_call, of_iam_resource, of_ssm_resource};
use super::managed_policy::find_managed_policy;
use super::principal_policies::principal_policies;
use crate::audit;
use crate::context::Context;
use crate::documents;
use crate::error::{ApiError, Code};
use crate::parameters;
use crate::store::{EntityRow, Kind, TagRow, Tagged};

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Nothing in particular: policies must say `*`.
    Any,
    /// Who calls.
    Caller,
    /// The IAM entity of that name.
    Entity(Kind, String),
    /// The same where the policies it has are changed: conditions may ask for its boundary.
    PoliciesOf(Kind, String),
    /// A managed policy, by ARN.
    ManagedPolicy(String),
    /// An IAM entity named with its path, whether it exists or not.
    EntityAt {
        /// What it is.
        kind: Kind,
        /// Begins and ends with `/`.
        path: String,
        /// Its name.
        name: String,
    },
    /// A session document, by name or ARN.
    Document(String),
    /// What other services have, by its ARN.
    Arn(String),
    /// A log stream, or a whole log group where the stream is empty.
    LogStream {
        /// The group's name.
        group: String,
        /// The stream's.
        stream: String,
    },
    /// A managed node, by its id.
    Node(String),
    /// A parameter or a path of Parameter Store, by name or ARN.
    Parameter(String),
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
    decide(context, caller, action, resource, keys, None).await
}

/// As [`judge`], where the resource has a policy of its own that must agree and has said `trust`.
pub(crate) async fn judge_trusted(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
    keys: &Keys,
    trust: TrustDecision,
) -> Result<Verdict, ApiError> {
    decide(context, caller, action, resource, keys, Some(trust)).await
}

async fn decide(
    context: &Context,
    caller: &Caller,
    action: &str,
    resource: &Resource,
    keys: &Keys,
    trust: Option<TrustDecision>,
) -> Result<Verdict, ApiError> {
    let (names, of_resource) = describe(context, caller, resource).await?;
    let policies = principal_policies(context, caller).await?;
    let keys = of_call(context, caller).and(&of_resource).and(keys);
    // Several names of one thing: allowed under any of them, denied under any of them.
    let mut verdict = None;
    for name in &names {
        let request = Request {
            action,
            resource: name,
            context: &keys,
        };
        let decision = match &trust {
            Some(trust) => evaluate_trusted(trust.clone(), &policies, &request),
            None => evaluate(&policies, &request),
        };
        tracing::info!(caller = caller.arn, action, resource = name, %decision, "decided");
        audit::decided(context, caller, action, resource, name, &decision).await;
        match decision {
            Decision::Allowed { .. } => verdict = Some(Verdict::Allowed),
            Decision::ExplicitDeny { by } => {
                let why = format!("with an explicit deny in {}", with_article(by.kind));
                return Ok(Verdict::Denied(denied(caller, action, name, &why)));
            }
            Decision::ImplicitDeny { missing } => {
                verdict.get_or_insert_with(|| {
                    let why = format!("because no {missing} allows the {action} action");
                    Verdict::NotAllowed(denied(caller, action, name, &why))
                });
            }
        }
    }
    verdict.ok_or_else(|| ApiError::internal("a resource without a name was judged"))
}

/// `an identity-based policy`, `a session policy`.
fn with_article(kind: PolicyKind) -> String {
    match kind {
        PolicyKind::Identity => format!("an {kind}"),
        PolicyKind::Boundary | PolicyKind::Session | PolicyKind::Resource => format!("a {kind}"),
    }
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

/// The ARN of an IAM entity and the keys of its tags.
async fn described(context: &Context, entity: &EntityRow) -> Result<(Vec<String>, Keys), ApiError> {
    let tags = context.store.tags(&entity.id).await?;
    Ok((
        vec![context.config.scope().arn_of(entity)],
        of_iam_resource(tags.iter().map(TagRow::pair)),
    ))
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
        Resource::Caller => {
            return Ok((
                vec![caller.arn.clone()],
                of_iam_resource(caller.tags.iter()),
            ));
        }
        // What does not exist is judged as if it had no path and no tags, so that its absence shows
        // only to those who may see it.
        Resource::Entity(kind, name) => {
            return match context.store.entity_named(*kind, name).await? {
                Some(entity) => described(context, &entity).await,
                None => Ok((vec![scope.entity(*kind, "/", name)], Keys::default())),
            };
        }
        Resource::PoliciesOf(kind, name) => {
            let Some(entity) = context.store.entity_named(*kind, name).await? else {
                return Ok((vec![scope.entity(*kind, "/", name)], Keys::default()));
            };
            let (names, keys) = described(context, &entity).await?;
            let keys = match context.store.boundary_of(&entity.id).await? {
                Some(boundary) => keys.and(&boundary_key(&scope.arn_of(&boundary.policy))),
                None => keys,
            };
            return Ok((names, keys));
        }
        Resource::ManagedPolicy(arn) => {
            return match find_managed_policy(context, arn).await? {
                Some(policy) => described(context, &policy).await,
                None => Ok((vec![arn.clone()], Keys::default())),
            };
        }
        Resource::EntityAt { kind, path, name } => vec![scope.entity(*kind, path, name)],
        Resource::Document(given) => match documents::plain_name(scope, given) {
            // Built-in documents belong to no account, but AWS's own guides also name them with one.
            Some(name) if documents::is_built_in(name) => {
                vec![scope.built_in_document(name), scope.document(name)]
            }
            Some(name) => vec![scope.document(name)],
            None => vec![given.clone()],
        },
        Resource::Arn(arn) => vec![arn.clone()],
        // Policies name a group with `:*` behind it or without, or its streams.
        Resource::LogStream { group, stream } => {
            let names = vec![scope.log_stream(group, stream), scope.log_group(group)];
            let Some(row) = context.store.log_group(group).await? else {
                return Ok((names, Keys::default()));
            };
            let tags = context.store.resource_tags(&row.group_id).await?;
            let keys = tags.iter().fold(Keys::default(), |keys, (key, value)| {
                keys.with(&format!("aws:ResourceTag/{key}"), value)
            });
            return Ok((names, keys));
        }
        Resource::Node(id) => vec![scope.managed_instance(id)],
        Resource::Parameter(given) => vec![parameters::arn(scope, given)],
        // Policies name sessions by `${aws:username}-*` or by `${aws:userid}-*` (control-plane.md 7.1).
        Resource::Session { id, owner_user_id } => match id.rsplit_once('-') {
            Some((_, suffix)) => vec![
                scope.session(id),
                scope.session(&format!("{owner_user_id}-{suffix}")),
            ],
            None => vec![scope.session(id)],
        },
    };
    let tags = match resource {
        Resource::Node(id) => context.store.ssm_tags(Tagged::Node(id)).await?,
        Resource::Document(given) => match documents::plain_name(scope, given) {
            Some(name) => context.store.ssm_tags(Tagged::Document(name)).await?,
            None => Vec::new(),
        },
        Resource::Parameter(given) => match parameters::Named::parse(scope, given) {
            Some(named) => {
                let tagged = Tagged::Parameter(&named.name);
                context.store.ssm_tags(tagged).await?
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    Ok((names, of_ssm_resource(tags.iter().map(TagRow::pair))))
}
