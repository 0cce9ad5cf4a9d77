//! Policies tried out by boto3 before anybody has them.

use serde_json::json;

use crate::harness::dev::Dev;
use crate::harness::skip::{Need, lacks};

#[test]
fn boto3_reads_what_a_policy_would_decide_and_by_which_statement() {
    if lacks(&[Need::Aws]) {
        return;
    }
    let dev = Dev::start();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ssm:*", "Resource": "*",
         "Condition": {"StringEquals": {"ssm:resourceTag/Stage": "test"}}},
        {"Effect": "Deny", "Action": "ssm:TerminateSession", "Resource": "*"},
    ]});
    let ask = |entries: serde_json::Value| {
        let arguments = json!({
            "PolicyInputList": [policy.to_string()],
            "ActionNames": ["ssm:StartSession", "ssm:TerminateSession"],
            "ContextEntries": entries,
        });
        let answer = dev.call(&dev.admin(), "iam", "simulate_custom_policy", &arguments);
        answer.must()["EvaluationResults"].clone()
    };
    let unknown = ask(json!([]));
    assert_eq!(unknown[0]["EvalDecision"], "implicitDeny");
    assert_eq!(
        unknown[0]["MissingContextValues"],
        json!(["ssm:resourceTag/Stage"])
    );
    let known = ask(
        json!([{"ContextKeyName": "ssm:resourceTag/Stage", "ContextKeyValues": ["test"],
                            "ContextKeyType": "string"}]),
    );
    assert_eq!(known[0]["EvalDecision"], "allowed");
    let matched = &known[0]["MatchedStatements"][0];
    assert_eq!(matched["SourcePolicyId"], "PolicyInputList.1");
    assert_eq!(matched["StartPosition"]["Line"], 1);
    assert_eq!(known[1]["EvalDecision"], "explicitDeny");
}
