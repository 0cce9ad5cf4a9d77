//! What a shell needs to reach the server: for `env.sh`, and for the command after `--`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use usher_server::AccessKeyPair;
use usher_wire::ids::NodeId;

/// What would lead the aws command or an SDK elsewhere. They must be absent: an empty `AWS_PROFILE` is a profile
/// without a name to them.
const IN_THE_WAY: [&str; 11] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
];

/// The variables, in the order in which they are written.
#[derive(Clone)]
pub(super) struct Environment {
    variables: Vec<(&'static str, String)>,
    bin: PathBuf,
}

impl Environment {
    /// `bin` holds the plugin and becomes the first entry of `PATH`.
    pub(super) fn new(
        endpoint: &str,
        keys: &AccessKeyPair,
        region: &str,
        node: Option<&NodeId>,
        bin: &Path,
    ) -> Self {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_ACCESS_KEY_ID", keys.access_key_id.clone()),
            (
                "AWS_SECRET_ACCESS_KEY",
                keys.secret_access_key.expose().to_owned(),
            ),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_REGION", region.to_owned()),
            (
                "USHER_CONSOLE",
                format!("{}/console/", endpoint.trim_end_matches('/')),
            ),
        ];
        variables.extend(node.map(|node| ("USHER_NODE", node.to_string())));
        Self {
            variables,
            bin: bin.to_owned(),
        }
    }

    /// For a POSIX shell.
    pub(super) fn to_shell(&self) -> String {
        let mut text = format!("unset {}\n", IN_THE_WAY.join(" "));
        for (name, value) in &self.variables {
            text.push_str(&format!("export {name}={}\n", quoted(OsStr::new(value))));
        }
        let bin = quoted(self.bin.as_os_str());
        text.push_str(&format!("export PATH={bin}${{PATH:+\":$PATH\"}}\n"));
        text
    }

    /// For a command that we start: our own environment, changed in the same way.
    pub(super) fn apply(&self, command: &mut Command) {
        for name in IN_THE_WAY {
            command.env_remove(name);
        }
        let mut path = self.bin.clone().into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("PATH", path);
    }
}

/// One word for a shell, whatever is in it. A data directory that is no text becomes one that cannot be found.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(bin: &str) -> Environment {
        let keys = AccessKeyPair {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "se'cr\"et$(id)".into(),
        };
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        Environment::new(
            "http://127.0.0.1:8480",
            &keys,
            "usher-1",
            Some(&node),
            Path::new(bin),
        )
    }

    fn sourced(text: &str, print: &str) -> String {
        let output = Command::new("sh")
            .args(["-c", &format!("{text}\nprintf %s \"{print}\"")])
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn no_character_of_a_value_reaches_the_shell_as_syntax() {
        let text = environment("/tmp/it's $HOME").to_shell();
        assert_eq!(sourced(&text, "$AWS_SECRET_ACCESS_KEY"), "se'cr\"et$(id)");
        assert!(sourced(&text, "$PATH").starts_with("/tmp/it's $HOME:"));
    }

    #[test]
    fn every_promised_name_is_there() {
        let text = environment("/d/bin").to_shell();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:8480"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_DEFAULT_REGION", "usher-1"),
            ("AWS_REGION", "usher-1"),
            ("USHER_NODE", "mi-0123456789abcdef0"),
        ] {
            assert_eq!(sourced(&text, &format!("${name}")), value);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_absent_rather_than_empty() {
        let text = environment("/d/bin").to_shell();
        for name in IN_THE_WAY {
            let set = format!("export {name}=elsewhere\n{text}");
            assert_eq!(sourced(&set, &format!("${{{name}-absent}}")), "absent");
        }
        let mut command = Command::new("true");
        environment("/d/bin").apply(&mut command);
        for name in IN_THE_WAY {
            assert!(
                command
                    .get_envs()
                    .any(|(n, value)| n == name && value.is_none()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_command_gets_the_same_and_the_plugin_first() {
        let mut command = Command::new("true");
        environment("/d/bin").apply(&mut command);
        let value = |name: &str| {
            let found = command.get_envs().find(|(n, _)| *n == name);
            found
                .and_then(|(_, value)| value)
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        assert_eq!(value("USHER_NODE"), "mi-0123456789abcdef0");
        assert!(value("PATH").starts_with("/d/bin"));
    }
}
