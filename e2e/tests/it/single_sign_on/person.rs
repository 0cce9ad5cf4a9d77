//! A server whose people sign in at a provider, and one of them: a home directory, a profile called `work`, no key.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::provider::{Provider, browser};
use crate::harness::dev::Dev;
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::programs;

const ROLE: &str = "arn:aws:iam::000000000000:role/people";

/// A server with Run As on that knows a provider, and an OS user of the name that its claim `login` will have.
pub(super) struct World {
    pub(super) provider: Provider,
    pub(super) dev: Dev,
    pub(super) os_user: OsUser,
}

impl World {
    pub(super) fn start(name: &str) -> Self {
        let os_user = OsUser::with_home(name, "/bin/bash", &[]);
        let dev = Dev::start();
        let provider = Provider::start(dev.variable("AWS_ENDPOINT_URL"));
        let world = Self {
            provider,
            dev,
            os_user,
        };
        world.dev.save_run_as("");
        world.iam(
            "create_open_id_connect_provider",
            &json!({"Url": world.provider.issuer, "ClientIDList": ["usher"],
                    "Tags": [{"Key": "usher:claim/SSMSessionRunAs", "Value": "login"}]}),
        );
        let trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"Federated": world.arn()},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        }});
        world.iam(
            "create_role",
            &json!({"RoleName": "people", "AssumeRolePolicyDocument": trust.to_string()}),
        );
        let policy = json!({"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Action": ["ssm:StartSession", "ssm:ResumeSession"], "Resource": "*"}});
        world.iam(
            "put_role_policy",
            &json!({"RoleName": "people", "PolicyName": "sessions", "PolicyDocument": policy.to_string()}),
        );
        world
    }

    /// The server forgets the provider.
    pub(super) fn forget_provider(&self) {
        let arguments = json!({"OpenIDConnectProviderArn": self.arn()});
        self.iam("delete_open_id_connect_provider", &arguments);
    }

    /// The person at the browser opens the address and signs in; hands back the last page.
    pub(super) fn browse(&self, address: &str) -> String {
        self.browser(&[address, self.os_user.name()])
    }

    /// The same on another device, where the code is entered.
    pub(super) fn enter(&self, login: &Login) -> String {
        let code = login.code.as_deref().unwrap();
        self.browser(&[&login.address, self.os_user.name(), code])
    }

    fn browser(&self, arguments: &[&str]) -> String {
        let python = programs::aws().unwrap().join("python");
        output_of(Command::new(python).arg(browser()).args(arguments))
    }

    fn arn(&self) -> String {
        let name = self.provider.name();
        format!("arn:aws:iam::000000000000:oidc-provider/{name}")
    }

    fn iam(&self, operation: &str, arguments: &Value) {
        let admin = self.dev.admin();
        self.dev.call(&admin, "iam", operation, arguments).must();
    }
}

/// Somebody with a home of their own and nothing in the environment that signs.
pub(super) struct Person {
    home: TempDir,
    path: String,
    issuer: String,
    endpoint: String,
}

impl Person {
    pub(super) fn new(world: &World) -> Self {
        Self {
            home: TempDir::with_prefix("ushertest-").unwrap(),
            path: world.dev.variable("PATH").to_owned(),
            issuer: world.provider.issuer.clone(),
            endpoint: world.dev.variable("AWS_ENDPOINT_URL").to_owned(),
        }
    }

    /// A program in the person's environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env("AWS_PAGER", "")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// What `aws` says with the profile.
    pub(super) fn aws(&self, arguments: &[&str]) -> String {
        let mut aws = self.command("aws".as_ref());
        output_of(aws.args(["--profile", "work"]).args(arguments))
    }

