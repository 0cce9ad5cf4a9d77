//! Whom a role trusts: what a trust policy may not say, and what it says to which caller.

use serde_json::{Value, json};
use usher_policy::{
    Context, PolicyDocument, Request, ResourcePolicy, TrustDecision, TrustPolicy, TrustedAs,
    is_allowed_within,
};

use crate::evaluation::granting;

const ACCOUNT: &str = "000000000000";
const ALICE: &str = "arn:aws:iam::000000000000:user/team/alice";
const RUN_AS: &str = "aws:RequestTag/SSMSessionRunAs";

/// Which of its answers a trust policy gave.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Named,
    RoleNamed,
    WithOwnPolicies,
    ExplicitDeny,
    NotTrusted,
}

impl From<TrustDecision> for Said {
    fn from(decision: TrustDecision) -> Self {
        match decision {
            TrustDecision::Named { .. } => Self::Named,
            TrustDecision::RoleNamed { .. } => Self::RoleNamed,
            TrustDecision::WithOwnPolicies { .. } => Self::WithOwnPolicies,
            TrustDecision::ExplicitDeny { .. } => Self::ExplicitDeny,
            TrustDecision::NotTrusted => Self::NotTrusted,
        }
    }
}

fn statement(principal: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" })
}

fn parse(statements: &Value) -> TrustPolicy {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    TrustPolicy::parse(&text).unwrap()
}

fn refused(statement: &Value, sentence: &str) {
    let text = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    match TrustPolicy::parse(&text) {
        Ok(_) => assert_eq!("stored", sentence, "{text}"),
        Err(error) => assert!(error.to_string().contains(sentence), "{text}\n{error}"),
    }
}

/// What the statements say to alice, who calls `sts:AssumeRole` with these keys.
fn judged(statements: &Value, context: &Context) -> Said {
    let request = Request {
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::000000000000:role/deploy",
        context,
    };
    let alice = TrustedAs {
        account: ACCOUNT,
        arns: &[ALICE.to_owned()],
    };
    parse(statements).judge("deploy", alice, &request).into()
}

fn check(principal: &Value, expected: Said) {
    let statements = json!([statement(principal)]);
    assert_eq!(
        judged(&statements, &Context::default()),
        expected,
        "{principal}"
    );
}

