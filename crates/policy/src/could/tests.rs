//! Refusals first: what no circumstances allow. Then what some allow, and what they are.

use super::*;
use crate::PolicyDocument;

const TAG_VALUE: &str = "aws:requesttag/ssmsessionrunas";

fn document(statement: &str) -> PolicyDocument {
    PolicyDocument::parse(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#
    ))
    .unwrap()
}

fn policies(statements: &[&str]) -> PrincipalPolicies {
    let named = statements
        .iter()
        .map(|text| NamedPolicy::new("p", document(text)));
    PrincipalPolicies::granting(named.collect())
}

/// How the holder could set the tag of `user/bob`.
fn tagging(policies: &PrincipalPolicies) -> Option<Possibility> {
    let context = Context::default()
        .with("aws:username", "alice")
        .with_set("aws:TagKeys", ["SSMSessionRunAs"]);
    let attempt = Attempt {
        request: Request {
            action: "iam:TagUser",
            resource: "arn:aws:iam::000000000000:user/bob",
            context: &context,
        },
        settled: &["aws:principaltag/"],
        chosen: Some(TAG_VALUE),
    };
    could_be_allowed(policies, &attempt)
}

const ALLOW: &str = r#"{"Effect":"Allow","Action":"iam:Tag*","Resource":"*"}"#;

fn allow_if(condition: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":"iam:Tag*","Resource":"*","Condition":{condition}}}"#)
}

fn deny_if(condition: &str) -> String {
    format!(r#"{{"Effect":"Deny","Action":"iam:Tag*","Resource":"*","Condition":{condition}}}"#)
}

fn keys(policies: &PrincipalPolicies) -> Vec<String> {
    tagging(policies).unwrap().depends_on
}

#[test]
fn what_no_statement_allows_or_one_denies_whatever_happens_could_not_be() {
    for statements in [
        vec![],
        vec![r#"{"Effect":"Allow","Action":"iam:UntagUser","Resource":"*"}"#],
        vec![
            r#"{"Effect":"Allow","Action":"iam:TagUser","Resource":"arn:aws:iam::000000000000:user/${aws:username}"}"#,
        ],
        vec![ALLOW, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#],
    ] {
        assert_eq!(tagging(&policies(&statements)), None, "{statements:?}");
    }
}

#[test]
fn a_denial_of_the_tag_key_in_any_casing_is_certain() {
    for condition in [
        r#"{"ForAnyValue:StringEqualsIgnoreCase":{"aws:TagKeys":"ssmsessionRunAs"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["team","SSMSessionRunAs"]}}"#,
        r#"{"Null":{"aws:RequestTag/SSMSessionRunAs":"false"}}"#,
        r#"{"StringLike":{"aws:RequestTag/SSMSessionRunAs":"*"}}"#,
    ] {
        assert_eq!(
            tagging(&policies(&[ALLOW, &deny_if(condition)])),
            None,
            "{condition}"
        );
    }
}

#[test]
fn what_is_settled_holds_in_all_circumstances() {
    let tagged = allow_if(r#"{"StringEquals":{"aws:PrincipalTag/team":"ops"}}"#);
    assert_eq!(tagging(&policies(&[&tagged])), None);
    let named = allow_if(r#"{"StringEquals":{"aws:username":"carol"}}"#);
    assert_eq!(tagging(&policies(&[&named])), None);
}

#[test]
fn a_limit_that_allows_it_in_no_circumstances_withholds_it() {
    let held = PrincipalPolicies {
        boundary: Some(NamedPolicy::new(
            "b",
            document(r#"{"Effect":"Allow","Action":"ssm:*","Resource":"*"}"#),
        )),
        ..policies(&[ALLOW])
    };
    assert_eq!(tagging(&held), None);
}

#[test]
fn a_denial_that_another_tag_gets_around_is_not_certain() {
    let only = deny_if(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"SSMSessionRunAs"}}"#);
    assert!(tagging(&policies(&[ALLOW, &only])).is_some());
    let other = allow_if(r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}"#);
    assert!(tagging(&policies(&[&other])).is_some());
}

#[test]
fn an_allowance_without_conditions_hangs_on_nothing() {
    assert_eq!(keys(&policies(&[ALLOW])), Vec::<String>::new());
    let exact = allow_if(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"SSMSessionRunAs"}}"#);
    assert_eq!(keys(&policies(&[&exact])), Vec::<String>::new());
}

#[test]
fn the_circumstances_that_it_hangs_on_are_named() {
    let value = allow_if(r#"{"StringEquals":{"aws:RequestTag/SSMSessionRunAs":"web"}}"#);
    assert_eq!(
        keys(&policies(&[&value])),
        ["aws:RequestTag/SSMSessionRunAs"]
    );
    let address = deny_if(r#"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#);
    assert_eq!(keys(&policies(&[ALLOW, &address])), ["aws:SourceIp"]);
    let factor = allow_if(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#);
    assert_eq!(
        keys(&policies(&[&factor, &address])),
        ["aws:MultiFactorAuthPresent", "aws:SourceIp"]
    );
    // A way without circumstances is told rather than one with.
    assert_eq!(keys(&policies(&[&factor, ALLOW])), Vec::<String>::new());
}

const ROLE: &str = "arn:aws:iam::000000000000:role/ops";
const ALICE: &str = "arn:aws:iam::000000000000:user/alice";

fn trust(principal: &str, condition: &str) -> TrustPolicy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{condition}}}]}}"#
    );
    TrustPolicy::parse(&text).unwrap()
}

