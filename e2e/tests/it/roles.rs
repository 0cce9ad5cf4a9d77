//! Roles by AWS's own clients: who assumes one with a session tag becomes the OS user the tag names, and only then.

use std::process::Command;

use serde_json::{Value, json};

use crate::fixtures::SESSION;
use crate::harness::boto3::Keys;
use crate::harness::dev::{Dev, Principal};
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

const ROLE: &str = "arn:aws:iam::000000000000:role/team/operator";

/// What a person needs to assume the role; the role itself says with which tags.
const MAY_ASSUME: [(&str, &str); 2] = [("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE)];

/// Temporary keys, with the token that belongs to them.
struct RoleKeys {
    keys: Keys,
    token: String,
}

impl RoleKeys {
    fn of(credentials: &Value) -> Self {
        let text = |member: &str| credentials[member].as_str().unwrap().to_owned();
        Self {
            keys: Keys {
                id: text("AccessKeyId"),
                secret: text("SecretAccessKey"),
            },
            token: text("SessionToken"),
        }
    }

    /// A program in the environment of a person who exported these keys.
    fn command(&self, dev: &Dev, program: &str) -> Command {
        let mut command = dev.command(&self.keys, program);
        command.env("AWS_SESSION_TOKEN", &self.token);
        command
    }

    fn start_session(&self, dev: &Dev) -> Terminal {
        let mut aws = self.command(dev, "aws");
        aws.args(["ssm", "start-session", "--target", dev.node()]);
        Terminal::start(&aws, 80, 24)
    }

    /// Asks for a new token for a session, and tells `resumed` or the error.
    fn resume(&self, dev: &Dev, session: &str) -> String {
        const RESUME: &str = "import boto3, sys, botocore.exceptions
try: print('resumed' if boto3.client('ssm').resume_session(SessionId=sys.argv[1])['TokenValue'] else 'over')
except botocore.exceptions.ClientError as refused: print(refused)";
        let mut python = self.command(dev, &python());
        output_of(python.args(["-c", RESUME, session]))
    }
}

/// The Python that has boto3.
fn python() -> String {
    let python = programs::aws().unwrap().join("python");
    python.display().to_string()
}

/// A server with Run As on, and a role for sessions that takes these OS users as session tags.
fn dev_with_role(os_users: &[&str]) -> Dev {
    let dev = Dev::start();
    dev.save_run_as("");
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"AWS": "arn:aws:iam::000000000000:root"}},
        {"Effect": "Allow", "Action": "sts:TagSession",
         "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
         "Condition": {"StringEquals": {"aws:RequestTag/SSMSessionRunAs": os_users}}},
    ]});
    let policy = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": ["ssm:StartSession", "ssm:ResumeSession"], "Resource": "*"}});
    let iam = |operation: &str, arguments: Value| {
        dev.call(&dev.admin(), "iam", operation, &arguments).must()
    };
    let made = iam(
        "create_role",
        json!({"RoleName": "operator", "Path": "/team/", "AssumeRolePolicyDocument": trust.to_string(),
               "MaxSessionDuration": 7200, "Description": "Opens sessions", "Tags": [{"Key": "team", "Value": "web"}]}),
    );
    assert_eq!(made["Role"]["Arn"], ROLE);
    iam(
        "put_role_policy",
        json!({"RoleName": "operator", "PolicyName": "sessions", "PolicyDocument": policy.to_string()}),
    );
    let shown = iam("get_role", json!({"RoleName": "operator"}));
    assert_eq!(shown["Role"]["AssumeRolePolicyDocument"], trust);
    let shown = iam(
        "get_role_policy",
        json!({"RoleName": "operator", "PolicyName": "sessions"}),
    );
    assert_eq!(shown["PolicyDocument"], policy);
    let listed = iam("list_roles", json!({}));
    let names: Vec<&Value> = listed["Roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| &role["RoleName"])
        .collect();
    assert_eq!(names, ["operator", "UsherManagedNode"]);
    dev
}

/// What AssumeRole takes for the session `shared`, tagged with an OS user.
fn tagged(os_user: &str) -> Value {
    json!({"RoleArn": ROLE, "RoleSessionName": "shared",
           "Tags": [{"Key": "SSMSessionRunAs", "Value": os_user}]})
}

fn assume(dev: &Dev, person: &Principal, os_user: &str) -> RoleKeys {
    let answer = dev
        .call(&person.keys, "sts", "assume_role", &tagged(os_user))
        .must();
    assert_eq!(
        answer["AssumedRoleUser"]["Arn"],
        "arn:aws:sts::000000000000:assumed-role/operator/shared"
    );
    RoleKeys::of(&answer["Credentials"])
}

