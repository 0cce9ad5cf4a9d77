//! `usher server` that speaks TLS alone, a node that is its own program, and clients that have to know whom they trust.

use std::process::Command;

use serde_json::json;

use crate::fixtures::SESSION;
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::site::Site;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

fn nodes(site: &Site, bundle: &str) -> Command {
    let mut nodes = site.command("usher");
    nodes
        .args(["nodes", "--output", "json", "--ca-bundle"])
        .arg(site.path(bundle));
    nodes
}

#[test]
fn who_trusts_another_authority_is_told_so_and_what_to_do() {
    if lacks(&SESSION) {
        return;
    }
    let site = Site::start();
    let refused = nodes(&site, "second.pem").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(255), "{said}");
    assert!(
        said.contains("issued by an authority that is not trusted here"),
        "{said}"
    );
    assert!(
        said.contains("\n\nhint: name the certificate") && said.contains("--ca-bundle"),
        "{said}"
    );

    let unregistered = site.register("second.pem");
    let said = String::from_utf8_lossy(&unregistered.stderr).into_owned();
    assert_eq!(unregistered.status.code(), Some(1), "{said}");
    assert!(
        said.contains("not trusted here") && said.contains("`ca_file`"),
        "{said}"
    );
    assert!(!site.path("agent/state/registration.json").exists());

    // And the same with what is right, in each of the three places where a client looks.
    output_of(&mut nodes(&site, "first.pem"));
    output_of(site.command("usher").arg("nodes"));
    let mut by_file = site.command("usher");
    by_file
        .arg("nodes")
        .env_remove("AWS_CA_BUNDLE")
        .env("SSL_CERT_FILE", site.path("first.pem"));
    output_of(&mut by_file);
}

#[test]
fn a_session_over_tls_alone_works_with_the_aws_command_and_with_ours() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("tls", "/bin/bash", &[]);
    let mut site = Site::start();
    site.save_run_as(&os_user);
    let node = site.join("first.pem");

    let mut aws = site.command("aws");
    aws.args(["ssm", "start-session", "--target", &node]);
    let mut ours = site.command("usher");
    ours.args(["start-session", &node]);
    for (command, status) in [(aws, 0), (ours, 7)] {
        let mut terminal = Terminal::start(&command, 80, 24);
        terminal.expect_shell();
        assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());
        terminal.send(b"exit 7\r");
        assert_eq!(terminal.end().0.code(), Some(status), "{command:?}");
    }

    // The answer's URL is what the clients dialled: nothing went around TLS.
    let started = site.call("ssm", "start_session", &json!({"Target": node}));
    assert!(
        started["StreamUrl"]
            .as_str()
            .unwrap()
            .starts_with("wss://127.0.0.1:"),
        "{started}"
    );
    assert_eq!(site.stop().code(), Some(0));
}

#[test]
fn a_certificate_is_replaced_without_a_restart_while_a_session_lives() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("renewal", "/bin/bash", &[]);
    let mut site = Site::start();
    site.save_run_as(&os_user);
    let node = site.join("both.pem");
    let session = |bundle: &str| {
        let mut ours = site.command("usher");
        ours.args(["start-session", &node, "--ca-bundle"])
            .arg(site.path(bundle));
        let mut terminal = Terminal::start(&ours, 80, 24);
        terminal.expect_shell();
        terminal
    };
    let mut before = session("first.pem");
    assert_eq!(
        before.shell("echo \"before $((1 + 1))\"").trim_end(),
        "before 2"
    );

    site.replace_certificate();
    assert!(
        !nodes(&site, "first.pem").output().unwrap().status.success(),
        "the old certificate is still shown"
    );
    output_of(&mut nodes(&site, "second.pem"));
    assert_eq!(
        before.shell("echo \"after $((1 + 1))\"").trim_end(),
        "after 2"
    );
    let mut after = session("second.pem");
    assert_eq!(after.shell("id -un").trim_end(), os_user.name());
    for terminal in [&mut before, &mut after] {
        terminal.send(b"exit\r");
        terminal.end();
    }
}
