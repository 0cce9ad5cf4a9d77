//! The few Debian packages that tests and bench need, installed only where something is missing.
//!
//! Every line is printed before it is run. Without root, or when asked not to, it is only printed.

use std::process::Command;

use crate::tool::{self, TaskError};

/// A need: how to see that it is met, and which packages meet it.
pub(crate) struct Need {
    what: &'static str,
    met: fn() -> bool,
    packages: &'static [&'static str],
}

/// What the test suite needs.
pub(crate) const TESTS: [Need; 9] = [
    Need {
        what: "a Python that makes virtual environments",
        met: || tool::succeeds("python3", &["-c", "import ensurepip, venv"]),
        packages: &["python3", "python3-venv"],
    },
    Need {
        what: "strace, which watches what the agent starts",
        met: || tool::succeeds("strace", &["--version"]),
        packages: &["strace"],
    },
    Need {
        what: "a name service beside /etc/passwd, whose accounts the agent is tested with",
        met: || std::path::Path::new("/usr/lib/libnss_extrausers.so.2").exists(),
        packages: &["libnss-extrausers"],
    },
    Need {
        what: "vim, less and tmux, whose screens are compared with local ones",
        met: || {
            [("vim", "--version"), ("less", "--version"), ("tmux", "-V")]
                .iter()
                .all(|(program, version)| tool::succeeds(program, &[version]))
        },
        packages: &["vim", "less", "tmux"],
    },
    Need {
        what: "Chromium with letters for Japanese, in which the console is tried",
        met: || std::path::Path::new(crate::console::CHROMIUM).exists(),
        packages: &["chromium", "fonts-noto-cjk"],
    },
    SSH,
    Need {
        what: "rsync, which is tried through a ProxyCommand",
        met: || tool::succeeds("rsync", &["--version"]),
        packages: &["rsync"],
    },
    Need {
        what: "curl, which is tried through a SOCKS proxy",
        met: || tool::succeeds("curl", &["--version"]),
        packages: &["curl"],
    },
    Need {
        what: "PostgreSQL, on which the server is tested, and whose psql is tried through a forward (the package may start its own server on port 5432)",
        met: || {
            tool::succeeds("psql", &["--version"])
                && std::path::Path::new("/usr/lib/postgresql").exists()
        },
        packages: &["postgresql"],
    },
];

const SSH: Need = Need {
    what: "Debian's ssh and sshd, which are tried through us and measured beside us (the package may start its own on port 22)",
    met: || std::path::Path::new("/usr/sbin/sshd").exists() && tool::succeeds("ssh", &["-V"]),
    packages: &["openssh-server", "openssh-client"],
};

/// What checking the macOS code needs.
pub(crate) const MACOS: [Need; 1] = [Need {
    what: "a Rust compiler with the matching source of its standard library, from which one for macOS is made",
    met: || {
        ["rustc-web", "rust-web-src"]
            .iter()
            .all(|package| tool::succeeds("dpkg", &["--status", package]))
    },
    packages: &["rustc-web", "rust-web-src"],
}];

/// What the bench needs.
pub(crate) const BENCH: [Need; 1] = [SSH];

/// Installs what is missing, or says which lines would.
pub(crate) fn install(needs: &[Need], no_install: bool) -> Result<(), TaskError> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.met)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        eprintln!("missing: {}", need.what);
    }

    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages)
        .copied()
        .collect();
    let update = apt_get(&["update"]);
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
    install.args(packages);

    if no_install || !is_root() {
        let reason = if no_install {
            "--no-install was given"
        } else {
            "this needs root"
        };
        eprintln!(
            "not run, {reason}:\n  {}\n  {}",
            tool::shown(&update),
            tool::shown(&install)
        );
        return Ok(());
    }
    tool::run(update)?;
    tool::run(install)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(arguments);
    command
}

/// Whether root runs us.
pub(crate) fn is_root() -> bool {
    tool::first_line("id", &["-u"]).is_some_and(|uid| uid == "0")
}