#[test]
fn an_empty_session_tag_refuses_the_session() {
    if lacks(&SESSION) {
        return;
    }
    let dev = dev_with_role(&["", "daemon"]);
    // The role's own tag would name an OS user: the session's tag replaces it, even when empty.
    let own =
        json!({"RoleName": "operator", "Tags": [{"Key": "SSMSessionRunAs", "Value": "daemon"}]});
    dev.call(&dev.admin(), "iam", "tag_role", &own).must();
    let alice = dev.principal("alice", &MAY_ASSUME);
    let mut terminal = assume(&dev, &alice, "").start_session(&dev);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    assert!(session.starts_with("shared-"), "{session}");
    terminal.expect("is not a valid OS user name");
    terminal.end();
    assert_eq!(dev.history(&session)["Status"], "Failed");
}

#[test]
fn a_session_tag_that_nobody_allowed_is_refused() {
    if lacks(&SESSION) {
        return;
    }
    let dev = dev_with_role(&["web"]);
    let alice = dev.principal("alice", &MAY_ASSUME);
    let refused = dev
        .call(&alice.keys, "sts", "assume_role", &tagged("root"))
        .refused_with("AccessDenied");
    assert!(refused.message.contains("sts:TagSession"), "{refused:?}");
    let mallory = dev.principal("mallory", &[]);
    dev.call(&mallory.keys, "sts", "assume_role", &tagged("web"))
        .refused_with("AccessDenied");
}

#[test]
fn two_people_who_assume_one_role_with_different_tags_become_two_os_users() {
    if lacks(&SESSION) {
        return;
    }
    let os_users = ["web", "ops"].map(|name| OsUser::with_home(name, "/bin/bash", &[]));
    let dev = dev_with_role(&os_users.each_ref().map(OsUser::name));
    let people = ["alice", "bob"].map(|name| dev.principal(name, &MAY_ASSUME));
    let mut open = Vec::new();
    for (person, os_user) in people.iter().zip(&os_users) {
        let keys = assume(&dev, person, os_user.name());
        let mut terminal = keys.start_session(&dev);
        terminal.expect("Starting session with SessionId: ");
        let session = terminal.expect("\r\n");
        assert!(session.starts_with("shared-"), "{session}");
        terminal.expect_shell();
        assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());
        open.push((keys, session, terminal));
    }
    // Both role sessions bear one name and one ARN; each resumes its own session only.
    for (index, (keys, ..)) in open.iter().enumerate() {
        for (other, (_, session, _)) in open.iter().enumerate() {
            let told = keys.resume(&dev, session);
            let expected = if index == other {
                "resumed"
            } else {
                "AccessDeniedException"
            };
            assert!(told.contains(expected), "{told}");
        }
    }
    for (_, session, mut terminal) in open {
        terminal.send(b"exit\r");
        terminal.end();
        assert_eq!(
            dev.history(&session)["Owner"],
            "arn:aws:sts::000000000000:assumed-role/operator/shared"
        );
    }
}

#[test]
fn a_presigned_address_proves_who_made_it_until_it_expires() {
    const ASK: &str = "import boto3, sys, urllib.request, urllib.error
url = boto3.client('sts').generate_presigned_url('get_caller_identity', ExpiresIn=60, HttpMethod='GET')
if sys.argv[1:]: url = url.replace(*sys.argv[1:])
try: print(urllib.request.urlopen(url).read().decode())
except urllib.error.HTTPError as refused: print(refused.code, refused.read().decode())";
    if lacks(&SESSION) {
        return;
    }
    let dev = dev_with_role(&["web"]);
    let alice = dev.principal("alice", &MAY_ASSUME);
    let of_role = assume(&dev, &alice, "web");
    let ask = |keys: &Keys, token: Option<&str>, change: &[&str]| {
        let mut ask = dev.command(keys, &python());
        ask.args(["-c", ASK]).args(change);
        ask.envs(token.map(|token| ("AWS_SESSION_TOKEN", token)));
        output_of(&mut ask)
    };
    let changed = ask(&alice.keys, None, &["X-Amz-Expires=60", "X-Amz-Expires=61"]);
    assert!(changed.starts_with("403 "), "{changed}");
    assert!(changed.contains("SignatureDoesNotMatch"), "{changed}");
    let stripped = ask(&of_role.keys, None, &[]);
    assert!(stripped.contains("InvalidClientTokenId"), "{stripped}");

    let told = ask(&alice.keys, None, &[]);
    assert!(
        told.contains("<Arn>arn:aws:iam::000000000000:user/alice</Arn>"),
        "{told}"
    );
    let told = ask(&of_role.keys, Some(&of_role.token), &[]);
    assert!(
        told.contains("<Arn>arn:aws:sts::000000000000:assumed-role/operator/shared</Arn>"),
        "{told}"
    );
}
