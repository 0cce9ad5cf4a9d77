//! References to Parameter Store in session documents: where they may stand, and that their values decide nothing about
//! whom a session becomes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher_policy::{
    BoundDocument, Preferences, RunAs, StoreReference, StoredValues, Tags, resolve_run_as,
};

use crate::binding::{command, given, linux_command};
use crate::documents::{parse, refused, shell};

fn reference(name: &str, version: Option<u32>) -> StoreReference {
    StoreReference {
        name: name.to_owned(),
        version,
    }
}

fn bind(
    document: &Value,
    values: &[(&str, &str)],
    stored: &[(StoreReference, &str)],
) -> Result<BoundDocument, String> {
    let stored: StoredValues = stored
        .iter()
        .map(|(reference, value)| (reference.clone(), (*value).to_owned()))
        .collect();
    parse(document)
        .unwrap()
        .bind(&given(values), &stored)
        .map_err(|error| error.to_string())
}

#[test]
fn a_reference_stands_nowhere_among_the_keys_that_protect_a_session() {
    for key in [
        "runAsEnabled",
        "runAsDefaultUser",
        "kmsKeyId",
        "s3BucketName",
        "s3KeyPrefix",
        "s3EncryptionEnabled",
        "cloudWatchLogGroupName",
        "cloudWatchEncryptionEnabled",
        "cloudWatchStreamingEnabled",
        "idleSessionTimeout",
        "maxSessionDuration",
        "usherLogFailure",
    ] {
        let mut inputs = json!({});
        inputs[key] = json!("{{ssm:who}}");
        refused(
            &shell(inputs),
            &format!("inputs.{key} may not be fed from Parameter Store"),
        );
    }
    let mut document = command("true");
    document["properties"]["linux"]["runAsElevated"] = json!("{{ssm:who}}");
    refused(
        &document,
        "properties.linux.runAsElevated may not hold a placeholder",
    );
}

#[test]
fn preferences_hold_no_reference() {
    let document = shell(json!({ "shellProfile": { "linux": "{{ssm:profile}}" } }));
    let refusal = Preferences::from_document(&parse(&document).unwrap()).unwrap_err();
    assert!(
        refusal
            .to_string()
            .contains("no references to Parameter Store"),
        "{refusal}"
    );
}

#[test]
fn what_cannot_be_followed_is_refused_and_not_left_to_the_agent() {
    for text in [
        "{{ssm-secure:key}}",
        "{{ssm:key:latest}}",
        "{{ssm:key:0}}",
        "{{ssm:}}",
    ] {
        refused(
            &command(&format!("echo {text}")),
            "properties.linux.commands has a reference to Parameter Store that is none",
        );
        let mut document = command("echo {{ name }}");
        document["parameters"]["name"] = json!({ "type": "String", "default": text });
        refused(&document, "parameters.name.default has a reference");
    }
}

#[test]
fn a_stored_value_is_put_in_once_and_does_not_refer_on() {
    let document = command("echo {{ssm:greeting}} {{ name }}");
    let first = reference("greeting", None);
    let refusal = bind(
        &document,
        &[("name", "abc")],
        &[(first.clone(), "{{ssm:other}}")],
    )
    .unwrap_err();
    assert!(refusal.contains("once more"), "{refusal}");
    let bound = bind(&document, &[("name", "abc")], &[(first, "{{ name }}")]).unwrap();
    assert_eq!(linux_command(&bound), "echo {{ name }} abc");
}

#[test]
fn a_stored_value_is_held_to_the_rules_of_the_parameter_it_feeds() {
    let document = command("echo {{ name }}");
    let stored = |value| [(reference("n", Some(2)), value)];
    let refusal = bind(
        &document,
        &[("name", "{{ ssm:n:2 }}")],
        &stored("hunter2; id"),
    )
    .unwrap_err();
    assert!(refusal.contains("must match [a-z]+"), "{refusal}");
    assert!(!refusal.contains("hunter2"), "{refusal}");
    let bound = bind(&document, &[("name", "a{{ ssm:n:2 }}")], &stored("bc")).unwrap();
    assert_eq!(linux_command(&bound), "echo abc");
}

#[test]
fn a_document_says_what_it_asks_of_parameter_store() {
    let mut document = command("echo {{ssm:/a/b:3}} {{ name }} {{ssm:c}}");
    document["parameters"]["name"] = json!({ "type": "String", "default": "{{ssm:d}}" });
    let document = parse(&document).unwrap();
    let asked = |values: &[(&str, &str)]| -> Vec<StoreReference> {
        document.references(&given(values)).into_iter().collect()
    };
    let own = [reference("/a/b", Some(3)), reference("c", None)];
    assert_eq!(
        asked(&[]),
        [own.as_slice(), &[reference("d", None)]].concat()
    );
    assert_eq!(
        asked(&[("name", "{{ssm:e:1}}")]),
        [own.as_slice(), &[reference("e", Some(1))]].concat()
    );
    assert_eq!(asked(&[("name", "{{ e }}")]), own);
}

#[test]
fn no_stored_value_turns_run_as_off_or_picks_another_os_user() {
    let mut preferences = shell(json!({ "runAsEnabled": true, "runAsDefaultUser": "meant" }));
    preferences["description"] = json!("floor");
    let preferences = Preferences::from_document(&parse(&preferences).unwrap()).unwrap();
    let mut document = shell(json!({
        "runAsEnabled": false, "runAsDefaultUser": "other", "shellProfile": { "linux": "{{ssm:p}} {{ word }}" },
    }));
    document["parameters"] = json!({ "word": { "type": "String" } });
    for value in [
        "root",
        "\",\"runAsEnabled\":false,\"runAsDefaultUser\":\"root",
        "{{ word }}",
        "false",
    ] {
        let bound = bind(
            &document,
            &[("word", "{{ssm:p}}")],
            &[(reference("p", None), value)],
        )
        .unwrap();
        let run_as = bound.inputs().map(|inputs| &inputs.run_as);
        let decided = resolve_run_as(
            &Tags::default(),
            &Tags::default(),
            &preferences,
            run_as,
            &[],
        );
        match decided {
            RunAs::As(user) => assert_eq!(user.name().as_str(), "meant", "{value}"),
            other => assert_eq!(format!("{other:?}"), "meant", "{value}"),
        }
        let sent = bound.start_content(&preferences);
        assert_eq!(sent["inputs"]["runAsEnabled"], true, "{value}");
        assert_eq!(sent["inputs"]["runAsDefaultUser"], "meant", "{value}");
    }
}

#[test]
fn secret_values_are_not_shown_by_debug() {
    let stored: StoredValues = [(reference("p", None), "hunter2".to_owned())]
        .into_iter()
        .collect();
    assert!(!format!("{stored:?}").contains("hunter2"));
    assert!(
        parse(&command("true"))
            .unwrap()
            .references(&BTreeMap::new())
            .is_empty()
    );
}