#[test]
fn principals_that_are_none_are_refused() {
    for principal in [
        json!("alice"),
        json!(ALICE),
        json!(7),
        json!([]),
        json!({}),
        json!({ "AWS": [] }),
        json!({ "AWS": "alice" }),
        json!({ "AWS": "12345" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user/*" }),
        json!({ "AWS": "arn:aws:iam::*:root" }),
        json!({ "AWS": "arn:aws:iam::000000000000:*" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user/${aws:username}" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user/" }),
        json!({ "AWS": "arn:aws:iam::000000000000:group/ops" }),
        json!({ "AWS": "arn:aws:iam::000000000000:root/x" }),
        json!({ "AWS": "arn:aws:sts::000000000000:assumed-role/deploy" }),
        json!({ "AWS": "arn:aws:sts::000000000000:assumed-role/path/deploy/x" }),
        json!({ "AWS": "arn:aws:s3:::bucket" }),
        json!({ "Service": "ssm" }),
        json!({ "Service": "*" }),
        json!({ "Federated": "arn:aws:iam::000000000000:oidc-provider/" }),
        json!({ "Federated": "arn:aws:iam::000000000000:oidc-provider/*" }),
        json!({ "Federated": "arn:aws:iam::000000000000:saml-provider/x" }),
        json!({ "Federated": "*" }),
        json!({ "CanonicalUser": "x" }),
    ] {
        let text = json!({ "Statement": [statement(&principal)] }).to_string();
        assert!(TrustPolicy::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn elements_without_meaning_in_a_trust_policy_are_refused() {
    let with = |key: &str, value: Value| {
        let mut statement = statement(&json!("*"));
        statement[key] = value;
        statement
    };
    refused(&with("Resource", json!("*")), "the resource is the role");
    refused(
        &with("NotPrincipal", json!("*")),
        "has both Principal and NotPrincipal",
    );
    let all_but =
        json!({ "Effect": "Allow", "NotPrincipal": { "AWS": ALICE }, "Action": "sts:AssumeRole" });
    refused(&all_but, "NotPrincipal is for denials only");
    refused(
        &with("Action", json!("ssm:StartSession")),
        "only specify STS",
    );
    refused(
        &with("Action", json!(["sts:AssumeRole", "*"])),
        "only specify STS",
    );
    refused(&with("Extra", json!(1)), "Statement[0].Extra is not known");
    let nobody = json!({ "Effect": "Allow", "Action": "sts:AssumeRole" });
    refused(&nobody, "needs the element Statement[0].Principal");
}

#[test]
fn an_identity_provider_is_trusted_by_its_own_arn_and_no_other() {
    let arn = |provider: &str| format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}");
    let vouched_for = |principal: &Value| {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity" });
        let request = Request {
            action: "sts:AssumeRoleWithWebIdentity",
            resource: "arn:aws:iam::000000000000:role/deploy",
            context: &Context::default(),
        };
        let caller = TrustedAs {
            account: ACCOUNT,
            arns: &[arn("id.example.com/realm")],
        };
        Said::from(parse(&json!([statement])).judge("deploy", caller, &request))
    };
    let federated = |provider: &str| json!({ "Federated": arn(provider) });
    assert_eq!(vouched_for(&federated("id.example.com")), Said::NotTrusted);
    assert_eq!(
        vouched_for(&federated("id.example.com/realm2")),
        Said::NotTrusted
    );
    assert_eq!(vouched_for(&federated("id.example.com/realm")), Said::Named);
    // Everybody is never as good as its name: such callers have no policies of their own that could allow it too.
    assert_eq!(vouched_for(&json!("*")), Said::WithOwnPolicies);
}

#[test]
fn no_other_resource_trusts_an_identity_provider() {
    let policy = json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": "arn:aws:iam::000000000000:oidc-provider/id.example.com" },
        "Action": "kms:Decrypt",
        "Resource": "*"
    }] });
    assert!(ResourcePolicy::parse(&policy.to_string(), "kms").is_err());
}

#[test]
fn strangers_are_not_trusted() {
    for principal in [
        json!({ "AWS": "111111111111" }),
        json!({ "AWS": "arn:aws:iam::111111111111:root" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user/alice" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user/team/alic" }),
        json!({ "AWS": "arn:aws:iam::000000000000:role/team/alice" }),
        json!({ "Service": "ssm.amazonaws.com" }),
    ] {
        check(&principal, Said::NotTrusted);
    }
}

#[test]
fn a_denial_wins_over_being_named() {
    let mut deny = statement(&json!({ "AWS": ACCOUNT }));
    deny["Effect"] = json!("Deny");
    deny["Condition"] = json!({ "StringNotEquals": { "sts:ExternalId": "right" } });
    let statements = json!([statement(&json!({ "AWS": ALICE })), deny]);
    let wrong = Context::default().with("sts:ExternalId", "wrong");
    for context in [wrong, Context::default()] {
        assert_eq!(judged(&statements, &context), Said::ExplicitDeny);
    }
    let right = Context::default().with("sts:ExternalId", "right");
    assert_eq!(judged(&statements, &right), Said::Named);
}

#[test]
fn a_denial_of_all_but_some_excepts_whoever_is_named_with_the_account() {
    let denying_all_but = |names: Value| {
        let deny = json!({ "Effect": "Deny", "NotPrincipal": { "AWS": names }, "Action": "sts:*" });
        judged(
            &json!([statement(&json!({ "AWS": ALICE })), deny]),
            &Context::default(),
        )
    };
    for names in [
        json!("arn:aws:iam::000000000000:user/bob"),
        json!(ACCOUNT),
        json!(ALICE),
        json!([ALICE, "111111111111"]),
    ] {
        assert_eq!(
            denying_all_but(names.clone()),
            Said::ExplicitDeny,
            "{names}"
        );
    }
    assert_eq!(denying_all_but(json!([ALICE, ACCOUNT])), Said::Named);
    assert_eq!(denying_all_but(json!("*")), Said::Named);
}

#[test]
fn conditions_hold_for_trust_too() {
    let mut demanding = statement(&json!({ "AWS": ALICE }));
    demanding["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "right" } });
    let statements = json!(demanding);
    let wrong = Context::default().with("sts:ExternalId", "wrong");
    for context in [wrong, Context::default()] {
        assert_eq!(judged(&statements, &context), Said::NotTrusted);
    }
    let right = Context::default().with("sts:ExternalId", "right");
    assert_eq!(judged(&statements, &right), Said::Named);
}

#[test]
fn who_is_named_needs_no_policy_and_who_is_merely_included_does() {
    check(&json!({ "AWS": ALICE }), Said::Named);
    check(&json!({ "AWS": [ACCOUNT, ALICE] }), Said::Named);
    for principal in [
        json!("*"),
        json!({ "AWS": "*" }),
        json!({ "AWS": ACCOUNT }),
        json!({ "AWS": "arn:aws:iam::000000000000:root", "Service": "ssm.amazonaws.com" }),
    ] {
        check(&principal, Said::WithOwnPolicies);
    }
}

#[test]
fn the_names_in_a_policy_are_told() {
    let policy = parse(&json!([
        statement(&json!({ "AWS": [ALICE, "*"], "Service": "ssm.amazonaws.com" })),
        statement(&json!({ "AWS": "111111111111" })),
    ]));
    assert_eq!(
        policy.principals().collect::<Vec<_>>(),
        [ALICE, "111111111111"]
    );
}

/// Whether a condition binds the value `deploy` of the run-as tag, in a trust policy and in an identity policy alike.
fn binds(condition: &Value) -> bool {
    let context = Context::default()
        .with(RUN_AS, "deploy")
        .with("aws:PrincipalTag/os", "deploy");
    let request = Request {
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::000000000000:role/deploy",
        context: &context,
    };
    let mut trust = statement(&json!("*"));
    trust["Condition"] = condition.clone();
    let trusted_as = TrustedAs {
        account: ACCOUNT,
        arns: &[],
    };
    let trusts = parse(&json!([trust])).is_allowed_within(trusted_as, &request, RUN_AS);
    let own = json!({ "Version": "2012-10-17", "Statement":
        { "Effect": "Allow", "Action": "sts:*", "Resource": "*", "Condition": condition } });
    let own = granting([("own", PolicyDocument::parse(&own.to_string()).unwrap())]);
    let allows = is_allowed_within(&own, &request, RUN_AS);
    assert_eq!(trusts, allows, "{condition}");
    allows
}

#[test]
fn only_a_condition_that_names_the_values_of_a_key_binds_it() {
    for condition in [
        json!({}),
        json!({ "Null": { RUN_AS: "false" } }),
        json!({ "StringNotEquals": { RUN_AS: "root" } }),
        json!({ "StringLike": { RUN_AS: "*" } }),
        json!({ "StringLike": { RUN_AS: ["web-*", "**"] } }),
        json!({ "StringEquals": { RUN_AS: "web" } }),
        json!({ "StringEquals": { "aws:RequestTag/team": "deploy" } }),
        json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["SSMSessionRunAs"] } }),
    ] {
        assert!(!binds(&condition), "{condition}");
    }
    for condition in [
        json!({ "StringEquals": { RUN_AS: ["web", "deploy"] } }),
        json!({ "StringEquals": { "aws:requesttag/ssmsessionrunas": "deploy" } }),
        json!({ "StringEqualsIfExists": { RUN_AS: "${aws:PrincipalTag/os}" } }),
        json!({ "StringLike": { RUN_AS: "dep*" } }),
    ] {
        assert!(binds(&condition), "{condition}");
    }
}
