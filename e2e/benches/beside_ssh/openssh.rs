//! Debian's sshd on a high loopback port, with keys and a configuration of its own.
//!
//! The configuration is what Debian's package comes with (PAM on), but for port, keys and the one user.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::{self, Account};
use crate::error::BenchError;

const SSHD: &str = "/usr/sbin/sshd";

/// Where sshd locks itself up before anybody is known.
const PRIVILEGE_SEPARATION: &str = "/run/sshd";

const READY_WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// A running sshd. Dropping it stops it and removes what it needed.
pub(crate) struct OpenSsh {
    daemon: Child,
    made_separation: bool,
    port: u16,
    user: String,
    folder: PathBuf,
}

impl OpenSsh {
    /// Starts it for this one account, with everything it needs in `folder`.
    pub(crate) fn start(folder: &Path, account: &Account) -> Result<Self, BenchError> {
        let host_key = folder.join("host-key");
        let user_key = folder.join("user-key");
        for key in [&host_key, &user_key] {
            account::run(
                Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                    .arg(key),
            )?;
        }
        let authorized = account.file("authorized-key");
        copy(&user_key.with_extension("pub"), &authorized)?;
        permit(&authorized, 0o644)?;

        let port = free_port()?;
        let public = read(&host_key.with_extension("pub"))?;
        account::write(
            &folder.join("known-hosts"),
            format!("[127.0.0.1]:{port} {public}").as_bytes(),
        )?;
        let config = folder.join("sshd_config");
        account::write(
            &config,
            configuration(port, &host_key, &authorized, account.name()).as_bytes(),
        )?;

        let made_separation = !Path::new(PRIVILEGE_SEPARATION).exists();
        if made_separation {
            fs::create_dir(PRIVILEGE_SEPARATION).map_err(|source| BenchError::File {
                path: PRIVILEGE_SEPARATION.into(),
                source,
            })?;
            permit(Path::new(PRIVILEGE_SEPARATION), 0o755)?;
        }
        let log = folder.join("sshd.log");
        let mut command = Command::new(SSHD);
        command.args(["-D", "-f"]).arg(&config).arg("-E").arg(&log);
        eprintln!("+ {command:?}");
        let daemon =
            command
                .stdin(Stdio::null())
                .spawn()
                .map_err(|source| BenchError::NotStarted {
                    line: SSHD.to_owned(),
                    source,
                })?;
        let openssh = Self {
            daemon,
            made_separation,
            port,
            user: account.name().to_owned(),
            folder: folder.to_owned(),
        };
        openssh.until_ready(&log)?;
        Ok(openssh)
    }

    /// The process id of the daemon.
    pub(crate) fn pid(&self) -> u32 {
        self.daemon.id()
    }

    /// `ssh` to the account, with nothing of the caller's own configuration.
    pub(crate) fn client(&self) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        ssh.args(["-F", "none", "-tt", "-p", &self.port.to_string()]);
        ssh.arg("-i").arg(self.folder.join("user-key"));
        let hosts = self.folder.join("known-hosts");
        ssh.arg("-o")
            .arg(format!("UserKnownHostsFile={}", hosts.display()));
        for option in [
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=yes",
            "SendEnv=LANG",
        ] {
            ssh.args(["-o", option]);
        }
        ssh.arg(format!("{}@127.0.0.1", self.user));
        ssh
    }

    fn until_ready(&self, log: &Path) -> Result<(), BenchError> {
        let until = Instant::now() + READY_WITHIN;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if Instant::now() >= until {
                return Err(BenchError::NotReady {
                    program: "sshd",
                    log: read(log).unwrap_or_default(),
                });
            }
            std::thread::sleep(ASK_EVERY);
        }
        Ok(())
    }
}

impl Drop for OpenSsh {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        if self.made_separation {
            let _ = fs::remove_dir(PRIVILEGE_SEPARATION);
        }
    }
}

fn configuration(port: u16, host_key: &Path, authorized: &Path, user: &str) -> String {
    format!(
        "ListenAddress 127.0.0.1:{port}\n\
         HostKey {host_key}\n\
         PidFile none\n\
         AuthorizedKeysFile {authorized}\n\
         AllowUsers {user}\n\
         KbdInteractiveAuthentication no\n\
         UsePAM yes\n\
         X11Forwarding yes\n\
         PrintMotd no\n\
         AcceptEnv LANG LC_*\n",
        host_key = host_key.display(),
        authorized = authorized.display(),
    )
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, BenchError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

fn read(path: &Path) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|source| BenchError::File {
        path: path.to_owned(),
        source,
    })
}

fn copy(from: &Path, to: &Path) -> Result<(), BenchError> {
    account::write(to, read(from)?.as_bytes())
}

fn permit(path: &Path, mode: u32) -> Result<(), BenchError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|source| BenchError::File {
        path: path.to_owned(),
        source,
    })
}
