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