    /// These, and everything that a profile needs.
    pub(super) fn arguments<'a>(&'a self, first: &[&'a str]) -> Vec<&'a str> {
        let rest = [
            "--profile",
            "work",
            "--region",
            "usher-1",
            "--endpoint-url",
            &self.endpoint,
            "--save",
            "--issuer",
            &self.issuer,
            "--client-id",
            "usher",
            "--role-arn",
            ROLE,
        ];
        [first, &rest].concat()
    }

    /// Starts `usher login`, up to where it waits for the person.
    pub(super) fn login(&self, how: &[&str]) -> Login {
        let no_browser: &[&str] = if how.is_empty() {
            &["--no-browser"]
        } else {
            how
        };
        let first = [&["login"], no_browser].concat();
        Login::read(self.start(&self.arguments(&first)))
    }

    /// Starts `usher`.
    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        self.command(programs::usher())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What `usher` says when it fails, which it must, without a word on standard output.
    pub(super) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.start(arguments).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// What `usher` says when it does its work.
    pub(super) fn told(&self, arguments: &[&str]) -> String {
        let output = self.start(arguments).wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// What `usher exec` says when there are no keys.
    pub(super) fn refused_exec(&self, node: &str) -> String {
        let exec = ["exec", "--profile", "work", "--target", node, "--", "true"];
        let output = self.start(&exec).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(255), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The id of the access key that `usher credentials` gives.
    pub(super) fn keys(&self) -> String {
        key_of(self.start(&["credentials", "--profile", "work"]))
    }

    /// `~/.aws/config`, if there is one.
    pub(super) fn config(&self) -> Option<String> {
        fs::read_to_string(self.home.path().join(".aws/config")).ok()
    }

    /// What the person has written there before.
    pub(super) fn write_config(&self, text: &str) {
        fs::create_dir(self.home.path().join(".aws")).unwrap();
        fs::write(self.home.path().join(".aws/config"), text).unwrap();
    }

    /// What is kept of the sign-in.
    pub(super) fn kept(&self) -> Value {
        let text = fs::read_to_string(self.kept_path());
        text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    /// As if the keys had ended.
    pub(super) fn age(&self) {
        self.expire(1);
    }

    /// As if the keys were due for renewal, though still good.
    pub(super) fn nearly_age(&self) {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let in_ten_minutes = now.unwrap().as_millis() + 10 * 60 * 1000;
        self.expire(u64::try_from(in_ten_minutes).unwrap());
    }

    fn expire(&self, at_ms: u64) {
        let mut kept = self.kept();
        kept["keys"]["expires_ms"] = json!(at_ms);
        fs::write(self.kept_path(), kept.to_string()).unwrap();
    }

    /// Lets everybody read what is kept, and nobody else again.
    pub(super) fn expose(&self) {
        fs::set_permissions(self.kept_path(), Permissions::from_mode(0o644)).unwrap();
    }

    pub(super) fn close(&self) {
        fs::set_permissions(self.kept_path(), Permissions::from_mode(0o600)).unwrap();
    }

    fn kept_path(&self) -> PathBuf {
        self.home
            .path()
            .join(".local/state/usher/sign-in/work.json")
    }
}

/// The id of the access key that an `usher credentials` gives.
pub(super) fn key_of(usher: Child) -> String {
    let output = usher.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["Version"], 1);
    assert!(told["Expiration"].as_str().unwrap().ends_with('Z'));
    told["AccessKeyId"].as_str().unwrap().to_owned()
}

/// An `usher login` that waits for the person.
pub(super) struct Login {
    /// Where the person has to go.
    pub(super) address: String,
    /// What the person has to enter there.
    pub(super) code: Option<String>,
    usher: Child,
    rest: BufReader<ChildStderr>,
    told: String,
}

impl Login {
    /// Reads on until the address and, where one is asked for, the code were told: each on an indented line.
    fn read(mut usher: Child) -> Self {
        let mut rest = BufReader::new(usher.stderr.take().unwrap());
        let (mut told, mut shown) = (String::new(), Vec::new());
        let mut wanted = 1;
        while shown.len() < wanted {
            let mut line = String::new();
            assert_ne!(
                rest.read_line(&mut line).unwrap(),
                0,
                "usher login ended: {told}"
            );
            if line.contains("on any device") {
                wanted = 2;
            }
            if let Some(text) = line.strip_prefix("  ") {
                shown.push(text.trim().to_owned());
            }
            told.push_str(&line);
        }
        let mut shown = shown.into_iter();
        Self {
            address: shown.next().unwrap(),
            code: shown.next(),
            usher,
            rest,
            told,
        }
    }

    /// Where the browser is to come back to.
    pub(super) fn redirect(&self) -> String {
        let (_, rest) = self.address.split_once("redirect_uri=").unwrap();
        let encoded = rest.split('&').next().unwrap();
        encoded.replace("%3A", ":").replace("%2F", "/")
    }

    /// What it says in the end, which must not be a success.
    pub(super) fn refused(self) -> String {
        let (succeeded, told) = self.end();
        assert!(!succeeded, "{told}");
        told
    }

    /// What it says in the end, which must be one.
    pub(super) fn signed_in(self) -> String {
        let (succeeded, told) = self.end();
        assert!(succeeded, "{told}");
        told
    }

    fn end(mut self) -> (bool, String) {
        self.rest.read_to_string(&mut self.told).unwrap();
        (self.usher.wait().unwrap().success(), self.told)
    }
}
