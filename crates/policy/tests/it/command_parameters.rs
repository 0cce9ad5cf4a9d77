//! What a caller may give to a command: lists, their bounds, and parameters that would be any command.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher_policy::StoredValues;

use crate::binding::{command, linux_command};
use crate::documents::{parse, refused};

fn with_steps(commands: &Value, declaration: &Value) -> Value {
    let mut document = command("true");
    document["parameters"] = json!({ "steps": declaration });
    document["properties"]["linux"]["commands"] = commands.clone();
    document
}

fn steps(document: &Value, items: Option<&[&str]>) -> Result<String, String> {
    let given: BTreeMap<String, Vec<String>> = items
        .map(|items| {
            let items = items.iter().map(|item| (*item).to_owned()).collect();
            ("steps".to_owned(), items)
        })
        .into_iter()
        .collect();
    parse(document)
        .unwrap()
        .bind(&given, &StoredValues::default())
        .map(|bound| linux_command(&bound))
        .map_err(|error| error.to_string())
}

#[test]
fn a_parameter_without_a_constraint_is_no_part_of_a_command() {
    for (declaration, commands) in [
        (json!({ "type": "String" }), json!("echo {{ steps }}")),
        (
            json!({ "type": "String", "maxChars": 5 }),
            json!(["true", "{{ steps }}"]),
        ),
        (
            json!({ "type": "StringList", "maxItems": 1 }),
            json!("{{ steps }}"),
        ),
    ] {
        let document = parse(&with_steps(&commands, &declaration)).unwrap();
        let refusal = document.check_commands().unwrap_err().to_string();
        assert!(
            refusal.contains("properties.linux.commands uses the parameter steps"),
            "{refusal}"
        );
        assert!(
            refusal.contains("neither allowedValues nor allowedPattern"),
            "{refusal}"
        );
    }
    for declaration in [
        json!({ "type": "String", "allowedPattern": "[a-z]*" }),
        json!({ "type": "String", "allowedValues": ["a"] }),
        json!({ "type": "Integer" }),
        json!({ "type": "Boolean" }),
    ] {
        let document = parse(&with_steps(&json!("echo {{ steps }}"), &declaration)).unwrap();
        assert_eq!(document.check_commands(), Ok(()), "{declaration}");
    }
}

#[test]
fn a_list_stands_alone_or_not_at_all() {
    let list = json!({ "type": "StringList", "allowedPattern": "[a-z]+" });
    for commands in [
        json!("echo {{ steps }}"),
        json!("{{ steps }}{{ steps }}"),
        json!(["true", " {{ steps }}"]),
    ] {
        refused(
            &with_steps(&commands, &list),
            "properties.linux.commands uses the StringList steps, which can only stand alone",
        );
    }
    let mut document = with_steps(&json!("true"), &list);
    document["inputs"] = json!({ "s3KeyPrefix": "{{ steps }}" });
    refused(&document, "inputs.s3KeyPrefix uses the StringList steps");
}

#[test]
fn each_item_and_their_number_are_held_to_the_rules() {
    let list = json!({
        "type": "StringList", "allowedPattern": "[a-z]+", "minItems": 1, "maxItems": 2, "maxChars": 3,
    });
    let document = with_steps(&json!("{{ steps }}"), &list);
    let refusal = |items: &[&str]| steps(&document, Some(items)).unwrap_err();
    assert!(
        steps(&document, None)
            .unwrap_err()
            .contains("steps has no default")
    );
    assert!(refusal(&[]).contains("steps must have 1 to 2 items"));
    assert!(refusal(&["a", "b", "c"]).contains("steps must have 1 to 2 items"));
    assert!(refusal(&["ok", "id; id"]).contains("must match [a-z]+"));
    assert!(refusal(&["abcd"]).contains("must have 0 to 3 characters"));
}

#[test]
fn the_items_of_a_list_become_lines() {
    let list =
        json!({ "type": "StringList", "allowedPattern": "[a-z ]+", "default": ["cd tmp", "ls"] });
    let whole = with_steps(&json!("{{ steps }}"), &list);
    assert_eq!(steps(&whole, None).unwrap(), "cd tmp\nls");
    let within = with_steps(&json!(["set -e", "{{ steps }}", "true"]), &list);
    assert_eq!(steps(&within, Some(&["id"])).unwrap(), "set -e\nid\ntrue");
    assert!(
        steps(&whole, Some(&[]))
            .unwrap_err()
            .contains("properties.linux.commands must not be empty")
    );
}
