//! Who becomes whom over the product of tags, session tags, preferences, documents, accounts and node rules, on a live node,
//! against an oracle in Python (`run_as_product.py`).
//!
//! Every combination is asked about, which is cheap; some are really started. The suite takes every eleventh;
//! `USHER_RUN_AS_PRODUCT=all` takes all.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixtures::SESSION;
use crate::harness::os_users::{OsUser, missing_user};
use crate::harness::site::Site;
use crate::harness::skip::lacks;

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/run_as_product.py");
const PREFERENCES: &str = "SSM-SessionManagerRunShell";
const TAG: &str = "SSMSessionRunAs";

/// One combination with the oracle's answer.
#[derive(Debug, Deserialize)]
struct Case {
    preferences: Value,
    document: Option<String>,
    kind: String,
    tag: Option<String>,
    principal: String,
    session_tag: Option<String>,
    decision: String,
    os_user: Option<String>,
    node: Option<String>,
}

fn oracle(world: &Value) -> Vec<Case> {
    let mut python = Command::new("python3")
        .arg(ORACLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = world.to_string();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let told = python.wait_with_output().unwrap();
    assert!(told.status.success());
    String::from_utf8(told.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn session_document(site: &Site, name: &str, inputs: &Value) {
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs});
    create(site, name, &content);
}

fn create(site: &Site, name: &str, content: &Value) {
    let arguments = json!({"Name": name, "Content": content.to_string(), "DocumentType": "Session", "DocumentFormat": "JSON"});
    site.call("ssm", "create_document", &arguments);
}

fn prefer(site: &Site, preferences: &Value) {
    let inputs =
        json!({"runAsEnabled": preferences["on"], "runAsDefaultUser": preferences["default"]});
    site.call("ssm", "delete_document", &json!({"Name": PREFERENCES}));
    session_document(site, PREFERENCES, &inputs);
}

/// The user or role of the case, made when it is first met.
fn principal(site: &Site, case: &Case, made: &mut Vec<String>) -> String {
    let arn = format!("arn:aws:iam::000000000000:{}/{}", case.kind, case.principal);
    if made.contains(&arn) {
        return arn;
    }
    let tags: Vec<Value> = case
        .tag
        .iter()
        .map(|tag| json!({"Key": TAG, "Value": tag}))
        .collect();
    if case.kind == "user" {
        site.call(
            "iam",
            "create_user",
            &json!({"UserName": case.principal, "Tags": tags}),
        );
    } else {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}]});
        let arguments = json!({"RoleName": case.principal, "AssumeRolePolicyDocument": trust.to_string(), "Tags": tags});
        site.call("iam", "create_role", &arguments);
    }
    made.push(arn.clone());
    arn
}

fn explained(site: &Site, node: &str, arn: &str, case: &Case) -> Value {
    let mut usher = site.command("usher");
    usher.args([
        "run-as",
        "explain",
        "--output",
        "json",
        "--target",
        node,
        "--principal",
        arn,
    ]);
    if let Some(document) = &case.document {
        usher.args(["--document-name", document]);
    }
    if let Some(value) = &case.session_tag {
        usher.args(["--session-tag", &format!("{TAG}={value}")]);
    }
    let told = usher.output().unwrap();
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{case:?}: {said}"))
}

/// Runs `id -un` as this user of IAM, and hands back what it says, or nothing where the session is refused.
fn really(site: &Site, node: &str, user: &str) -> Option<String> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}]});
    let arguments =
        json!({"UserName": user, "PolicyName": "start", "PolicyDocument": policy.to_string()});
    site.call("iam", "put_user_policy", &arguments);
    let key = site.call("iam", "create_access_key", &json!({"UserName": user}));
    let text = |member: &str| key["AccessKey"][member].as_str().unwrap().to_owned();
    let told = site
        .command("usher")
        .env("AWS_ACCESS_KEY_ID", text("AccessKeyId"))
        .env("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey"))
        .args(["exec", "--target", node, "--", "id", "-un"])
        .output()
        .unwrap();
    let gone = json!({"UserName": user, "AccessKeyId": text("AccessKeyId")});
    site.call("iam", "delete_access_key", &gone);
    told.status.success().then(|| {
        String::from_utf8(told.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    })
}

/// Asks about the combinations under these rules of the node; starts `sessions` of those of users.
fn check(policy: &str, denies: bool, sessions: usize) {
    let usable = OsUser::with_home("product", "/bin/sh", &[]);
    let other = OsUser::with_home("product2", "/bin/sh", &[]);
    let uid0 = OsUser::with_uid_zero("product0");
    let missing = missing_user();
    let deny: Vec<&str> = denies.then_some(usable.name()).into_iter().collect();
    let policy = policy.replace("{}", usable.name());
    let world = json!({
        "names": {"usable": usable.name(), "other": other.name(), "missing": missing, "uid0": uid0.name()},
        "rules": {"deny": deny, "ssm_user": if denies { "deny" } else { "create" }},
    });
    let mut site = Site::start();
    let node = site.join_under(&policy, "first.pem");
    session_document(
        &site,
        PREFERENCES,
        &json!({"runAsEnabled": false, "runAsDefaultUser": ""}),
    );
    session_document(
        &site,
        "Weaker",
        &json!({"runAsEnabled": false, "runAsDefaultUser": other.name()}),
    );
    session_document(
        &site,
        "Own",
        &json!({"runAsEnabled": true, "runAsDefaultUser": other.name()}),
    );
    create(
        &site,
        "Elevated",
        &json!({"schemaVersion": "1.0", "sessionType": "InteractiveCommands",
            "properties": {"linux": {"commands": "id", "runAsElevated": true}}}),
    );

    let all = std::env::var("USHER_RUN_AS_PRODUCT").is_ok_and(|word| word == "all");
    let step = if all { 1 } else { 11 };
    let cases = oracle(&world);
    assert_eq!(cases.len(), 4 * 4 * 6 * 4);
    let (mut preferred, mut made, mut started) = (Value::Null, Vec::new(), 0);
    for case in cases.iter().step_by(step) {
        if case.preferences != preferred {
            prefer(&site, &case.preferences);
            preferred = case.preferences.clone();
        }
        let arn = principal(&site, case, &mut made);
        let told = explained(&site, &node, &arn, case);
        let found = (
            told["Decision"].as_str(),
            told["OsUser"].as_str(),
            told["Node"]["Decision"].as_str(),
        );
        let expected = (
            Some(case.decision.as_str()),
            case.os_user.as_deref(),
            case.node.as_deref(),
        );
        assert_eq!(found, expected, "{case:?}: {told}");
        // ssm-user is not made on a machine that others use.
        let is_ours = case.kind == "user" && case.document.is_none() && case.decision != "SsmUser";
        if is_ours && (all || started < sessions) {
            let ran_as = really(&site, &node, &case.principal);
            let expected = case
                .os_user
                .clone()
                .filter(|_| case.node.as_deref() == Some("Accepted"));
            assert_eq!(ran_as, expected, "{case:?}");
            started += 1;
        }
    }
    assert!(started > 0, "no session was started");
}

#[test]
fn who_becomes_whom_is_as_the_oracle_says() {
    if lacks(&SESSION) {
        return;
    }
    check("", false, 6);
}

#[test]
fn a_nodes_own_rules_refuse_as_the_oracle_says() {
    if lacks(&SESSION) {
        return;
    }
    check("[policy]\ndeny = [\"{}\"]\nssm_user = \"deny\"\n", true, 3);
}
