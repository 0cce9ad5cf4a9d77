//! The ways to a shell that are compared, and which of them this machine has.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Output;
use crate::openssh::OpenSsh;
use crate::usher::{self, Usher};

const PLUGIN: &str = "session-manager-plugin";

/// One way to a shell.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// What a person starts.
    pub(crate) client: Command,
    /// The process whose descendants serve it.
    pub(crate) daemon: u32,
    pub(crate) output: Output,
}

impl Way {
    /// ssh first, since the others are measured by it; and a sentence for each way that is missing here.
    pub(crate) fn all(openssh: &OpenSsh, usher: &Usher) -> (Vec<Self>, Vec<String>) {
        let mut ways = vec![
            Self::new("ssh", openssh.client(), openssh.pid(), Output::Long),
            Self::new(
                "usher start-session",
                usher.client(),
                usher.pid(),
                Output::Long,
            ),
        ];
        let mut skipped = Vec::new();
        let Some(aws) = aws() else {
            skipped.push("aws ssm start-session: there is no aws under the target directory (`cargo xtask test` makes it)".to_owned());
            return (ways, skipped);
        };
        let ours = usher.aws(&aws, None);
        ways.push(Self::new(
            "aws, our plugin",
            ours,
            usher.pid(),
            Output::Long,
        ));
        match plugin_of_aws() {
            Some(folder) => {
                let theirs = usher.aws(&aws, Some(&folder));
                // Some hundred KB/s: a long output would take minutes.
                ways.push(Self::new(
                    "aws, AWS's plugin",
                    theirs,
                    usher.pid(),
                    Output::Short,
                ));
            }
            None => skipped.push(format!(
                "aws ssm start-session with AWS's plugin: no {PLUGIN} is on PATH"
            )),
        }
        (ways, skipped)
    }

    fn new(name: &'static str, mut client: Command, daemon: u32, output: Output) -> Self {
        client.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        Self {
            name,
            client,
            daemon,
            output,
        }
    }
}

/// The `aws` that `cargo xtask` keeps under the target directory.
fn aws() -> Option<PathBuf> {
    let programs = usher::programs().ok()?;
    let aws = programs.parent()?.join("venv/bin/aws");
    aws.exists().then_some(aws)
}

/// The folder of the first plugin on PATH that is not ours.
fn plugin_of_aws() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let is_theirs = |folder: &Path| {
        let program = folder.join(PLUGIN).canonicalize();
        program.is_ok_and(|program| !program.ends_with("usher"))
    };
    std::env::split_paths(&path).find(|folder| is_theirs(folder))
}
