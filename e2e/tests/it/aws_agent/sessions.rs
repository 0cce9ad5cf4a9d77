//! Sessions on AWS's agent: what never reaches it, and how those end that do.

use serde_json::json;

use super::{PLACE, Place, cannot_run};
use crate::harness::process::output_of;
use crate::harness::terminal::Terminal;

#[test]
fn a_name_that_is_more_than_a_name_never_reaches_the_agent_which_would_give_it_to_a_shell() {
    if cannot_run() {
        return;
    }
    let place = PLACE.hold(Place::start);
    let call = |operation: &str, arguments| place.site.call("iam", operation, &arguments);
    call("create_user", json!({"UserName": "mallory"}));
    let allowed = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"},
    ]});
    call(
        "put_user_policy",
        json!({"UserName": "mallory", "PolicyName": "allowed", "PolicyDocument": allowed.to_string()}),
    );
    let key = call("create_access_key", json!({"UserName": "mallory"}));
    // What IAM takes as a tag's value; the agent would run `id -u root`.
    let tag = json!([{"Key": "SSMSessionRunAs", "Value": "-u root"}]);
    call("tag_user", json!({"UserName": "mallory", "Tags": tag}));

    let mut aws = place.site.command("aws");
    for (variable, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
    ] {
        aws.env(variable, key["AccessKey"][member].as_str().unwrap());
    }
    aws.args(["ssm", "start-session", "--target", place.node.id()]);
    let mut terminal = Terminal::start(&aws, 80, 24);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    terminal.expect("-u root");
    terminal.end();
    assert_eq!(place.history(&session)["Status"], "Failed");
    assert!(
        !place.node.log().contains(&session),
        "the agent heard of it"
    );
}

#[test]
fn keys_pressed_before_the_prompt_are_held_for_it() {
    if cannot_run() {
        return;
    }
    let place = PLACE.hold(Place::start);
    let mut usher = place.site.command("usher");
    usher.args(["start-session", place.node.id()]);
    let mut terminal = Terminal::start(&usher, 80, 24);
    terminal.send(b"echo \"$((40 + 2)) by $(id -un)\"\rexit\r");
    terminal.expect(&format!("42 by {}", place.os_user.name()));
    terminal.end();
}

#[test]
fn a_session_that_is_terminated_takes_its_shell_along_and_is_told_as_done() {
    if cannot_run() {
        return;
    }
    let place = PLACE.hold(Place::start);
    let (mut terminal, session) = place.shell();
    let marker = place.node.path("home").join("left");
    std::fs::create_dir(&marker).unwrap();
    output_of(
        std::process::Command::new("chown")
            .arg(place.os_user.name())
            .arg(&marker),
    );
    // A hold on a fifo that ends with its last holder, whatever namespace it is seen from.
    terminal.shell("mkfifo /home/left/fifo; exec 9<>/home/left/fifo");
    let arguments = json!({"SessionId": session});
    place.site.call("ssm", "terminate_session", &arguments);
    terminal.end();
    assert_eq!(place.history(&session)["Status"], "Terminated");
    // The agent has said that it is done, which it does after the shell has ended: nobody reads the fifo any more.
    let written = rustix::fs::open(
        marker.join("fifo"),
        rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK,
        rustix::fs::Mode::empty(),
    );
    assert_eq!(written.err(), Some(rustix::io::Errno::NXIO));
}

#[test]
fn the_node_is_described_as_the_agent_pings() {
    if cannot_run() {
        return;
    }
    let place = PLACE.hold(Place::start);
    let wanted = json!({"Filters": [{"Key": "InstanceIds", "Values": [place.node.id()]}]});
    let told = place
        .site
        .call("ssm", "describe_instance_information", &wanted);
    let node = &told["InstanceInformationList"][0];
    assert_eq!(node["PingStatus"], "Online", "{told}");
    assert_eq!(node["PlatformType"], "Linux");
    assert_eq!(node["ResourceType"], "ManagedInstance");
    let version = node["AgentVersion"].as_str().unwrap();
    assert!(version.starts_with("3."), "{told}");
}
