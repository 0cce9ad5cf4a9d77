//! A call that is not signed as it should be is refused with AWS's code, whichever service it is for.

use serde_json::json;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::skip::lacks;

#[test]
fn a_wrong_secret_is_refused() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let keys = Keys {
        secret: "not/the/secret".to_owned(),
        ..dev.admin()
    };
    let none = json!({});
    let refused = dev
        .call(&keys, "ssm", "describe_instance_information", &none)
        .refused_with("InvalidSignatureException");
    assert_eq!(refused.status, 400);
    let refused = dev
        .call(&keys, "iam", "get_user", &none)
        .refused_with("SignatureDoesNotMatch");
    assert_eq!(refused.status, 403);
    dev.call(&keys, "sts", "get_caller_identity", &none)
        .refused_with("SignatureDoesNotMatch");
}

#[test]
fn an_unknown_key_is_refused() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let keys = Keys {
        id: "AKIAUNKNOWNUNKNOWN00".to_owned(),
        ..dev.admin()
    };
    let none = json!({});
    let refused = dev
        .call(&keys, "ssm", "describe_instance_information", &none)
        .refused_with("UnrecognizedClientException");
    assert_eq!(refused.status, 400);
    let refused = dev
        .call(&keys, "sts", "get_caller_identity", &none)
        .refused_with("InvalidClientTokenId");
    assert_eq!(refused.status, 403);
}

#[test]
fn a_clock_off_by_more_than_five_minutes_is_refused() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let call = |seconds| {
        dev.call(
            &dev.admin(),
            "ssm",
            "describe_instance_information",
            &json!({}),
        )
        .skewed_by(seconds)
    };
    let late = call(-330).refused_with("InvalidSignatureException");
    assert!(late.message.starts_with("Signature expired: "), "{late:?}");
    let early = call(330).refused_with("InvalidSignatureException");
    assert!(
        early.message.starts_with("Signature not yet current: "),
        "{early:?}"
    );
    call(-270).must();
    call(270).must();
}

#[test]
fn a_body_changed_after_signing_is_refused() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let start = json!({"Target": dev.node(), "Reason": "signed"});
    dev.call(&dev.admin(), "ssm", "start_session", &start)
        .tampered()
        .refused_with("InvalidSignatureException");
    let create = json!({"UserName": "signed"});
    dev.call(&dev.admin(), "iam", "create_user", &create)
        .tampered()
        .refused_with("SignatureDoesNotMatch");
    dev.call(
        &dev.admin(),
        "iam",
        "get_user",
        &json!({"UserName": "forged"}),
    )
    .refused_with("NoSuchEntity");
}

#[test]
fn everybody_may_ask_who_they_are() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let nobody = dev.principal("without-any-permission", &[]);
    let told = dev
        .call(&nobody.keys, "sts", "get_caller_identity", &json!({}))
        .must();
    assert_eq!(told["Account"], "000000000000");
    assert_eq!(
        told["Arn"],
        "arn:aws:iam::000000000000:user/without-any-permission"
    );
    assert!(
        told["UserId"].as_str().unwrap().starts_with("AIDA"),
        "{told}"
    );
}