fn assuming(trust: &TrustPolicy, policies: &PrincipalPolicies) -> Option<Possibility> {
    let names = [ALICE.to_owned()];
    let caller = TrustedAs {
        account: "000000000000",
        arns: &names,
    };
    could_be_trusted(
        trust,
        "ops",
        caller,
        policies,
        &assumption(&Context::default()),
    )
}

fn assumption(context: &Context) -> Attempt<'_> {
    Attempt {
        request: Request {
            action: "sts:AssumeRole",
            resource: ROLE,
            context,
        },
        settled: &[],
        chosen: Some(TAG_VALUE),
    }
}

#[test]
fn whom_a_role_does_not_mean_could_not_assume_it_and_an_account_is_not_enough() {
    let everything = policies(&[r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#]);
    let other = trust("arn:aws:iam::000000000000:user/bob", "{}");
    assert_eq!(assuming(&other, &everything), None);
    let account = trust("000000000000", "{}");
    assert_eq!(assuming(&account, &policies(&[])), None);
    assert!(assuming(&account, &everything).is_some());
}

#[test]
fn whom_a_role_names_could_assume_it_in_the_circumstances_it_asks_for() {
    let by_id = trust(ALICE, r#"{"StringEquals":{"sts:ExternalId":"7"}}"#);
    let found = assuming(&by_id, &policies(&[])).unwrap();
    assert_eq!(found.depends_on, ["sts:ExternalId"]);
    let denied = policies(&[r#"{"Effect":"Deny","Action":"sts:*","Resource":"*"}"#]);
    assert_eq!(assuming(&by_id, &denied), None);
}

#[test]
fn a_chosen_value_is_bound_by_a_statement_of_either_side_that_names_values() {
    let names = [ALICE.to_owned()];
    let caller = TrustedAs {
        account: "000000000000",
        arns: &names,
    };
    let context = Context::default();
    let bound = |trust: &TrustPolicy, policies: &PrincipalPolicies| {
        could_be_bound(trust, caller, policies, &assumption(&context))
    };
    let open = trust(ALICE, "{}");
    let naming = r#"{"StringEquals":{"aws:RequestTag/SSMSessionRunAs":"web"}}"#;
    assert!(!bound(&open, &policies(&[])));
    assert!(bound(&trust(ALICE, naming), &policies(&[])));
    let own =
        format!(r#"{{"Effect":"Allow","Action":"sts:*","Resource":"*","Condition":{naming}}}"#);
    assert!(bound(&open, &policies(&[&own])));
}
