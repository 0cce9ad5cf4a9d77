//! The sample policies of AWS's user guide for Session Manager, put in place by `aws iam`: what each page says they allow is
//! allowed, and what it says they refuse is refused.
//!
//! The pages: getting-started-restrict-access-quickstart, getting-started-restrict-access-examples,
//! preference-setting-permissions, getting-started-sessiondocumentaccesscheck, session-manager-restrict-command-access. Their
//! nodes are EC2 instances; here a node's ARN is `arn:aws:ssm:REGION:ACCOUNT:managed-instance/mi-…`, AWS's for machines of
//! one's own.

#[cfg(test)]
mod person;

use serde_json::{Value, json};

use crate::harness::dev::Dev;
use crate::harness::shared::Shared;
use crate::harness::skip::{Need, lacks};
use person::{Person, allow, checked, document, if_, node, own_sessions};

const NEEDS: [Need; 2] = [Need::Root, Need::Aws];
const RUN_SHELL: &str = "SSM-SessionManagerRunShell";
const PORTS: &str = "AWS-StartPortForwardingSession";
/// A node that is not there: who may open sessions on it learns that, and nobody else.
const ANOTHER: &str = "mi-0123456789abcdef0";

static SITE: Shared<Dev> = Shared::new();

fn with_site(check: impl FnOnce(&Dev)) {
    if lacks(&NEEDS) {
        return;
    }
    check(&SITE.hold(Dev::start));
}

#[test]
fn the_quickstart_end_user_policy() {
    with_site(|dev| {
        let here = node(dev.node());
        let user = Person::new(
            dev,
            "quickstart-user",
            &[
                checked(allow(&["ssm:StartSession"], &[&here, &document(RUN_SHELL)])),
                allow(
                    &["ssmmessages:OpenDataChannel"],
                    &["arn:aws:ssm:*:*:session/${aws:userid}-*"],
                ),
                allow(
                    &[
                        "ssm:DescribeSessions",
                        "ssm:GetConnectionStatus",
                        "ssm:DescribeInstanceInformation",
                    ],
                    &["*"],
                ),
                own_sessions("${aws:userid}"),
            ],
        );
        user.is_denied("start_session", &json!({"Target": ANOTHER}));
        let ports = json!({"Target": dev.node(), "DocumentName": PORTS});
        user.is_denied("start_session", &ports);
        user.is_denied("get_document", &json!({"Name": RUN_SHELL}));
        user.is_denied("delete_document", &json!({"Name": RUN_SHELL}));

        let named = user.starts(&json!({"Target": dev.node(), "DocumentName": RUN_SHELL}));
        user.ends(&named);
        user.rules_over_own_sessions_alone();
        user.may("describe_instance_information", &json!({}));
        user.may("get_connection_status", &json!({"Target": dev.node()}));
        user.may("describe_sessions", &json!({"State": "History"}));
    });
}

#[test]
fn the_quickstart_administrator_policy() {
    with_site(|dev| {
        let anywhere = node("*");
        let on_tagged = json!({"StringLike": {"ssm:resourceTag/Quickstart": ["blue"]}});
        let documents = [
            "ssm:CreateDocument",
            "ssm:UpdateDocument",
            "ssm:GetDocument",
            "ssm:StartSession",
        ];
        let user = Person::new(
            dev,
            "quickstart-admin",
            &[
                if_(allow(&["ssm:StartSession"], &[&anywhere]), on_tagged),
                allow(
                    &["ssm:DescribeSessions", "ssm:DescribeInstanceInformation"],
                    &["*"],
                ),
                allow(&documents, &[&document(RUN_SHELL)]),
                own_sessions("${aws:userid}"),
            ],
        );
        user.is_denied("start_session", &json!({"Target": dev.node()}));
        tag_node(dev, "Quickstart", "red");
        user.is_denied("start_session", &json!({"Target": dev.node()}));
        tag_node(dev, "Quickstart", "blue");
        user.rules_over_own_sessions_alone();

        user.is_denied("delete_document", &json!({"Name": RUN_SHELL}));
        user.is_denied("get_document", &json!({"Name": PORTS}));
        change_preferences(&user);
    });
}

/// Makes the preferences or a new version of them, whichever there is to do, and reads them.
fn change_preferences(user: &Person<'_>) {
    let content = json!({
        "schemaVersion": "1.0", "description": "by a sample", "sessionType": "Standard_Stream", "inputs": {},
    })
    .to_string();
    let made = json!({"Name": RUN_SHELL, "Content": content, "DocumentType": "Session"});
    match user.ssm("create_document", &made) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.code, "DocumentAlreadyExists", "{error:?}"),
    }
    let changed = content.replace("a sample", "another sample");
    let update = json!({"Name": RUN_SHELL, "Content": changed, "DocumentVersion": "$LATEST"});
    match user.ssm("update_document", &update) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.code, "DuplicateDocumentContent", "{error:?}"),
    }
    user.may("get_document", &json!({"Name": RUN_SHELL}));
}

