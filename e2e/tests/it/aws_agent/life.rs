//! AWS's agent over restarts, its own and the server's, and with a new key.

use std::fs;
use std::path::Path;

use super::{Place, cannot_run};

#[test]
fn a_live_session_outlives_a_restart_of_the_agent_and_a_crash_of_the_server_costs_the_node_nothing()
{
    if cannot_run() {
        return;
    }
    let mut place = Place::start();
    let (mut terminal, session) = place.shell();
    place.node.stop(&place.site);
    assert_eq!(terminal.shell("echo $((20 + 1))").trim_end(), "21");
    place.node.start(&place.site);
    assert_eq!(terminal.shell("echo $((20 + 2))").trim_end(), "22");
    terminal.send(b"exit\r");
    terminal.end();
    // It is the agent of after the restart that tells the end of a session from before it.
    assert_eq!(place.history(&session)["Status"], "Terminated");

    place.site.crash();
    let Place { node, site, .. } = &place;
    site.wait_for(node.id(), "connected", || node.log());
    let (mut terminal, session) = place.shell();
    assert_eq!(terminal.shell("id -un").trim_end(), place.os_user.name());
    terminal.send(b"exit\r");
    terminal.end();
    assert_eq!(place.history(&session)["Status"], "Terminated");
}

#[test]
fn the_agent_changes_its_key_and_signs_with_the_new_one() {
    if cannot_run() {
        return;
    }
    let mut place = Place::start();
    place.node.stop(&place.site);
    let settings = place.node.path("etc/amazon/ssm/amazon-ssm-agent.json");
    let text = fs::read_to_string(&settings).unwrap();
    let text = text.replacen('{', r#"{"Profile":{"KeyAutoRotateDays":1},"#, 1);
    fs::write(&settings, text).unwrap();
    let vault = place
        .node
        .path("lib/amazon/ssm/Vault/Store/RegistrationKey");
    let before = fs::read_to_string(&vault).unwrap();
    // Older than a day: the agent looks when it asks for its next token.
    let (head, date) = before.split_once(r#""privateKeyCreatedDate":""#).unwrap();
    fs::write(
        &vault,
        format!(r#"{head}"privateKeyCreatedDate":"2020{}"#, &date[4..]),
    )
    .unwrap();
    forget_token(&place);
    place.node.start(&place.site);
    let after = fs::read_to_string(&vault).unwrap();
    assert_ne!(key(&before), key(&after), "{}", place.node.log());

    // And the server knows it: the next token is signed with it.
    place.node.stop(&place.site);
    forget_token(&place);
    place.node.start(&place.site);
    let (mut terminal, _) = place.shell();
    terminal.send(b"exit\r");
    terminal.end();
}

/// Has the agent ask for a token at its next start, however long the last is good.
fn forget_token(place: &Place) {
    for file in [
        ".aws/credentials",
        "lib/amazon/ssm/runtimeconfig/identity_config.json",
    ] {
        remove(&place.node.path(file));
    }
}

fn remove(file: &Path) {
    fs::remove_file(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn key(vault: &str) -> &str {
    let told = vault.split_once(r#""privateKey":""#).unwrap().1;
    told.split_once('"').unwrap().0
}
