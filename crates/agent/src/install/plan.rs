//! What `install` makes on a machine, as a list of values: the same list is shown, carried out and taken back.
//!
//! Pure: what the machine has is an argument.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::identities::{CONTROL_ACCOUNT, SESSION_ACCOUNT};

const DEBIAN_RULES: &str = include_str!("../../pam.d/usher");
const MACOS_RULES: &str = include_str!("../../pam.d/usher-macos");
const UNIT: &str = include_str!("../../dist/usher-agent.service");
const LAUNCHD: &str = include_str!("../../dist/usher-agent.plist");

/// Where systemd looks for units that an administrator made.
pub(super) const UNIT_PATH: &str = "/etc/systemd/system/usher-agent.service";
/// Where launchd looks for daemons that an administrator made.
pub(super) const LAUNCHD_PATH: &str = "/Library/LaunchDaemons/usher-agent.plist";
/// launchd's name of it, which stands in the file too.
pub(super) const LAUNCHD_LABEL: &str = "usher-agent";
const PAM_PATH: &str = "/etc/pam.d/usher";

/// What starts services there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceKeeper {
    Systemd,
    Launchd,
    /// None that we know.
    None,
}

/// Where the rules that all services share are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PamStack {
    /// `common-account` and `common-session`.
    Debian,
    /// `system-auth`.
    SystemAuth,
    /// macOS's own modules.
    MacOs,
    /// No PAM, or none whose files we know.
    None,
}

/// The machine, as far as it matters.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) keeper: ServiceKeeper,
    pub(super) stack: PamStack,
    pub(super) program: PathBuf,
    pub(super) config: PathBuf,
    pub(super) state_dir: PathBuf,
}

/// One thing that is made unless it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A system account without a home, a password or a shell.
    Account(&'static str),
    /// A directory with this mode.
    Directory(PathBuf, u32),
    /// A file, mode 0644.
    File(PathBuf, String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "account {name}"),
            Self::Directory(path, mode) => write!(f, "directory {} {mode:04o}", path.display()),
            Self::File(path, _) => write!(f, "file {} 0644", path.display()),
        }
    }
}

/// Everything, in the order in which it is made.
pub(super) fn steps(machine: &Machine) -> Vec<Step> {
    let mut steps: Vec<Step> = [CONTROL_ACCOUNT, SESSION_ACCOUNT].map(Step::Account).into();
    steps.extend(
        machine
            .config
            .parent()
            .map(|directory| Step::Directory(directory.to_owned(), 0o755)),
    );
    steps.push(Step::Directory(machine.state_dir.clone(), 0o755));
    let mut file = |path: &str, text: String| steps.push(Step::File(PathBuf::from(path), text));
    if let Some(rules) = pam_rules(machine.stack) {
        file(PAM_PATH, rules);
    }
    match machine.keeper {
        ServiceKeeper::Systemd => file(UNIT_PATH, filled(UNIT, machine, |text| text)),
        ServiceKeeper::Launchd => file(LAUNCHD_PATH, filled(LAUNCHD, machine, |text| xml(&text))),
        ServiceKeeper::None => {}
    }
    steps
}

fn pam_rules(stack: PamStack) -> Option<String> {
    match stack {
        PamStack::Debian => Some(DEBIAN_RULES.to_owned()),
        PamStack::SystemAuth => {
            let rules = DEBIAN_RULES.replace("common-account", "system-auth");
            Some(rules.replace("common-session", "system-auth"))
        }
        PamStack::MacOs => Some(MACOS_RULES.to_owned()),
        PamStack::None => None,
    }
}

fn filled(template: &str, machine: &Machine, escaped: impl Fn(String) -> String) -> String {
    let shown = |path: &Path| escaped(path.display().to_string());
    let text = template.replace("@PROGRAM@", &shown(&machine.program));
    text.replace("@CONFIG@", &shown(&machine.config))
}