fn tag_node(dev: &Dev, key: &str, value: &str) {
    let arguments = json!({
        "ResourceType": "ManagedInstance", "ResourceId": dev.node(), "Tags": [{"Key": key, "Value": value}],
    });
    dev.call(&dev.admin(), "ssm", "add_tags_to_resource", &arguments)
        .must();
}

#[test]
fn the_samples_for_preferences_allow_and_deny_all_four_operations() {
    if lacks(&NEEDS) {
        return;
    }
    // A server of its own: the preferences are taken away.
    let dev = &Dev::start();
    let four = [
        "ssm:CreateDocument",
        "ssm:GetDocument",
        "ssm:UpdateDocument",
        "ssm:DeleteDocument",
    ];
    let mut deny = allow(&four, &[&document(RUN_SHELL)]);
    deny["Effect"] = json!("Deny");
    let everything = allow(&["*"], &["*"]);
    let content =
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}}).to_string();
    for (name, statements) in [
        ("preferences-nobody", vec![]),
        ("preferences-denied", vec![everything, deny]),
    ] {
        let statements = match statements.is_empty() {
            true => vec![allow(&["ssm:DescribeSessions"], &["*"])],
            false => statements,
        };
        let user = Person::new(dev, name, &statements);
        let made = json!({"Name": RUN_SHELL, "Content": content, "DocumentType": "Session"});
        user.is_denied("create_document", &made);
        user.is_denied("get_document", &json!({"Name": RUN_SHELL}));
        let update = json!({"Name": RUN_SHELL, "Content": content});
        user.is_denied("update_document", &update);
        user.is_denied("delete_document", &json!({"Name": RUN_SHELL}));
    }

    let admin = Person::new(
        dev,
        "preferences-admin",
        &[allow(&four, &[&document(RUN_SHELL)])],
    );
    admin.is_denied("delete_document", &json!({"Name": "Another"}));
    admin.is_denied("start_session", &json!({"Target": dev.node()}));
    change_preferences(&admin);
    admin.may("delete_document", &json!({"Name": RUN_SHELL}));
}

#[test]
fn documents_that_a_person_may_choose() {
    with_site(|dev| {
        let mine = document("SessionDocument-*");
        let user = Person::new(
            dev,
            "chooser",
            &[allow(&["ssm:GetDocument", "ssm:ListDocuments"], &[&mine])],
        );
        let content =
            json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}});
        for name in ["SessionDocument-Mine", "Other-Document"] {
            let made =
                json!({"Name": name, "Content": content.to_string(), "DocumentType": "Session"});
            dev.call(&dev.admin(), "ssm", "create_document", &made)
                .must();
        }
        user.is_denied("get_document", &json!({"Name": "Other-Document"}));
        user.may("get_document", &json!({"Name": "SessionDocument-Mine"}));
    });
}

#[test]
fn three_nodes_and_no_other() {
    with_site(|dev| {
        let nodes = [dev.node(), "mi-0aaaaaaaaaaaaaaa1", "mi-0aaaaaaaaaaaaaaa2"].map(node);
        let mut resources: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let shell = document(RUN_SHELL);
        resources.push(&shell);
        let user = Person::new(
            dev,
            "three-nodes",
            &[
                allow(&["ssm:StartSession"], &resources),
                own_sessions("${aws:username}"),
            ],
        );
        user.is_denied("start_session", &json!({"Target": ANOTHER}));
        // Allowed, and not there.
        let gone = user.ssm("start_session", &json!({"Target": "mi-0aaaaaaaaaaaaaaa1"}));
        assert_eq!(gone.unwrap_err().code, "TargetNotConnected");
        user.rules_over_own_sessions_alone();
    });
}

#[test]
fn nodes_by_one_tag_and_by_two() {
    with_site(|dev| {
        let anywhere = node("*");
        let by = |tags: &Value| {
            let start = allow(&["ssm:StartSession"], &[&anywhere]);
            if_(start, json!({"StringLike": tags}))
        };
        let one = Person::new(
            dev,
            "by-one-tag",
            &[
                by(&json!({"ssm:resourceTag/Finance": ["WebServers"]})),
                own_sessions("${aws:username}"),
            ],
        );
        let two = Person::new(
            dev,
            "by-two-tags",
            &[
                by(
                    &json!({"ssm:resourceTag/Finance": ["WebServers"], "ssm:resourceTag/Stage": ["test"]}),
                ),
                own_sessions("${aws:username}"),
            ],
        );
        let start = json!({"Target": dev.node()});
        one.is_denied("start_session", &start);
        tag_node(dev, "Finance", "Databases");
        one.is_denied("start_session", &start);
        tag_node(dev, "Finance", "WebServers");
        one.ends(&one.starts_a_shell());
        two.is_denied("start_session", &start);
        tag_node(dev, "Stage", "test");
        two.ends(&two.starts_a_shell());
    });
}

