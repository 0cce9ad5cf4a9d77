//! `usher run-as explain`: the verdict of rules and node beforehand, the same as a session meets, and nothing is started;
//! and `administrators`, who could change it.

use std::process::Output;

use serde_json::Value;

use crate::fixtures::{ByTag, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::Dev;
use crate::harness::observer::Observer;
use crate::harness::os_users::{OsUser, missing_user};
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};

const NEEDS: [Need; 3] = [Need::Root, Need::Aws, Need::Strace];

fn explain(dev: &Dev, keys: &Keys, more: &[&str]) -> Output {
    let mut usher = dev.command(keys, programs::usher().to_str().unwrap());
    usher.args([
        "run-as",
        "explain",
        "--target",
        dev.node(),
        "--output",
        "json",
    ]);
    usher.args(more).output().unwrap()
}

fn verdict(dev: &Dev, more: &[&str]) -> (Value, Option<i32>) {
    let told = explain(dev, &dev.admin(), more);
    let said = String::from_utf8_lossy(&told.stderr);
    let json = serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{said}"));
    (json, told.status.code())
}

#[test]
fn rules_and_node_say_beforehand_what_a_session_would_meet_and_start_nothing() {
    if lacks(&NEEDS) {
        return;
    }
    let fixture = ByTag::start("explained");
    let dev = &fixture.dev;
    let denied = explain(dev, &fixture.alice.keys, &[]);
    assert!(!denied.status.success());
    assert!(
        String::from_utf8_lossy(&denied.stderr).contains("ssm:ExplainRunAs"),
        "{denied:?}"
    );

    let disguised = OsUser::with_uid_zero("explain0");
    let missing = missing_user();
    let observer = Observer::watch(dev);
    let alice = ["--principal", "arn:aws:iam::000000000000:user/alice"];
    let (told, status) = verdict(dev, &alice);
    assert_eq!(told["Rule"], "principal-tag");
    assert_eq!(told["OsUser"], fixture.os_user.name());
    assert_eq!(told["Node"]["Decision"], "Accepted", "{told}");
    assert_eq!(status, Some(0));

    for (value, node, sentence) in [
        (disguised.name(), true, "has uid 0"),
        (missing.as_str(), true, "does not exist on mi-"),
        ("usher-agent", false, "Usher itself"),
        ("root", false, "root is never allowed"),
        ("", false, "not a valid OS user name"),
    ] {
        let tag = format!("SSMSessionRunAs={value}");
        let (told, status) = verdict(dev, &[alice[0], alice[1], "--session-tag", &tag]);
        let reason = if node {
            &told["Node"]["Reason"]
        } else {
            &told["Reason"]
        };
        let reason = reason.as_str().unwrap_or_default();
        assert!(reason.contains(sentence), "{value}: {told}");
        assert_eq!(status, Some(1), "{told}");
    }
    let sight = observer.after_the_started_have_ended();
    assert!(
        sight.of_a_login().is_empty(),
        "a question caused\n{}",
        sight.text()
    );
}

#[test]
fn who_could_change_an_os_user_is_listed_to_whoever_may_ask() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = ByTag::start("powers");
    let ask = |keys: &Keys, words: &[&str]| {
        let mut usher = fixture
            .dev
            .command(keys, programs::usher().to_str().unwrap());
        let asked = usher.args(["run-as", "administrators"]).args(words);
        asked.output().unwrap()
    };
    let denied = ask(&fixture.alice.keys, &[]);
    assert!(!denied.status.success());
    let why = String::from_utf8_lossy(&denied.stderr);
    assert!(why.contains("ssm:ListRunAsAdministrators"), "{why}");

    let told = ask(&fixture.dev.admin(), &["--output", "json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let listed = told["Administrators"].as_array().unwrap();
    let principals: Vec<&str> = listed
        .iter()
        .map(|one| one["Principal"].as_str().unwrap())
        .collect();
    // Alice may start sessions, and no more.
    assert_eq!(principals, ["arn:aws:iam::000000000000:user/admin"]);
    let words = ask(&fixture.dev.admin(), &[]);
    let words = String::from_utf8_lossy(&words.stdout);
    assert!(words.contains("\n  SetsTag: iam:TagUser on "), "{words}");
}