fn xml(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(keeper: ServiceKeeper, stack: PamStack) -> Machine {
        Machine {
            keeper,
            stack,
            program: PathBuf::from("/opt/a&b/usher-agent"),
            config: PathBuf::from("/etc/usher/agent.toml"),
            state_dir: PathBuf::from("/var/lib/usher-agent"),
        }
    }

    fn file(steps: &[Step], name: &str) -> String {
        let found = steps.iter().find_map(|step| match step {
            Step::File(path, text) if path == Path::new(name) => Some(text.clone()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    #[test]
    fn a_machine_without_known_pam_or_service_keeper_gets_no_file() {
        let steps = steps(&machine(ServiceKeeper::None, PamStack::None));
        assert!(!steps.iter().any(|step| matches!(step, Step::File(..))));
    }

    #[test]
    fn a_unit_keeps_sessions_over_a_restart_and_restricts_none_of_them() {
        let unit = file(
            &steps(&machine(ServiceKeeper::Systemd, PamStack::Debian)),
            UNIT_PATH,
        );
        for line in [
            "KillMode=process",
            "Delegate=yes",
            "ExecStart=/opt/a&b/usher-agent run --config /etc/usher/agent.toml",
        ] {
            assert!(unit.lines().any(|found| found == line), "{line}: {unit}");
        }
        for inherited in [
            "NoNewPrivileges",
            "SystemCallFilter",
            "CapabilityBoundingSet",
            "Protect",
        ] {
            assert!(!unit.contains(inherited), "{inherited}");
        }
    }

    #[test]
    fn rules_name_the_stack_that_the_machine_has() {
        let other = file(
            &steps(&machine(ServiceKeeper::Systemd, PamStack::SystemAuth)),
            PAM_PATH,
        );
        assert!(
            other.contains("include      system-auth") && !other.contains("common-"),
            "{other}"
        );
        let debian = file(
            &steps(&machine(ServiceKeeper::Systemd, PamStack::Debian)),
            PAM_PATH,
        );
        assert!(debian.contains("include      common-account"));
    }

    /// What a property list says, by Python's reader of them; `None` where there is no Python.
    fn read_property_list(text: &str) -> Option<serde_json::Value> {
        use std::io::Write;
        use std::process::{Command, Stdio};

        const READ: &str = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
        let python = Command::new("python3")
            .args(["-c", READ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut python) = python else {
            let line = b"SKIPPED launchd_is_told_what_to_run: there is no python3 to read a property list\n";
            std::io::stderr().write_all(line).unwrap();
            return None;
        };
        let mut input = python.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        let read = python.wait_with_output().unwrap();
        assert!(read.status.success(), "{text}");
        Some(serde_json::from_slice(&read.stdout).unwrap())
    }

    #[test]
    fn launchd_is_told_what_to_run_and_to_leave_sessions_alone() {
        let steps = steps(&machine(ServiceKeeper::Launchd, PamStack::MacOs));
        let Some(read) = read_property_list(&file(&steps, LAUNCHD_PATH)) else {
            return;
        };
        let expected = serde_json::json!({
            "Label": LAUNCHD_LABEL,
            "ProgramArguments": [
                "/opt/a&b/usher-agent", "run", "--config", "/etc/usher/agent.toml",
            ],
            "RunAtLoad": true,
            "KeepAlive": true,
            "AbandonProcessGroup": true,
            "StandardErrorPath": "/var/log/usher-agent.log",
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn macos_gets_accounts_and_rules_of_its_own() {
        let steps = steps(&machine(ServiceKeeper::Launchd, PamStack::MacOs));
        let accounts = steps.iter().filter(|step| matches!(step, Step::Account(_)));
        assert_eq!(accounts.count(), 2);
        let rules = file(&steps, PAM_PATH);
        assert!(rules.contains("pam_opendirectory.so") && !rules.contains("include"));
    }
}
