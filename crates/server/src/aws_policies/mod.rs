//! The managed policies that come with the service: the quickstart policies of Session Manager (control-plane.md 7.6).
//!
//! They belong to no account and nobody can change them. One that a release words anew gets a new default version when
//! the data is opened; whoever has it attached gets the new words.

use crate::context::Context;
use crate::error::ApiError;
use crate::limits;
use crate::store::{EntityRow, Kind};

/// A policy that comes with the service.
struct AwsPolicy {
    /// Like every entity's id, but known.
    id: &'static str,
    name: &'static str,
    description: &'static str,
    document: &'static str,
}

/// The tag that decides the OS user stands in both in its own spelling, compared without case: setting it is denied to
/// who has the first policy, whatever else allows tagging, and it is the only tag that the second lets anybody set.
const POLICIES: &[AwsPolicy] = &[
    AwsPolicy {
        id: "ANPAUSHERSESSIONUSER",
        name: "UsherSessionManagerUser",
        description: "Start sessions on every node, and resume and end one's own. Setting the tag SSMSessionRunAs is denied.",
        document: include_str!("user.json"),
    },
    AwsPolicy {
        id: "ANPAUSHERSESSIONADMIN",
        name: "UsherSessionManagerAdministrator",
        description: "Set the preferences of Session Manager and the tag SSMSessionRunAs, start sessions, end anybody's.",
        document: include_str!("administrator.json"),
    },
];

/// Brings the policies in the database to the words of this release.
pub(crate) async fn bring_up_to_date(context: &Context) -> Result<(), ApiError> {
    for policy in POLICIES {
        let (store, now) = (&context.store, context.now());
        let versions = store.policy_versions(policy.id).await?;
        let Some(latest) = versions.first() else {
            let entity = EntityRow {
                id: policy.id.to_owned(),
                kind: Kind::AwsPolicy,
                name: policy.name.to_owned(),
                path: "/".to_owned(),
                boundary_id: None,
                created: now,
            };
            store
                .insert_managed_policy(&entity, Some(policy.description), policy.document, &[])
                .await?;
            continue;
        };
        if latest.document == policy.document {
            continue;
        }
        let limit = limits::POLICY_VERSIONS;
        if i64::try_from(versions.len()).is_ok_and(|count| count >= limit)
            && let Some(oldest) = versions.last()
        {
            let _ = store
                .delete_policy_version(policy.id, oldest.version)
                .await?;
        }
        store
            .add_policy_version(policy.id, policy.document, true, limit, now)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use usher_policy::{
        Context as Keys, Decision, NamedPolicy, PolicyDocument, PrincipalPolicies, Request,
        evaluate,
    };

    use super::*;

    fn decision(
        names: &[&str],
        extra: &str,
        action: &str,
        resource: &str,
        keys: &Keys,
    ) -> Decision {
        let mut identity: Vec<NamedPolicy> = POLICIES
            .iter()
            .filter(|policy| names.contains(&policy.name))
            .map(|policy| {
                NamedPolicy::new(policy.name, PolicyDocument::parse(policy.document).unwrap())
            })
            .collect();
        if !extra.is_empty() {
            identity.push(NamedPolicy::new(
                "extra",
                PolicyDocument::parse(extra).unwrap(),
            ));
        }
        let request = Request {
            action,
            resource,
            context: keys,
        };
        evaluate(&PrincipalPolicies::granting(identity), &request)
    }

    const TAGGER: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#;
    const USER_ARN: &str = "arn:aws:iam::000000000000:user/alice";

    #[test]
    fn who_may_tag_cannot_set_the_os_user_in_any_casing() {
        for key in ["SSMSessionRunAs", "ssmsessionrunas", "SSMSESSIONRUNAS"] {
            let keys = Keys::default().with_set("aws:TagKeys", ["team", key]);
            for action in [
                "iam:TagUser",
                "iam:UntagUser",
                "iam:TagRole",
                "iam:CreateUser",
            ] {
                let decision = decision(
                    &["UsherSessionManagerUser"],
                    TAGGER,
                    action,
                    USER_ARN,
                    &keys,
                );
                assert!(
                    matches!(decision, Decision::ExplicitDeny { .. }),
                    "{action} {key} {decision}"
                );
            }
        }
        let others = Keys::default().with_set("aws:TagKeys", ["team"]);
        let decision = decision(
            &["UsherSessionManagerUser"],
            TAGGER,
            "iam:TagUser",
            USER_ARN,
            &others,
        );
        assert!(matches!(decision, Decision::Allowed { .. }), "{decision}");
    }

    #[test]
    fn the_administrator_sets_that_tag_and_no_other() {
        let administrator = ["UsherSessionManagerAdministrator"];
        let check = |tags: Option<&[&str]>, expected: bool| {
            let keys = match tags {
                Some(tags) => Keys::default().with_set("aws:TagKeys", tags.iter().copied()),
                None => Keys::default(),
            };
            let decision = decision(&administrator, "", "iam:TagUser", USER_ARN, &keys);
            assert_eq!(
                matches!(decision, Decision::Allowed { .. }),
                expected,
                "{tags:?}"
            );
        };
        check(None, false);
        check(Some(&["team"]), false);
        check(Some(&["SSMSessionRunAs", "team"]), false);
        check(Some(&["SSMSessionRunAs"]), true);
    }

    #[test]
    fn the_user_ends_its_own_sessions_alone() {
        let keys = Keys::default().with("aws:userid", "AIDA1");
        let check = |session: &str, expected: bool| {
            let arn = format!("arn:aws:ssm:usher-1:000000000000:session/{session}");
            let decision = decision(
                &["UsherSessionManagerUser"],
                "",
                "ssm:TerminateSession",
                &arn,
                &keys,
            );
            assert_eq!(
                matches!(decision, Decision::Allowed { .. }),
                expected,
                "{session}"
            );
        };
        check("AIDA2-0123", false);
        check("AIDA1-0123", true);
    }

    #[test]
    fn none_is_longer_than_a_managed_policy_may_be() {
        for policy in POLICIES {
            let size = policy
                .document
                .chars()
                .filter(|c| !c.is_whitespace())
                .count();
            assert!(size <= limits::MANAGED_POLICY, "{}", policy.name);
        }
    }
}