#[test]
fn own_sessions_by_the_tags_that_the_system_puts_on_them() {
    with_site(|dev| {
        let anywhere = node("*");
        let ends = allow(&["ssm:TerminateSession", "ssm:ResumeSession"], &["*"]);
        let own = json!({"StringLike": {"ssm:resourceTag/aws:ssmmessages:session-id": ["${aws:userid}"]}});
        let user = Person::new(
            dev,
            "own-by-tag",
            &[
                allow(&["ssm:StartSession"], &[&anywhere]),
                if_(ends.clone(), own),
            ],
        );
        user.rules_over_own_sessions_alone();

        // Whose sessions they are does not matter, only on which node.
        let on =
            |id: &str| json!({"StringLike": {"ssm:resourceTag/aws:ssmmessages:target-id": [id]}});
        let elsewhere = Person::new(dev, "ends-elsewhere", &[if_(ends.clone(), on(ANOTHER))]);
        let here = Person::new(dev, "ends-here", &[if_(ends, on(dev.node()))]);
        let session = user.starts_a_shell();
        elsewhere.is_denied("terminate_session", &json!({"SessionId": session}));
        here.ends(&session);
    });
}

#[test]
fn full_access_to_all_sessions() {
    with_site(|dev| {
        let five = [
            "ssm:StartSession",
            "ssm:TerminateSession",
            "ssm:ResumeSession",
            "ssm:DescribeSessions",
            "ssm:GetConnectionStatus",
        ];
        let user = Person::new(dev, "full-access", &[allow(&five, &["*"])]);
        user.is_denied("get_document", &json!({"Name": RUN_SHELL}));
        let admin = Person {
            dev,
            keys: dev.admin(),
        };
        user.ends(&admin.starts_a_shell());
        user.ends(&user.starts_a_shell());
        user.may("describe_sessions", &json!({"State": "Active"}));
    });
}

#[test]
fn the_condition_that_has_documents_checked() {
    with_site(|dev| {
        let here = node(dev.node());
        let unchecked = Person::new(
            dev,
            "unchecked",
            &[
                allow(&["ssm:StartSession"], &[&here]),
                own_sessions("${aws:username}"),
            ],
        );
        let without = Person::new(
            dev,
            "checked-without",
            &[checked(allow(&["ssm:StartSession"], &[&here]))],
        );
        let with = Person::new(
            dev,
            "checked-with",
            &[
                checked(allow(&["ssm:StartSession"], &[&here, &document(RUN_SHELL)])),
                own_sessions("${aws:username}"),
            ],
        );
        without.is_denied("start_session", &json!({"Target": dev.node()}));
        let ports = json!({"Target": dev.node(), "DocumentName": PORTS});
        for person in [&unchecked, &without, &with] {
            person.is_denied("start_session", &ports);
        }
        unchecked.ends(&unchecked.starts_a_shell());
        with.ends(&with.starts_a_shell());
    });
}

#[test]
fn commands_that_a_person_may_run() {
    with_site(|dev| {
        let here = node(dev.node());
        for name in ["Sample-Uptime", "Sample-Shutdown"] {
            let content = json!({
                "schemaVersion": "1.0", "description": name, "sessionType": "InteractiveCommands",
                "properties": {"linux": {"commands": "uptime", "runAsElevated": false}},
            });
            let made =
                json!({"Name": name, "Content": content.to_string(), "DocumentType": "Session"});
            dev.call(&dev.admin(), "ssm", "create_document", &made)
                .must();
        }
        let user = Person::new(
            dev,
            "one-command",
            &[
                checked(allow(
                    &["ssm:StartSession"],
                    &[&here, &document("Sample-Uptime")],
                )),
                own_sessions("${aws:username}"),
            ],
        );
        user.is_denied("start_session", &json!({"Target": dev.node()}));
        for another in ["Sample-Shutdown", RUN_SHELL] {
            let asked = json!({"Target": dev.node(), "DocumentName": another});
            user.is_denied("start_session", &asked);
        }
        let session = user.starts(&json!({"Target": dev.node(), "DocumentName": "Sample-Uptime"}));
        user.ends(&session);
    });
}
