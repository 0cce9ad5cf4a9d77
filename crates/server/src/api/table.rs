//! `docs/operations.md`: who may call what, made from the operations and routes themselves, so that it cannot say
//! anything else than they do.
//!
//! `USHER_WRITE_DOCS=1 cargo test -p usher-server --lib table` writes it anew. What an operation is judged on is found by
//! handing its rule the input in `table_sample.json`, whose texts are the names of their members in braces.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Access, OPERATIONS, Operation};
use crate::console;
use crate::identity::Resource;

/// The routes that are not the console's, with what a caller must have.
const ROUTES: [(&str, &str); 5] = [
    ("/", "what the table of operations says"),
    (
        "/healthz",
        "nothing: it says that the server runs, and nothing else",
    ),
    (
        "/v1/openid/backchannel-logout",
        "a logout token that a registered identity provider signed",
    ),
    (
        "/v1/control-channel/{id}",
        "POST: that node's own keys; GET: the same, and the token that the POST gave",
    ),
    (
        "/v1/data-channel/{id}",
        "POST: the keys of the session's node or of the session; GET: the same and the token that the POST gave, or the \
         token that StartSession or ResumeSession gave the session's owner",
    ),
];

const HEAD: &str = "\
# Who may call what

Made from the code by `USHER_WRITE_DOCS=1 cargo test -p usher-server --lib table`; a test fails when the two differ.

A call of an operation is allowed if the caller's policies allow the action on the resource and none denies it. Words in
braces stand for the input's member of that name. \"Decided within\" means that more than one resource decides, or that the
resource has a policy of its own.
";

/// What the rule of `O` is judged on, for `sample` as its input.
pub(super) fn judged_on<O: Operation>(sample: &Value) -> Result<String, serde_json::Error> {
    let on = match &O::ACCESS {
        Access::Anonymous { .. } | Access::RegistrationKey | Access::AnySigner => String::new(),
        Access::OwnNode { .. } => "that node".to_owned(),
        Access::OwnSession { .. } => "that session".to_owned(),
        Access::Within { .. } => "decided within".to_owned(),
        Access::Policy { on, .. } | Access::Keyed { on, .. } => {
            words(&on(&O::Input::deserialize_from(sample)?))
        }
    };
    Ok(on)
}

/// serde's way from a tree that is kept.
trait FromTree: Sized {
    fn deserialize_from(tree: &Value) -> Result<Self, serde_json::Error>;
}

impl<T: serde::de::DeserializeOwned> FromTree for T {
    fn deserialize_from(tree: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(tree.clone())
    }
}

fn words(resource: &Resource) -> String {
    match resource {
        Resource::Any => "`*`".to_owned(),
        Resource::Caller => "who calls".to_owned(),
        Resource::Entity(kind, name) => format!("the {kind:?} {name}"),
        Resource::PoliciesOf(kind, name) => format!("the {kind:?} {name}, with its boundary"),
        Resource::ManagedPolicy(arn) => format!("the managed policy {arn}"),
        Resource::EntityAt { kind, path, name } => format!("the {kind:?} {path}{name}"),
        Resource::Document(name) => format!("the document {name}"),
        Resource::Parameter(name) => format!("the parameter {name}"),
        Resource::Arn(arn) => format!("`{arn}`"),
        Resource::LogStream { group, stream } if stream.is_empty() => {
            format!("the log group {group}")
        }
        Resource::LogStream { group, stream } => format!("the log stream {stream} of {group}"),
        Resource::Node(id) => format!("the node {id}"),
        Resource::Session { id, .. } => format!("the session {id}"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn table() -> String {
    let sample = fs::read_to_string(folder().join("src/api/table_sample.json")).unwrap();
    let sample: Value = serde_json::from_str(&sample).unwrap();
    let mut text = format!("{HEAD}\n## Routes\n\n| route | needs |\n| --- | --- |\n");
    for (route, needs) in ROUTES.into_iter().chain(console::table()) {
        text.push_str(&format!("| `{route}` | {needs} |\n"));
    }
    text.push_str("\n## Operations\n\n| service | operation | action, or who | resource |\n| --- | --- | --- | --- |\n");
    for entry in OPERATIONS {
        let on = (entry.judged_on)(&sample).unwrap_or_else(|error| {
            panic!("table_sample.json is no input of {}: {error}", entry.name)
        });
        let action = match entry.rule.contains(':') {
            true => format!("`{}`", entry.rule),
            false => entry.rule.to_owned(),
        };
        let service = entry.service.scope_name();
        text.push_str(&format!(
            "| {service} | {} | {action} | {on} |\n",
            entry.name
        ));
    }
    text
}

/// Every path that a source file of this crate gives a route.
fn routes_in(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("api/table.rs")
        {
            let source = fs::read_to_string(path).unwrap();
            let calls = source.split("route(").skip(1);
            let paths =
                calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
            found.extend(paths.map(str::to_owned));
        }
    }
}

#[test]
fn every_route_states_what_it_needs() {
    let mut found = Vec::new();
    routes_in(&folder().join("src"), &mut found);
    found.sort();
    let mut stated: Vec<&str> = ROUTES
        .into_iter()
        .chain(console::table())
        .map(|(route, _)| route)
        .collect();
    stated.sort_unstable();
    assert_eq!(found, stated);
}

#[test]
fn the_page_of_operations_is_what_the_code_says() {
    let path = folder().join("../../docs/operations.md");
    let table = table();
    if std::env::var_os("USHER_WRITE_DOCS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/operations.md is not what the code says: write it anew as its first lines tell"
    );
}
