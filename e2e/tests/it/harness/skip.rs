//! Tells what this machine lacks, so that a test it cannot run is skipped loudly and never silently.

use std::fs::OpenOptions;
use std::io::Write;

use super::programs;

/// What a test needs of the machine.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// To make OS users and to let the agent become them.
    Root,
    /// The `aws` CLI and boto3.
    Aws,
    /// Node, and the OpenID Connect provider that runs on it.
    IdentityProvider,
    /// pyte, and xterm.js on Node.
    Emulators,
    /// Ansible with the connection `aws_ssm`.
    Ansible,
    /// Node, and npm's client of Session Manager.
    WebClient,
    /// To watch what the agent's processes do.
    Strace,
    /// A program of the system.
    Program(&'static str),
}

impl Need {
    fn lacking(self) -> Option<String> {
        match self {
            Need::Root if !rustix::process::geteuid().is_root() => Some("needs root".to_owned()),
            Need::Aws if programs::aws().is_none() => Some(
                "needs the aws CLI and boto3, which `cargo xtask test` installs where there is Python"
                    .to_owned(),
            ),
            Need::IdentityProvider
                if !programs::on_path("node")
                    || !programs::identity_provider().join("node_modules").exists() =>
            {
                Some(
                    "needs an OpenID Connect provider, which `cargo xtask test` installs where there is npm"
                        .to_owned(),
                )
            }
            Need::Emulators
                if !programs::on_path("node")
                    || !programs::emulators().join("node_modules").exists() =>
            {
                Some(
                    "needs the terminal emulator xterm.js, which `cargo xtask test` installs where there is npm"
                        .to_owned(),
                )
            }
            Need::Ansible if programs::ansible().is_none() => Some(
                "needs Ansible, which `cargo xtask test` installs where there is Python".to_owned(),
            ),
            Need::WebClient
                if !programs::on_path("node")
                    || !programs::web_client().join("node_modules").exists() =>
            {
                Some(
                    "needs npm's client of Session Manager, which `cargo xtask test` installs where there is npm"
                        .to_owned(),
                )
            }
            Need::Strace if !programs::on_path("strace") => Some("needs strace".to_owned()),
            Need::Program(name) if !programs::on_path(name) => Some(format!("needs {name}")),
            _ => None,
        }
    }
}

/// Whether the test must end here. Says why on standard error, past the test runner's capture, and in the file
/// that `cargo xtask test` counts skipped tests from.
pub(crate) fn lacks(needs: &[Need]) -> bool {
    let Some(reason) = needs.iter().find_map(|need| need.lacking()) else {
        return false;
    };
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    let _ = write!(std::io::stderr(), "skipped: {line}");
    if let Some(path) = std::env::var_os("USHER_SKIPPED_TESTS") {
        OpenOptions::new()
            .append(true)
            .open(path)
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
    }
    true
}
