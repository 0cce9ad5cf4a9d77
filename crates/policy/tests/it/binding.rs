//! Session documents as they are started: parameters, what a bound document says to the agent, and what no parameter
//! may reach.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher_policy::{
    BoundDocument, LogFailure, ParameterError, Platform, Preferences, SessionProperties,
    StoredValues,
};

use crate::documents::{parse, refused, shell};

pub(crate) fn given(values: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
        .collect()
}

fn bind(document: &Value, values: &[(&str, &str)]) -> Result<BoundDocument, String> {
    parse(document)
        .unwrap()
        .bind(&given(values), &StoredValues::default())
        .map_err(|error| error.to_string())
}

fn bind_refused(document: &Value, values: &[(&str, &str)], sentence: &str) {
    match bind(document, values) {
        Ok(bound) => assert_eq!(format!("{bound:?}"), sentence),
        Err(error) => assert!(error.contains(sentence), "{error}\nnot: {sentence}"),
    }
}

#[test]
fn nothing_that_a_caller_supplies_reaches_the_keys_of_run_as() {
    let declared = json!({ "who": { "type": "String", "default": "true" } });
    for key in ["runAsEnabled", "runAsDefaultUser"] {
        for value in [
            "{{ who }}",
            "x{{who}}",
            "{{ undeclared }}",
            "{{ssm:who}}",
            "{{",
        ] {
            let mut document = shell(json!({}));
            document["inputs"][key] = json!(value);
            document["parameters"] = declared.clone();
            let error = parse(&document).unwrap_err();
            assert!(error.contains(&format!("inputs.{key}")), "{value}: {error}");
        }
    }
    let mut document = command("{{ who }}");
    document["properties"]["linux"]["runAsElevated"] = json!("{{ who }}");
    document["parameters"] = declared;
    refused(
        &document,
        "properties.linux.runAsElevated may not hold a placeholder",
    );
}

pub(crate) fn command(text: &str) -> Value {
    json!({
        "schemaVersion": "1.0",
        "sessionType": "InteractiveCommands",
        "parameters": { "name": { "type": "String", "allowedPattern": "[a-z]+", "maxChars": 5 } },
        "properties": { "linux": { "commands": text, "runAsElevated": false } },
    })
}

