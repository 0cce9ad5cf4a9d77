//! A second start of `usher dev` on the same data is the same server.

use serde_json::json;

use crate::fixtures::{MAY_START, SESSION};
use crate::harness::dev::Dev;
use crate::harness::os_users::OsUser;
use crate::harness::skip::lacks;

#[test]
fn a_restart_keeps_keys_node_documents_and_history() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("kept", "/bin/bash", &[]);
    let directory = tempfile::tempdir().unwrap();

    let dev = Dev::start_in(directory.path());
    dev.save_run_as(os_user.name());
    let bob = dev.principal("bob", &MAY_START);
    let mut terminal = dev.start_session(&bob.keys);
    terminal.expect("Starting session with SessionId: ");
    let session = terminal.expect("\r\n");
    terminal.expect_shell();
    terminal.send(b"exit\r");
    terminal.end();
    let (admin, node) = (dev.admin(), dev.node().to_owned());
    assert_eq!(dev.stop().code(), Some(0));

    let dev = Dev::start_in(directory.path());
    assert_eq!(dev.admin(), admin);
    assert_eq!(dev.node(), node);
    let name = json!({"Name": "SSM-SessionManagerRunShell"});
    let document = dev.call(&admin, "ssm", "get_document", &name).must();
    assert!(
        document["Content"]
            .as_str()
            .unwrap()
            .contains(os_user.name()),
        "{document}"
    );
    assert_eq!(dev.history(&session)["Status"], "Terminated");

    let mut terminal = dev.start_session(&bob.keys);
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());
    terminal.send(b"exit\r");
    terminal.end();
}

#[test]
fn the_environment_file_is_the_owners_alone_and_says_what_the_command_was_given() {
    if lacks(&SESSION) {
        return;
    }
    use std::os::unix::fs::PermissionsExt;

    let dev = Dev::start();
    let file = dev.data().join("env.sh");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&dev.data()), 0o700);
    assert_eq!(
        std::fs::read_to_string(dev.data().join(".gitignore"))
            .unwrap()
            .trim(),
        "*"
    );

    let told = crate::harness::process::output_of(
        std::process::Command::new("sh")
            .args(["-c", ". \"$0\" && env -0"])
            .arg(&file)
            .env_clear(),
    );
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "USHER_NODE",
    ] {
        let variable = format!("{name}={}", dev.variable(name));
        assert!(
            told.split('\0').any(|line| line == variable),
            "{variable} is not in env.sh"
        );
    }
}
