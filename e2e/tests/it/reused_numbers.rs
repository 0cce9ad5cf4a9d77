//! The race of AWS's plugin, which gives Ctrl-C and a key pressed at the same moment one number: on the real server and
//! agent both arrive, once and in order, and the session goes on. AWS's agent waits for ever.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::fixtures::{BY_DEFAULT, ByDefault, SESSION};
use crate::harness::programs;
use crate::harness::skip::lacks;

#[test]
fn a_key_that_shares_its_number_with_control_c_arrives_and_the_session_goes_on() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let dev = &fixture.dev;
    let target = json!({"Target": dev.node()});
    let session = dev
        .call(&fixture.bob.keys, "ssm", "start_session", &target)
        .must();
    let mut plugin = Command::new(programs::aws().unwrap().join("python"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/racing_plugin.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = plugin.stdin.take().unwrap();
    stdin.write_all(session.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = plugin.wait_with_output().unwrap();
    let (screen, words) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{words}\n--- the screen\n{screen}");
    let id = session["SessionId"].as_str().unwrap();
    assert_eq!(dev.history(id)["Status"], "Terminated");
}
