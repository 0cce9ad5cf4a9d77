//! Somebody else's node, session or token is of no use.

use serde_json::{Value, json};

use crate::fixtures::{BY_TAG, ByTag, MAY_START, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::Dev;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

/// A session started by an API call, without a client yet.
fn started(dev: &Dev, keys: &Keys) -> Value {
    dev.call(keys, "ssm", "start_session", &json!({"Target": dev.node()}))
        .must()
}

/// What the AWS CLI does with the answer: starts `session-manager-plugin`, which takes a new ClientId each time.
fn plugin(dev: &Dev, keys: &Keys, session: &Value) -> Terminal {
    let mut plugin = dev.command(keys, "session-manager-plugin");
    plugin.env("AWS_SSM_START_SESSION_RESPONSE", session.to_string());
    plugin.args([
        "AWS_SSM_START_SESSION_RESPONSE",
        dev.variable("AWS_REGION"),
        "StartSession",
        "",
    ]);
    plugin
        .arg(json!({"Target": dev.node()}).to_string())
        .arg(dev.variable("AWS_ENDPOINT_URL"));
    Terminal::start(&plugin, 80, 24)
}

#[test]
fn starting_a_session_without_permission_is_denied_in_awss_words() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let stranger = dev.principal("stranger", &[("ssm:DescribeSessions", "*")]);
    let arguments = json!({"Target": dev.node()});
    let denied = dev
        .call(&stranger.keys, "ssm", "start_session", &arguments)
        .refused_with("AccessDeniedException");
    assert_eq!(
        denied.message,
        format!(
            "User: arn:aws:iam::000000000000:user/stranger is not authorized to perform: ssm:StartSession on \
             resource: arn:aws:ssm:usher-1:000000000000:managed-instance/{} because no identity-based policy \
             allows the ssm:StartSession action",
            dev.node()
        )
    );
}

#[test]
fn a_node_that_is_not_there_is_not_connected_for_who_may_and_denied_to_who_may_not() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    let elsewhere = json!({"Target": "mi-0123456789abcdef0"});
    dev.call(&fixture.alice.keys, "ssm", "start_session", &elsewhere)
        .refused_with("TargetNotConnected");
    let guesser = dev.principal("guesser", &[]);
    dev.call(&guesser.keys, "ssm", "start_session", &elsewhere)
        .refused_with("AccessDeniedException");
}

#[test]
fn another_principals_session_can_be_neither_ended_nor_resumed() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    let session = started(dev, &fixture.alice.keys);
    let mut terminal = plugin(dev, &fixture.alice.keys, &session);
    terminal.expect_shell();
    let id = json!({"SessionId": session["SessionId"]});

    let own = "arn:aws:ssm:*:*:session/${aws:username}-*";
    let mallory = dev.principal(
        "mallory",
        &[("ssm:TerminateSession", own), ("ssm:ResumeSession", own)],
    );
    for operation in ["terminate_session", "resume_session"] {
        dev.call(&mallory.keys, "ssm", operation, &id)
            .refused_with("AccessDeniedException");
    }
    // Resuming takes over a shell: no policy makes that another person's.
    let almighty = dev.principal("almighty", &[("ssm:*", "*")]);
    dev.call(&almighty.keys, "ssm", "resume_session", &id)
        .refused_with("AccessDeniedException");

    assert_eq!(terminal.shell("echo still mine").trim_end(), "still mine");
}

#[test]
fn a_session_can_be_ended_by_who_may() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    let session = started(dev, &fixture.alice.keys);
    let mut terminal = plugin(dev, &fixture.alice.keys, &session);
    terminal.expect_shell();
    let id = json!({"SessionId": session["SessionId"]});
    let ended = dev
        .call(&dev.admin(), "ssm", "terminate_session", &id)
        .must();
    assert_eq!(ended["SessionId"], session["SessionId"]);
    terminal.end();
    assert_eq!(
        dev.history(session["SessionId"].as_str().unwrap())["Status"],
        "Terminated"
    );
}

#[test]
fn a_token_already_used_by_one_client_is_refused_to_another() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let (dev, keys) = (&fixture.dev, &fixture.alice.keys);
    let session = started(dev, keys);
    let mut first = plugin(dev, keys, &session);
    first.expect_shell();
    let mut second = plugin(dev, keys, &session);
    let (_, said) = second.end();
    assert!(
        said.contains("reattaching needs Usher's client"),
        "{said:?}"
    );
    assert_eq!(first.shell("echo still mine").trim_end(), "still mine");
}

#[test]
fn a_token_opens_no_other_session() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let (dev, keys) = (&fixture.dev, &fixture.alice.keys);
    let other = dev.principal("other", &MAY_START);
    dev.tag_run_as(&other, fixture.os_user.name());
    let mine = started(dev, keys);
    let mut forged = started(dev, &other.keys);
    forged["TokenValue"] = mine["TokenValue"].clone();
    let (_, said) = plugin(dev, keys, &forged).end();
    let session = forged["SessionId"].as_str().unwrap();
    assert!(
        said.contains(&format!("SessionId: {session} : ")),
        "{said:?}"
    );
    assert!(!said.contains("$ "), "a shell was reached: {said:?}");
}
