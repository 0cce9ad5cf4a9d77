//! Somebody with a policy that an administrator wrote with `aws iam`, and what samples are made of.

use serde_json::{Value, json};

use crate::harness::boto3::{AwsError, Keys};
use crate::harness::dev::{Dev, Principal};
use crate::harness::process::output_of;

pub(super) fn document(name: &str) -> String {
    match name.starts_with("AWS-") {
        true => format!("arn:aws:ssm:usher-1::document/{name}"),
        false => format!("arn:aws:ssm:usher-1:000000000000:document/{name}"),
    }
}

pub(super) fn node(id: &str) -> String {
    format!("arn:aws:ssm:usher-1:000000000000:managed-instance/{id}")
}

pub(super) fn allow(actions: &[&str], resources: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

pub(super) fn if_(mut statement: Value, condition: Value) -> Value {
    statement["Condition"] = condition;
    statement
}

/// The condition that has documents checked.
pub(super) fn checked(statement: Value) -> Value {
    let check = json!({"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}});
    if_(statement, check)
}

/// Ends and takes up again one's own sessions, by this variable.
pub(super) fn own_sessions(variable: &str) -> Value {
    let resource = format!("arn:aws:ssm:*:*:session/{variable}-*");
    allow(&["ssm:TerminateSession", "ssm:ResumeSession"], &[&resource])
}

/// Somebody with one of the samples.
pub(super) struct Person<'a> {
    pub(super) dev: &'a Dev,
    pub(super) keys: Keys,
}

impl<'a> Person<'a> {
    /// An IAM user of that name, whose policy an administrator writes with `aws iam`.
    pub(super) fn new(dev: &'a Dev, name: &str, statements: &[Value]) -> Self {
        let user = dev.principal(name, &[]);
        let person = Self {
            dev,
            keys: user.keys.clone(),
        };
        put_policy(dev, &user, statements);
        person
    }

    pub(super) fn ssm(&self, operation: &str, arguments: &Value) -> Result<Value, AwsError> {
        self.dev
            .call(&self.keys, "ssm", operation, arguments)
            .send()
    }

    pub(super) fn is_denied(&self, operation: &str, arguments: &Value) {
        let error = self.ssm(operation, arguments).unwrap_err();
        assert_eq!(
            error.code, "AccessDeniedException",
            "{operation} {arguments}: {error:?}"
        );
    }

    pub(super) fn may(&self, operation: &str, arguments: &Value) -> Value {
        self.ssm(operation, arguments)
            .unwrap_or_else(|error| panic!("{operation} {arguments}: {error:?}"))
    }

    pub(super) fn starts(&self, arguments: &Value) -> String {
        let started = self.may("start_session", arguments);
        started["SessionId"].as_str().unwrap().to_owned()
    }

    /// On the node that is there, without naming a document.
    pub(super) fn starts_a_shell(&self) -> String {
        self.starts(&json!({"Target": self.dev.node()}))
    }

    /// Ends it.
    pub(super) fn ends(&self, session: &str) {
        self.may("terminate_session", &json!({"SessionId": session}));
    }

    /// Ends and takes up what is one's own and nothing that is the administrator's.
    pub(super) fn rules_over_own_sessions_alone(&self) {
        let admin = Person {
            dev: self.dev,
            keys: self.dev.admin(),
        };
        let of_another = admin.starts_a_shell();
        for operation in ["terminate_session", "resume_session"] {
            self.is_denied(operation, &json!({"SessionId": of_another}));
        }
        admin.ends(&of_another);
        let own = self.starts_a_shell();
        self.may("resume_session", &json!({"SessionId": own}));
        self.ends(&own);
    }
}

fn put_policy(dev: &Dev, user: &Principal, statements: &[Value]) {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let mut aws = dev.command(&dev.admin(), "aws");
    output_of(aws.args([
        "iam",
        "put-user-policy",
        "--user-name",
        &user.name,
        "--policy-name",
        "sample",
        "--policy-document",
        &policy,
    ]));
}
