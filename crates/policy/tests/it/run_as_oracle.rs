//! The Run As rule over the whole product of tags, session tags, preferences and documents, against a second writing of
//! the rule in Python (`run_as_oracle/oracle.py`) that shares nothing with the program.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::process::Command;

use serde::Deserialize;
use usher_policy::{
    DocumentFormat, Preferences, RunAs, RunAsInputs, RunAsRefusal, SessionDocument, SessionInputs,
    Tags, resolve_run_as,
};

/// The name that the oracle knows the server's account by.
const SERVER_ACCOUNT: &str = "usher-server";

/// One combination with the oracle's answer.
#[derive(Debug, Deserialize)]
struct Case {
    principal: BTreeMap<String, String>,
    session: BTreeMap<String, String>,
    preferences: Option<Said>,
    document: Option<Said>,
    outcome: String,
    rule: String,
    user: Option<String>,
}

/// What preferences or a document say about Run As.
#[derive(Debug, Deserialize)]
struct Said {
    enabled: bool,
    default_user: String,
}

impl Said {
    /// The way of a stored document, so that storing and reading it are part of what is compared.
    fn stored(&self) -> Preferences {
        let text = serde_json::json!({
            "schemaVersion": "1.0",
            "sessionType": "Standard_Stream",
            "inputs": { "runAsEnabled": self.enabled, "runAsDefaultUser": self.default_user },
        });
        let document = SessionDocument::parse(&text.to_string(), DocumentFormat::Json).unwrap();
        Preferences::from_document(&document).unwrap()
    }
}

/// Outcome, rule and OS user in the oracle's words.
fn answer(run_as: &RunAs) -> (&'static str, &'static str, Option<&str>) {
    let rule = run_as.rule().as_str();
    match run_as {
        RunAs::Off => ("off", rule, None),
        RunAs::As(user) => ("as", rule, Some(user.name().as_str())),
        RunAs::Refused(refusal) => {
            let outcome = match refusal {
                RunAsRefusal::NothingNamed => "nothing-named",
                RunAsRefusal::InvalidName { .. } => "invalid-name",
                RunAsRefusal::Root { .. } => "root",
                RunAsRefusal::ReservedName { .. } => "reserved-name",
            };
            (outcome, rule, None)
        }
    }
}

/// The oracle's lines; `None`, said loudly, on a machine without Python.
fn oracle() -> Option<String> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/run_as_oracle/oracle.py"
    );
    let run = Command::new("python3").arg(script).output();
    if run
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    {
        let line = "the Run As oracle: needs python3\n";
        let _ = write!(std::io::stderr(), "skipped: {line}");
        if let Some(path) = std::env::var_os("USHER_SKIPPED_TESTS") {
            let mut skipped = OpenOptions::new().append(true).open(path).unwrap();
            skipped.write_all(line.as_bytes()).unwrap();
        }
        return None;
    }
    let output = run.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_rule_and_its_oracle_agree_on_every_combination() {
    let Some(lines) = oracle() else { return };
    let reserved = [SERVER_ACCOUNT.to_owned()];
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for line in lines.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let preferences = case
            .preferences
            .as_ref()
            .map(Said::stored)
            .unwrap_or_default();
        let document: Option<SessionInputs> = case
            .document
            .as_ref()
            .map(|said| said.stored().inputs().clone());
        let of_document: Option<&RunAsInputs> = document.as_ref().map(|inputs| &inputs.run_as);
        let run_as = resolve_run_as(
            &Tags::from_iter(case.principal.clone()),
            &Tags::from_iter(case.session.clone()),
            &preferences,
            of_document,
            &reserved,
        );
        let expected = (
            case.outcome.as_str(),
            case.rule.as_str(),
            case.user.as_deref(),
        );
        // What the session runs with has to say the same as the decision: nobody may read it as off when it is on.
        let is_on = preferences.effective(document.as_ref()).run_as.enabled;
        if answer(&run_as) != expected || is_on != (case.outcome != "off") {
            differing.push(format!("{run_as:?}, Run As on: {is_on}, for {line}"));
        }
        *outcomes.entry(case.outcome).or_default() += 1;
    }
    assert!(
        differing.is_empty(),
        "{} differ: {:#?}",
        differing.len(),
        &differing[..differing.len().min(10)]
    );
    // An oracle that printed too little would agree with anything.
    let total: usize = outcomes.values().sum();
    assert!(total >= 50_000 && outcomes.len() == 6, "{outcomes:?}");
}
