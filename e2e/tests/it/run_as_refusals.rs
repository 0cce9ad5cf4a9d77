//! Whom a session must not run as: told to the person, kept in the history, and seen from outside to have started
//! nothing and become nobody.

use crate::fixtures::{ByDefault, ByTag, MAY_START};
use crate::harness::observer::Observer;
use crate::harness::os_users::{OsUser, missing_user};
use crate::harness::skip::{Need, lacks};

const NEEDS: [Need; 3] = [Need::Root, Need::Aws, Need::Strace];

/// Starts a session as a caller with this tag, or none, and sees it refused with every part of the sentence.
fn check(tag: Option<&str>, sentence: &[&str]) {
    let ByTag {
        dev,
        alice,
        os_user: _os_user,
        groups: _groups,
    } = &ByTag::start("refused");
    let caller = dev.principal("mallory", &MAY_START);
    if let Some(tag) = tag {
        dev.tag_run_as(&caller, tag);
    }
    let observer = Observer::watch(dev);

    let mut terminal = dev.start_session(&caller.keys);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    terminal.expect(&format!("SessionId: {session} : "));
    let told = terminal.expect("\r\n");
    let (status, _) = terminal.end();
    for part in sentence {
        assert!(
            told.contains(part),
            "the person was told {told:?}, without {part:?}"
        );
    }
    assert_eq!(
        status.code(),
        Some(0),
        "AWS's plugin ends a refused session with 0"
    );

    let kept = dev.history(&session);
    assert_eq!(kept["Status"], "Failed", "{kept}");
    let details = kept["Details"].as_str().unwrap_or_default();
    for part in sentence {
        assert!(
            details.contains(part),
            "the history has {details:?}, without {part:?}"
        );
    }

    let sight = observer.after_the_started_have_ended();
    assert!(
        sight.of_a_login().is_empty(),
        "a refused session caused\n{}",
        sight.text()
    );

    // An observer that sees nothing proves something only if it sees a login when there is one.
    let mut terminal = dev.start_session(&alice.keys);
    terminal.expect_shell();
    terminal.send(b"exit\r");
    terminal.end();
    let sight = observer.seen();
    assert!(
        sight.has_started("/bin/bash", "-bash"),
        "the shell was not seen:\n{}",
        sight.text()
    );
}

#[test]
fn no_tag_and_no_default_user_refuses_the_session() {
    if lacks(&NEEDS) {
        return;
    }
    check(None, &["names no OS user"]);
}

#[test]
fn the_tag_root_refuses_the_session() {
    if lacks(&NEEDS) {
        return;
    }
    check(Some("root"), &["root is never allowed"]);
}

#[test]
fn the_tag_0_refuses_the_session() {
    if lacks(&NEEDS) {
        return;
    }
    check(Some("0"), &["0", "is not a valid OS user name"]);
}

#[test]
fn an_account_with_uid_0_under_another_name_refuses_the_session() {
    if lacks(&NEEDS) {
        return;
    }
    let disguised = OsUser::with_uid_zero("disguised");
    check(Some(disguised.name()), &[disguised.name(), "has uid 0"]);
}

#[test]
fn a_missing_account_refuses_the_session() {
    if lacks(&NEEDS) {
        return;
    }
    let missing = missing_user();
    check(Some(&missing), &[&missing, "does not exist on mi-"]);
}

#[test]
fn an_empty_tag_refuses_and_does_not_fall_through_to_the_default_user() {
    if lacks(&NEEDS) {
        return;
    }
    let ByDefault { dev, bob, .. } = &ByDefault::start("fall");
    dev.tag_run_as(bob, "");
    let observer = Observer::watch(dev);
    let mut terminal = dev.start_session(&bob.keys);
    terminal.expect("is not a valid OS user name");
    terminal.end();
    let sight = observer.after_the_started_have_ended();
    assert!(
        sight.of_a_login().is_empty(),
        "a refused session caused\n{}",
        sight.text()
    );
}

#[test]
fn another_spelling_of_the_tag_is_refused_where_it_is_set() {
    if lacks(&[Need::Root, Need::Aws]) {
        return;
    }
    let ByDefault { dev, bob, .. } = &ByDefault::start("spelling");
    let tag = serde_json::json!({"Key": "ssmsessionrunas", "Value": "daemon"});
    let arguments = serde_json::json!({"UserName": bob.name, "Tags": [tag]});
    let refused = dev
        .call(&dev.admin(), "iam", "tag_user", &arguments)
        .send()
        .unwrap_err();
    assert!(
        refused.message.contains("must be spelled SSMSessionRunAs"),
        "{refused:?}"
    );
}
