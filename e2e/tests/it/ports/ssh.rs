//! OpenSSH's own programs through AWS-StartSSHSession, as AWS's documentation has it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use crate::fixtures::{ByDefault, SESSION};
use crate::harness::process::{Process, output_of};
use crate::harness::skip::{Need, lacks};
use crate::harness::{DEADLINE, programs};

const NEEDS: [Need; 3] = [
    Need::Program("sshd"),
    Need::Program("scp"),
    Need::Program("ssh-keygen"),
];

/// An sshd of the test's own for the fixture's OS user, and what its clients need.
struct Sshd {
    // Stops before its files go.
    _process: Process,
    port: u16,
    folder: TempDir,
    fixture: ByDefault,
}

impl Sshd {
    fn start() -> Self {
        let fixture = ByDefault::start("ssh");
        let folder = TempDir::with_prefix("ushertest-").unwrap();
        let path = |name: &str| folder.path().join(name);
        for key in ["host-key", "user-key"] {
            output_of(
                Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                    .arg(path(key)),
            );
        }
        let home = PathBuf::from(fixture.os_user.home());
        let authorized = home.join("authorized");
        fs::copy(path("user-key.pub"), &authorized).unwrap();
        fs::set_permissions(&authorized, fs::Permissions::from_mode(0o644)).unwrap();
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&home).unwrap());
        chown(&authorized, Some(owner), None).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .unwrap()
            .port();
        let configuration = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\nUsePAM yes\n\
             Subsystem sftp internal-sftp\nStrictModes no\nMaxStartups 100\n",
            path("host-key").display(),
            authorized.display()
        );
        fs::write(path("sshd_config"), configuration).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        let daemon = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(path("sshd_config"))
            .stderr(fs::File::create(path("sshd.log")).unwrap())
            .spawn()
            .unwrap();
        let process = Process::new(daemon);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(path("sshd.log")).unwrap();
            assert!(started.elapsed() < DEADLINE, "sshd does not listen:\n{log}");
        }
        Self {
            _process: process,
            port,
            folder,
            fixture,
        }
    }

    /// One of OpenSSH's programs, with the ProxyCommand of AWS's documentation.
    fn client(&self, program: &str) -> Command {
        let mut client = self.fixture.dev.command(&self.fixture.bob.keys, program);
        client.args(self.options()).arg("-o").arg(
            "ProxyCommand=sh -c \"aws ssm start-session --target %h --document-name AWS-StartSSHSession \
             --parameters 'portNumber=%p'\"",
        );
        client
    }

    /// What each of them is told but for the ProxyCommand; no word has a blank in it.
    fn options(&self) -> Vec<String> {
        let settings = [
            "StrictHostKeyChecking=no",
            "BatchMode=yes",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            &format!("Port={}", self.port),
        ];
        let key = self.folder.path().join("user-key").display().to_string();
        let mut options = ["-F", "none", "-i", &key].map(str::to_owned).to_vec();
        for setting in settings {
            options.extend(["-o".to_owned(), setting.to_owned()]);
        }
        options
    }

    fn at_node(&self) -> String {
        format!(
            "{}@{}",
            self.fixture.os_user.name(),
            self.fixture.dev.node()
        )
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn ssh_scp_and_sftp_work_through_the_proxy_command() {
    if lacks(&SESSION) || lacks(&NEEDS) {
        return;
    }
    let sshd = Sshd::start();
    let output = run(sshd.client("ssh").arg(sshd.at_node()).arg("id -un; exit 0"));
    let name = sshd.fixture.os_user.name();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{name}\n"));
    let output = sshd
        .client("ssh")
        .arg(sshd.at_node())
        .arg("exit 7")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));

    // 100 MB there and back. `USHER_COPY_MIB=1024` makes it the long run.
    let mib: usize = std::env::var("USHER_COPY_MIB").map_or(100, |mib| mib.parse().unwrap());
    let there = sshd.folder.path().join("there");
    let back = sshd.folder.path().join("back");
    output_of(
        Command::new("dd")
            .args(["if=/dev/urandom", "bs=1M", "status=none"])
            .arg(format!("count={mib}"))
            .arg(format!("of={}", there.display())),
    );
    let far = format!("{}:copied", sshd.at_node());
    run(sshd.client("scp").arg(&there).arg(&far));
    run(sshd.client("scp").arg(&far).arg(&back));
    output_of(Command::new("cmp").arg(&there).arg(&back));

    let batch = sshd.folder.path().join("batch");
    fs::write(&batch, "get copied fetched\n").unwrap();
    run(sshd
        .client("sftp")
        .current_dir(sshd.folder.path())
        .arg("-b")
        .arg(&batch)
        .arg(sshd.at_node()));
    output_of(
        Command::new("cmp")
            .arg(&there)
            .arg(sshd.folder.path().join("fetched")),
    );
}

#[test]
fn rsync_works_through_our_own_proxy_command() {
    if lacks(&SESSION) || lacks(&NEEDS) || lacks(&[Need::Program("rsync")]) {
        return;
    }
    let sshd = Sshd::start();
    let tree = sshd.folder.path().join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    for number in 0..100 {
        let content = format!("{number}\n").repeat(1 + number * 100);
        fs::write(tree.join(format!("sub/{number}")), content).unwrap();
    }
    let usher = programs::usher().display();
    let shell = format!(
        "ssh {} -o 'ProxyCommand={usher} ssh-proxy %h %p'",
        sshd.options().join(" ")
    );
    let rsync = |from: &str, to: &str| {
        let mut rsync = sshd.fixture.dev.command(&sshd.fixture.bob.keys, "rsync");
        run(rsync.args([
            "--archive",
            "--checksum",
            "--stats",
            "--rsh",
            &shell,
            from,
            to,
        ]))
    };
    let here = |name: &str| format!("{}/", sshd.folder.path().join(name).display());
    let there = format!("{}:copied/", sshd.at_node());
    rsync(&here("tree"), &there);
    // Only what has changed goes again.
    fs::write(tree.join("sub/7"), "changed").unwrap();
    let again = rsync(&here("tree"), &there);
    let told = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(
        told.contains("Number of regular files transferred: 1\n"),
        "{told}"
    );
    rsync(&there, &here("back"));
    output_of(
        Command::new("diff")
            .arg("--recursive")
            .args([here("tree"), here("back")]),
    );
}