pub(crate) fn linux_command(bound: &BoundDocument) -> String {
    match bound.properties() {
        SessionProperties::Commands(commands) => commands[&Platform::Linux].commands.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn placeholders_must_be_declared() {
    refused(&command("echo {{ other }}"), "uses the parameter other");
}

#[test]
fn declarations_are_checked_when_stored() {
    for (declaration, rule) in [
        (json!({}), "type is missing"),
        (
            json!({ "type": "StringMap" }),
            "must be String, StringList, Integer or Boolean",
        ),
        (
            json!({ "type": "String", "minItems": 1 }),
            "minItems belongs to the type StringList",
        ),
        (
            json!({ "type": "StringList", "minItems": 3, "maxItems": 2 }),
            "minItems must not be above maxItems",
        ),
        (
            json!({ "type": "StringList", "default": "a" }),
            "default must be a list",
        ),
        (
            json!({ "type": "StringList", "default": ["a", "b"], "maxItems": 1 }),
            "default must have 0 to 1 items",
        ),
        (
            json!({ "type": "StringList", "default": ["a", "B"], "allowedPattern": "[a-z]" }),
            "default must match [a-z] as a whole",
        ),
        (
            json!({ "type": "String", "minChars": 3, "maxChars": 2 }),
            "minChars must not be above maxChars",
        ),
        (
            json!({ "type": "String", "allowedPattern": "(?=a)" }),
            "regular expression",
        ),
        (
            json!({ "type": "String", "allowedPattern": "a)(b" }),
            "regular expression",
        ),
        (
            json!({ "type": "String", "allowedValues": "a" }),
            "must be a list",
        ),
        (
            json!({ "type": "String", "maxChars": -1 }),
            "maxChars must be a number",
        ),
        (
            json!({ "type": "String", "default": "b", "allowedValues": ["a"] }),
            "default must be one of a",
        ),
        (
            json!({ "type": "Integer", "default": "x" }),
            "default must be a whole number",
        ),
        (
            json!({ "type": "String", "default": ["a"] }),
            "default must be text",
        ),
        (
            json!({ "type": "String", "displayType": "password" }),
            "displayType",
        ),
    ] {
        let mut document = command("true");
        document["parameters"] = json!({ "p": declaration });
        refused(&document, rule);
    }
    let mut document = command("true");
    document["parameters"] = json!({ "no-dash": { "type": "String" } });
    refused(&document, "letters and digits only");
}

#[test]
fn parameters_that_do_not_fit_are_refused_by_name_and_without_their_value() {
    let document = command("echo {{ name }}");
    bind_refused(&document, &[], "name has no default");
    bind_refused(
        &document,
        &[("name", "abc"), ("more", "x")],
        "declares no parameter more",
    );
    bind_refused(
        &document,
        &[("name", "abc; id")],
        "must match [a-z]+ as a whole",
    );
    bind_refused(
        &document,
        &[("name", "abc\n")],
        "must match [a-z]+ as a whole",
    );
    bind_refused(
        &document,
        &[("name", "abcdef")],
        "must have 0 to 5 characters",
    );
    bind_refused(&document, &[("name", "{{ssm:x}}")], "was not looked up");
    bind_refused(&document, &[("name", "{{ssm-secure:x}}")], "that is none");
    let two = BTreeMap::from([("name".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
    let error = parse(&document)
        .unwrap()
        .bind(&two, &StoredValues::default())
        .unwrap_err();
    assert_eq!(
        error,
        ParameterError::NotOneValue {
            name: "name".to_owned()
        }
    );
    let secret = bind(&document, &[("name", "hunter2")]).unwrap_err();
    assert!(!secret.contains("hunter2"), "{secret}");
}

#[test]
fn an_alternation_in_a_pattern_holds_for_the_whole_value_too() {
    let mut document = command("echo {{ name }}");
    document["parameters"] = json!({ "name": { "type": "String", "allowedPattern": "a|b" } });
    bind_refused(&document, &[("name", "a; id")], "must match");
    bind_refused(&document, &[("name", "id; b")], "must match");
    assert!(bind(&document, &[("name", "b")]).is_ok());
}

#[test]
fn values_are_put_in_once_and_other_braces_stay() {
    let mut document = command("echo {{name}} {{  name  }} '{{.Name}}' {{{ name }}}");
    document["parameters"] =
        json!({ "name": { "type": "String" }, "other": { "type": "String", "default": "x" } });
    let bound = bind(&document, &[("name", "{{ other }}")]).unwrap();
    assert_eq!(
        linux_command(&bound),
        "echo {{ other }} {{ other }} '{{.Name}}' {{{ other }}}"
    );
}

#[test]
fn rules_hold_again_once_values_are_in() {
    let mut document = shell(
        json!({ "idleSessionTimeout": "{{ minutes }}", "s3EncryptionEnabled": "{{ sealed }}" }),
    );
    document["parameters"] = json!({
        "minutes": { "type": "String", "default": "30" },
        "sealed": { "type": "Boolean", "default": false },
    });
    let bound = bind(&document, &[]).unwrap();
    assert_eq!(bound.inputs().unwrap().idle_minutes, Some(30));
    assert!(!bound.inputs().unwrap().s3.encryption_required);
    bind_refused(
        &document,
        &[("minutes", "90")],
        "inputs.idleSessionTimeout must be",
    );
    bind_refused(
        &document,
        &[("sealed", "maybe")],
        "sealed must be true or false",
    );
}

#[test]
fn lists_of_commands_are_joined_by_newlines() {
    let mut document = command("");
    document["properties"]["linux"]["commands"] = json!(["cd /", "echo {{ name }}"]);
    assert_eq!(
        linux_command(&bind(&document, &[("name", "x")]).unwrap()),
        "cd /\necho x"
    );
    for commands in [
        json!(""),
        json!("  "),
        json!([]),
        json!([1]),
        json!(7),
        json!("a\u{0}b"),
    ] {
        document["properties"]["linux"]["commands"] = commands;
        refused(&document, "properties.linux.commands");
    }
    document["properties"] = json!({});
    refused(&document, "properties is missing");
    document["properties"] =
        json!({ "linux": { "commands": "true", "separateOutputStream": true } });
    refused(&document, "separateOutputStream is not known");
}

fn forwarding() -> Value {
    json!({
        "schemaVersion": "1.0",
        "sessionType": "Port",
        "parameters": {
            "host": { "type": "String", "minChars": 1 },
            "portNumber": { "type": "String", "default": "80" },
            "localPortNumber": { "type": "String", "default": "0" },
        },
        "properties": {
            "host": "{{ host }}", "portNumber": "{{ portNumber }}", "type": "LocalPortForwarding",
            "localPortNumber": "{{ localPortNumber }}",
        },
    })
}

#[test]
fn ports_and_hosts_are_checked_after_binding() {
    for port in ["0", "65536", "-1", "+80", "080", "http", "80 "] {
        bind_refused(
            &forwarding(),
            &[("host", "db"), ("portNumber", port)],
            "properties.portNumber",
        );
    }
    for host in ["a b", "db;id", "db/x", "-\n", "http://db"] {
        bind_refused(&forwarding(), &[("host", host)], "properties.host");
    }
    bind_refused(&forwarding(), &[("host", "")], "must have 1 to");
    let mut document = forwarding();
    document["properties"]["portNumber"] = json!(80);
    refused(&document, "properties.portNumber must be text");
    document["properties"]["portNumber"] = json!("80");
    document["properties"]["type"] = json!("Remote");
    refused(&document, "properties.type");
}

#[test]
fn a_port_document_says_to_the_agent_what_awss_says() {
    let bound = bind(
        &forwarding(),
        &[("host", "db.internal"), ("portNumber", "5432")],
    )
    .unwrap();
    let SessionProperties::Port(port) = bound.properties() else {
        unreachable!("a port document")
    };
    assert_eq!(
        (port.host.as_str(), port.port, port.local_forwarding),
        ("db.internal", 5432, true)
    );
    assert_eq!(
        bound.start_content(&Preferences::default())["properties"],
        json!({ "host": "db.internal", "portNumber": "5432", "type": "LocalPortForwarding", "localPortNumber": "0" })
    );
}

#[test]
fn the_start_task_carries_every_effective_input_in_the_types_awss_agent_reads() {
    let preferences = shell(
        json!({ "kmsKeyId": "alias/ours", "maxSessionDuration": "90", "runAsEnabled": "true" }),
    );
    let preferences = Preferences::from_document(&parse(&preferences).unwrap()).unwrap();
    let document = shell(json!({
        "kmsKeyId": "alias/theirs", "s3BucketName": "logs", "cloudWatchStreamingEnabled": "false",
        "runAsEnabled": false, "maxSessionDuration": "120", "usherLogFailure": "end",
    }));
    let bound = bind(&document, &[]).unwrap();
    assert_eq!(bound.inputs().unwrap().log_failure, LogFailure::End);
    assert_eq!(
        bound.start_content(&preferences),
        json!({
            "schemaVersion": "1.0", "description": "", "sessionType": "Standard_Stream", "properties": {},
            "inputs": {
                "s3BucketName": "logs", "s3KeyPrefix": "", "s3EncryptionEnabled": true,
                "cloudWatchLogGroupName": "", "cloudWatchEncryptionEnabled": true, "cloudWatchStreamingEnabled": false,
                "kmsKeyId": "alias/ours", "runAsEnabled": true, "runAsDefaultUser": "",
                "idleSessionTimeout": "20", "maxSessionDuration": "90",
                "shellProfile": { "linux": "", "windows": "" }, "usherLogFailure": "end",
            },
        })
    );
}

#[test]
fn start_content_is_itself_a_document_that_binds_to_the_same() {
    let document =
        shell(json!({ "runAsEnabled": true, "runAsDefaultUser": "ops", "s3BucketName": "logs" }));
    let content = bind(&document, &[])
        .unwrap()
        .start_content(&Preferences::default());
    let mut again = content.clone();
    again.as_object_mut().unwrap().remove("properties");
    assert_eq!(
        bind(&again, &[])
            .unwrap()
            .start_content(&Preferences::default()),
        content
    );
}
