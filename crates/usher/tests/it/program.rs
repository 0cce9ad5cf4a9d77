//! The program under test, under either of its names, in a clean environment.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// Long enough for a loaded machine, short enough for a hang to be noticed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// `usher`, with keys that nobody checks.
pub(crate) fn usher() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_usher")))
}

/// The same program under the plugin's name.
pub(crate) struct Plugin {
    directory: tempfile::TempDir,
}

impl Plugin {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("session-manager-plugin");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_usher"), link).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("session-manager-plugin")
    }

    /// With these words.
    pub(crate) fn words(&self, words: &[&str]) -> Command {
        let mut command = clean(Command::new(self.path()));
        command.args(words);
        command
    }

    /// As the aws command starts it: the answer in the environment.
    pub(crate) fn session(&self, stream_url: &str, api: &str) -> Command {
        let mut command = self.words(&[
            "AWS_SSM_START_SESSION_RESPONSE",
            "usher-1",
            "StartSession",
            "",
            r#"{"Target": "mi-0123456789abcdef0"}"#,
            api,
        ]);
        command.env("AWS_SSM_START_SESSION_RESPONSE", answer(stream_url));
        command
    }
}

/// A StartSession answer.
pub(crate) fn answer(stream_url: &str) -> String {
    serde_json::json!({"SessionId": "alice-1", "TokenValue": "first-token", "StreamUrl": stream_url}).to_string()
}

fn clean(mut command: Command) -> Command {
    command.env_clear().kill_on_drop(true);
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_REGION", "usher-1"),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
    ] {
        command.env(name, value);
    }
    command
}

/// Runs it to its end without input.
pub(crate) async fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null());
    tokio::time::timeout(DEADLINE, command.output())
        .await
        .expect("the program did not end")
        .unwrap()
}

/// Its standard output as text.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its standard error as text.
pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
