//! What preferences ask of a shell session: the profile that runs before the first key, and the limits on its time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixtures::{MAY_START, SESSION};
use crate::harness::dev::{Dev, Principal};
use crate::harness::os_users::OsUser;
use crate::harness::programs;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

/// A server whose preferences turn Run As on and say `inputs` beside it.
struct Scene {
    dev: Dev,
    carol: Principal,
    os_user: OsUser,
}

impl Scene {
    fn start(name: &str, inputs: &Value) -> Self {
        let os_user = OsUser::with_home(name, "/bin/bash", &[]);
        let dev = Dev::start();
        let mut content = json!({
            "schemaVersion": "1.0",
            "description": "Document to hold regional settings for Session Manager",
            "sessionType": "Standard_Stream",
            "inputs": {"runAsEnabled": true, "runAsDefaultUser": os_user.name()},
        });
        for (key, value) in inputs.as_object().unwrap() {
            content["inputs"][key] = value.clone();
        }
        let arguments = json!({
            "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
            "DocumentType": "Session", "DocumentFormat": "JSON",
        });
        dev.call(&dev.admin(), "ssm", "create_document", &arguments)
            .must();
        let carol = dev.principal("carol", &MAY_START);
        Self {
            dev,
            carol,
            os_user,
        }
    }

    fn usher(&self) -> Terminal {
        let program = programs::usher();
        let mut usher = self
            .dev
            .command(&self.carol.keys, program.to_str().unwrap());
        usher.args(["start-session", self.dev.node()]);
        Terminal::start(&usher, 80, 24)
    }
}

#[test]
fn the_shell_profile_runs_as_the_os_user_before_the_first_key_counts() {
    if lacks(&SESSION) {
        return;
    }
    let profile = "export PROFILE=\"$(id -un) in $PWD\"; cd /tmp\nPS1='$ '";
    let inputs = json!({"shellProfile": {"linux": profile}});
    let scene = Scene::start("carol", &inputs);
    for mut terminal in [scene.usher(), scene.dev.start_session(&scene.carol.keys)] {
        // Typed before there was a shell: it waits behind the profile.
        terminal.send(b"echo \"typed ahead: $PROFILE, $PWD\"\r");
        let (name, home) = (scene.os_user.name(), scene.os_user.home());
        terminal.expect(&format!("typed ahead: {name} in {home}, /tmp\r\n"));
    }
}

#[test]
fn an_idle_session_is_announced_and_the_announcement_does_not_keep_it() {
    if lacks(&SESSION) {
        return;
    }
    let scene = Scene::start("dora", &json!({"idleSessionTimeout": "1"}));
    let mut ours = scene.usher();
    let mut plugin = scene.dev.start_session(&scene.carol.keys);
    for terminal in [&mut ours, &mut plugin] {
        terminal.expect_shell();
    }
    let idle_since = Instant::now();
    for terminal in [&mut ours, &mut plugin] {
        terminal.expect("\r\nThis session ends in 30 seconds unless there is input or output");
    }
    assert!(idle_since.elapsed() < Duration::from_secs(45));
    for terminal in [&mut ours, &mut plugin] {
        terminal.expect("Your session timed out due to inactivity and has been terminated.");
    }
    assert!(idle_since.elapsed() < Duration::from_secs(75));
    assert!(ours.is_as_before());
}
