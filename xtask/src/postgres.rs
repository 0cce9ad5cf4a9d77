//! The server's tests once more, on PostgreSQL: a database server of our own on a private socket, gone afterwards.

use std::env;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::system_packages::is_root;
use crate::tally::Tally;
use crate::tool::{self, TaskError};

/// Where Debian keeps the server's programs, which are on nobody's PATH.
const VERSIONS: &str = "/usr/lib/postgresql";

/// How the tests are told; see `crates/server/tests/it/database.rs`.
const VARIABLE: &str = "USHER_TEST_POSTGRES";

/// Runs the tests of `usher-server` that have a database.
pub(crate) fn test(tally: &mut Tally) -> Result<(), TaskError> {
    let Some(programs) = programs() else {
        println!("skipped: the server's tests on PostgreSQL: needs Debian's package postgresql");
        return Ok(());
    };
    let cluster = Cluster::start(programs)?;
    let mut tests = tool::cargo(&[
        "test",
        "--package",
        "usher-server",
        "--test",
        "it",
        "--no-fail-fast",
    ]);
    tests.env(VARIABLE, cluster.url());
    let line = tool::shown(&tests);
    let status = tool::run_reading(tests, |text| tally.read(text))?;
    if status.success() {
        Ok(())
    } else {
        Err(TaskError::Failed { line, status })
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?;
    let mut programs = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    programs.find(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists())
}

/// A running PostgreSQL. Dropping it ends it and takes everything of it away.
struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    /// Whom it runs as when root started it: PostgreSQL refuses to be root.
    user: Option<String>,
}

impl Cluster {
    fn start(programs: PathBuf) -> Result<Self, TaskError> {
        // Swept up by the next run's tests if this one is killed.
        let name = format!("ushertest-{}-0-pg", process::id());
        let folder = env::temp_dir().join(&name);
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|source| TaskError::File {
                path: folder.clone(),
                source,
            })?;
        let cluster = Self {
            programs,
            folder,
            user: is_root().then_some(name),
        };
        if let Some(user) = &cluster.user {
            let mut add = Command::new("useradd");
            add.args([
                "--system",
                "--no-create-home",
                "--shell",
                "/bin/false",
                user,
            ]);
            tool::run(add)?;
            let mut give = Command::new("chown");
            give.arg(user).arg(&cluster.folder);
            tool::run(give)?;
        }
        let mut init = cluster.program("initdb");
        init.args([
            "--username=usher",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ]);
        init.arg(cluster.data());
        tool::run(init)?;
        let mut start = cluster.control("start");
        // What is lost when the machine dies is nobody's.
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=400",
            cluster.folder.display()
        );
        start
            .args(["-o", &options, "--log"])
            .arg(cluster.folder.join("log"));
        tool::run(start)?;
        Ok(cluster)
    }

    fn url(&self) -> String {
        format!(
            "postgres:///postgres?host={}&user=usher",
            self.folder.display()
        )
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn control(&self, what: &str) -> Command {
        let mut command = self.program("pg_ctl");
        command
            .args([what, "--silent", "--wait", "--pgdata"])
            .arg(self.data());
        command
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(Path::new("/"));
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.control("stop");
        stop.args(["--mode", "immediate"]);
        let mut remove = Command::new("rm");
        remove.arg("-rf").arg(&self.folder);
        let delete = self.user.as_ref().map(|user| {
            let mut delete = Command::new("userdel");
            delete.arg(user);
            delete
        });
        for command in [stop, remove].into_iter().chain(delete) {
            if let Err(error) = tool::run(command) {
                eprintln!("{error}");
            }
        }
    }
}
