//! Policies of all three kinds as anybody may upload them, and a decision by each. An empty set of grants grants nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usher_policy::{
    Context, Decision, NamedPolicy, PolicyDocument, PrincipalPolicies, Request, ResourcePolicy,
    TrustPolicy, evaluate, statement_places,
};

fuzz_target!(|text: &str| {
    let _ = statement_places(text);
    let _ = ResourcePolicy::parse(text, "kms");
    let _ = TrustPolicy::parse(text);
    let Ok(document) = PolicyDocument::parse(text) else {
        return;
    };
    let context = Context::default()
        .with("aws:username", "alice")
        .with("aws:PrincipalTag/team", "${aws:username}*?");
    let request = Request {
        action: "ssm:StartSession",
        resource: "arn:aws:ssm:usher-1:000000000000:managed-instance/mi-0123456789abcdef0",
        context: &context,
    };
    let policy = NamedPolicy::new("fuzzed", document);
    let _ = evaluate(&PrincipalPolicies::granting(vec![policy.clone()]), &request);
    let limited = PrincipalPolicies {
        boundary: Some(policy.clone()),
        session: Some(vec![policy]),
        ..PrincipalPolicies::default()
    };
    let decision = evaluate(&limited, &request);
    assert!(
        !matches!(decision, Decision::Allowed { .. }),
        "{decision:?}"
    );
});
