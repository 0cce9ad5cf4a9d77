//! What policies may ask about a call: the condition keys of control-plane.md 7.4, as far as they are known here.
//!
//! A key that is not known stays absent, and what a condition makes of an absent key is the evaluator's affair.

use usher_policy::Context as Keys;

use super::{Caller, Origin, WebIdentity, Who};
use crate::codec::iso_time;
use crate::context::Context;
use crate::store::Kind;

const MULTI_FACTOR: &str = "aws:MultiFactorAuthPresent";

/// What an identity provider said of whom it vouched for: `id.example.com:sub` (IAM user guide, "Available keys for AWS
/// OIDC federation").
pub(crate) fn of_web_identity(context: &Context, person: &WebIdentity) -> Keys {
    let issuer = &person.issuer;
    let provider = context
        .config
        .scope()
        .entity(Kind::OidcProvider, "/", issuer);
    Keys::default()
        .with("aws:FederatedProvider", provider)
        .with(&format!("{issuer}:sub"), &person.subject)
        .with(&format!("{issuer}:aud"), &person.audience)
        .with(MULTI_FACTOR, person.by_many_factors.to_string())
}

/// The keys of every decision about this call.
pub(crate) fn of_call(context: &Context, caller: &Caller) -> Keys {
    let account = context.config.account.as_str();
    let keys = Keys::default()
        .with("aws:PrincipalArn", &caller.arn)
        .with("aws:PrincipalAccount", account)
        .with("aws:ResourceAccount", account)
        .with("aws:RequestedRegion", &context.config.region)
        .with("aws:userid", &caller.user_id)
        .with("aws:EpochTime", (context.now() / 1000).to_string())
        .with("aws:CurrentTime", iso_time(context.now()))
        .with("aws:SecureTransport", caller.arrival.over_tls.to_string())
        .with("aws:ViaAWSService", "false");
    let keys = match caller.arrival.source {
        Some(source) => keys.with("aws:SourceIp", source.to_string()),
        None => keys,
    };
    let keys = match &caller.who {
        Who::User { issued, .. } => {
            let keys = keys
                .with("aws:username", &caller.name)
                .with("aws:PrincipalType", "User");
            match issued {
                Some(issued) => keys.with("aws:TokenIssueTime", iso_time(*issued)),
                None => keys,
            }
        }
        Who::AssumedRole(session) => {
            let keys = keys
                // The role, not its session: whoever assumes the role chooses the session's name.
                .with("aws:PrincipalArn", &session.role_arn)
                .with("aws:PrincipalType", "AssumedRole")
                .with("aws:TokenIssueTime", iso_time(session.issued));
            match &session.source_identity {
                Some(identity) => keys.with("aws:SourceIdentity", identity),
                None => keys,
            }
        }
        Who::Node(_) => keys.with("aws:PrincipalType", "AssumedRole"),
        Who::Anonymous => keys.with("aws:PrincipalType", "Anonymous"),
    };
    let keys = match caller.bearer.as_ref().map(|bearer| &bearer.origin) {
        Some(Origin::Web(person)) => keys.and(&of_web_identity(context, person)),
        // What a lasting key proves is one thing that somebody has.
        Some(Origin::User { .. }) => keys.with(MULTI_FACTOR, "false"),
        None => keys,
    };
    // Session tags lie over the role's, in whatever casing.
    caller
        .tags
        .iter()
        .chain(caller.session_tags.iter())
        .fold(keys, |keys, (key, value)| {
            keys.with(&format!("aws:PrincipalTag/{key}"), value)
        })
}

/// The tags that the system itself puts on a session (control-plane.md 3.1). AWS's sample policies let people end their
/// own sessions by the first, the owner's `aws:userid`.
pub(crate) fn of_session(owner_user_id: &str, node_id: &str) -> Keys {
    Keys::default()
        .with("ssm:resourceTag/aws:ssmmessages:session-id", owner_user_id)
        .with("ssm:resourceTag/aws:ssmmessages:target-id", node_id)
        .with("aws:ResourceTag/aws:ssmmessages:session-id", owner_user_id)
        .with("aws:ResourceTag/aws:ssmmessages:target-id", node_id)
}

/// The keys by which policies see tags that a request sets: none of them where it sets none.
pub(crate) fn tag_keys<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Keys {
    let tags: Vec<_> = tags.collect();
    if tags.is_empty() {
        return Keys::default();
    }
    let keys = Keys::default().with_set("aws:TagKeys", tags.iter().map(|(key, _)| *key));
    tags.iter().fold(keys, |keys, (key, value)| {
        keys.with(&format!("aws:RequestTag/{key}"), *value)
    })
}

/// The key by which policies see the permissions boundary that somebody has or is to have.
pub(crate) fn boundary_key(policy_arn: &str) -> Keys {
    Keys::default().with("iam:PermissionsBoundary", policy_arn)
}

/// The key by which policies see the managed policy that is attached or detached.
pub(crate) fn policy_arn_key(policy_arn: &str) -> Keys {
    Keys::default().with("iam:PolicyARN", policy_arn)
}

/// The keys by which policies see the tags of what an IAM call is about.
pub(crate) fn of_iam_resource<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Keys {
    tags.fold(Keys::default(), |keys, (key, value)| {
        keys.with(&format!("aws:ResourceTag/{key}"), value)
            .with(&format!("iam:ResourceTag/{key}"), value)
    })
}

/// The keys by which policies see the tags of a document or a node.
pub(crate) fn of_ssm_resource<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Keys {
    tags.fold(Keys::default(), |keys, (key, value)| {
        keys.with(&format!("aws:ResourceTag/{key}"), value)
            .with(&format!("ssm:resourceTag/{key}"), value)
    })
}

#[cfg(test)]
mod tests {
    use usher_policy::{
        Decision, NamedPolicy, PolicyDocument, PrincipalPolicies, Request, evaluate,
    };

    use super::*;

    /// Whether the condition holds under these keys.
    fn holds(condition: &str, keys: &Keys) -> bool {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        );
        let policy = NamedPolicy::new("p", PolicyDocument::parse(&text).unwrap());
        let policy = PrincipalPolicies::granting(vec![policy]);
        let request = Request {
            action: "iam:TagUser",
            resource: "*",
            context: keys,
        };
        matches!(evaluate(&policy, &request), Decision::Allowed { .. })
    }

    #[test]
    fn a_request_without_tags_has_no_tag_keys() {
        let absent = r#"{"Null":{"aws:TagKeys":"true"}}"#;
        assert!(!holds(absent, &tag_keys([("a", "1")].into_iter())));
        assert!(holds(absent, &tag_keys([].into_iter())));
    }

    #[test]
    fn each_tag_of_a_request_is_a_key_and_all_are_a_set() {
        let keys = tag_keys([("SSMSessionRunAs", "web"), ("team", "a")].into_iter());
        let only_run_as = r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["SSMSessionRunAs"]}}"#;
        assert!(!holds(only_run_as, &keys));
        let any_run_as = r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["SSMSessionRunAs"]}}"#;
        assert!(holds(any_run_as, &keys));
        let value = r#"{"StringEquals":{"aws:RequestTag/ssmsessionrunas":"web"}}"#;
        assert!(holds(value, &keys));
    }
}
