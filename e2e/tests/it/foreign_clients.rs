//! Clients of Session Manager that others wrote, as they come from PyPI and npm: they list this server's nodes and open
//! sessions.
//!
//! aws-ssm-tools asks the inventory, EC2 for what it finds there, and the `aws` CLI for the session; aws-ssm-juggle asks
//! EC2 alone, and starts AWS's plugin, here ours under its name, by itself. npm's ssm-session speaks the data channel
//! itself, without a handshake, and writes digests of its own making.

use std::process::Command;

use serde_json::json;

use crate::fixtures::{BY_TAG, ByTag, MAY_START, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::dev::{Dev, Principal};
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

const MAY_LOOK: [(&str, &str); 2] = [("ssm:GetInventory", "*"), ("ec2:DescribeInstances", "*")];

/// The administrator's server with somebody who may start sessions and see what there is to start them on.
fn with_looker(name: &str, check: impl FnOnce(&ByTag, &Principal)) {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let may: Vec<_> = MAY_START.into_iter().chain(MAY_LOOK).collect();
    let looker = fixture.dev.principal(name, &may);
    fixture.dev.tag_run_as(&looker, fixture.os_user.name());
    check(&fixture, &looker);
}

fn client(dev: &Dev, keys: &Keys, program: &str, arguments: &[&str]) -> Command {
    let mut command = dev.command(keys, program);
    command.args(arguments);
    command
}

/// `ec2-juggle` has a region of its own, and looks for ours in no environment.
fn juggle(dev: &Dev, keys: &Keys, arguments: &[&str]) -> Command {
    let region = ["--region", dev.variable("AWS_REGION")];
    let arguments: Vec<_> = region.iter().chain(arguments).copied().collect();
    let mut juggle = client(dev, keys, "ec2-juggle", &arguments);
    // It keeps a cache there.
    juggle.env("TMPDIR", dev.data());
    juggle
}

#[test]
fn without_permission_they_tell_what_the_server_says() {
    with_looker("tools-stranger", |fixture, _| {
        let dev = &fixture.dev;
        let stranger = dev.principal("tools-nobody", &[]);
        let refused = client(dev, &stranger.keys, "ssm-session", &["--list"])
            .output()
            .unwrap();
        assert!(!refused.status.success());
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("ssm:GetInventory"), "{told}");
        let mut juggle = Terminal::start(&juggle(dev, &stranger.keys, &["start"]), 80, 24);
        let told = juggle.expect("ec2:DescribeInstances");
        assert!(told.contains("UnauthorizedOperation"), "{told}");
        assert!(!juggle.end().0.success());
    });
}

#[test]
fn aws_ssm_tools_lists_nodes_and_opens_a_session_by_host_name() {
    with_looker("tools", |fixture, looker| {
        let dev = &fixture.dev;
        let listed = output_of(&mut client(dev, &looker.keys, "ssm-session", &["--list"]));
        let line = listed
            .lines()
            .find(|line| line.starts_with(dev.node()))
            .unwrap_or_else(|| panic!("{listed}"));
        let host = line.split_whitespace().nth(1).unwrap();

        let mut session =
            Terminal::start(&client(dev, &looker.keys, "ssm-session", &[host]), 100, 24);
        session.expect_shell();
        assert_eq!(session.shell("id -un").trim_end(), fixture.os_user.name());
        session.send(b"exit\r");
        assert!(session.end().0.success());
    });
}

#[test]
fn aws_ssm_juggle_offers_nodes_and_opens_the_one_chosen() {
    with_looker("juggler", |fixture, looker| {
        let dev = &fixture.dev;
        let mut session = Terminal::start(&juggle(dev, &looker.keys, &["start"]), 100, 24);
        session.expect(dev.node());
        session.send(b"\r");
        session.expect_shell();
        assert_eq!(session.shell("id -un").trim_end(), fixture.os_user.name());
        session.send(b"exit\r");
        assert!(session.end().0.success());
    });
}

#[test]
fn ssm_session_shows_a_shell_in_the_size_that_it_asked_for() {
    if lacks(&[Need::WebClient]) {
        return;
    }
    with_looker("web-client", |fixture, looker| {
        let dev = &fixture.dev;
        let target = json!({"Target": dev.node()});
        let started = dev.call(&looker.keys, "ssm", "start_session", &target);
        let started = started.must();
        // As in a browser, nothing but the session shows what is typed, and nothing translates line ends.
        let mut node = Command::new("sh");
        node.args(["-c", "stty raw -echo && exec node \"$0\""])
            .arg(programs::web_client().join("client.mjs"));
        let mut session = Terminal::start(&node, 200, 30);
        let told = json!({"StreamUrl": started["StreamUrl"], "TokenValue": started["TokenValue"]});
        session.send(format!("{told}\r").as_bytes());
        session.expect_shell();
        assert_eq!(session.shell("id -un").trim_end(), fixture.os_user.name());
        assert_eq!(session.shell("stty size").trim_end(), "30 100");
        session.send(b"exit\r");
        assert!(session.end().0.success());
        let id = started["SessionId"].as_str().unwrap();
        assert_eq!(dev.history(id)["Status"], "Terminated");
    });
}
