//! A PostgreSQL of the test's own, which runs as a throwaway OS user: it refuses to be root.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::DEADLINE;
use super::os_users::OsUser;
use super::process::{Process, output_of};
use super::skip::{Need, lacks};

const NEEDS: [Need; 2] = [Need::Program("psql"), Need::Program("runuser")];

/// Where Debian keeps the server's programs, which are on nobody's PATH.
fn server_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut programs = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    programs.find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

/// Its data, in the home of an OS user, and while it runs the server.
pub(crate) struct Postgres {
    programs: PathBuf,
    user: String,
    /// The data lie here, and the socket.
    home: String,
    port: String,
    server: Option<Process>,
}

impl Postgres {
    /// Starts one, which lets in everybody who gets at it as `ann`: by a socket in the home of `user`, which is closed
    /// to others, and by a port of loopback. None where it is not installed, which is told.
    pub(crate) fn start(user: &OsUser) -> Option<Self> {
        if lacks(&NEEDS) {
            return None;
        }
        let Some(programs) = server_programs() else {
            lacks(&[Need::Program("initdb")]);
            return None;
        };
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut postgres = Self {
            programs,
            user: user.name().to_owned(),
            home: user.home(),
            port: free.local_addr().unwrap().port().to_string(),
            server: None,
        };
        drop(free);
        let mut init = postgres.as_user("initdb");
        init.args(["-A", "trust", "-U", "ann", "--encoding=UTF8", "--locale=C"]);
        output_of(init.args(["--no-sync", "-D", &postgres.data()]));
        postgres.serve();
        Some(postgres)
    }

    /// The port on loopback.
    pub(crate) fn port(&self) -> &str {
        &self.port
    }

    /// Where the database `postgres` is, for a client that may use the socket.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres:///postgres?host={}&port={}&user=ann",
            self.home, self.port
        )
    }

    /// Stops it as its administrator would who does not wait for clients.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            output_of(
                self.as_user("pg_ctl")
                    .args(["stop", "-m", "fast", "-D", &self.data()]),
            );
            server.wait(DEADLINE).unwrap();
        }
    }

    /// Starts it, and waits until it answers. Each question is a program's whole run, which paces the asking.
    pub(crate) fn serve(&mut self) {
        let server = self
            .as_user("postgres")
            .args([
                "-D",
                &self.data(),
                "-p",
                &self.port,
                "-h",
                "127.0.0.1",
                "-F",
            ])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.home))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(Process::new(server));
        let started = Instant::now();
        let answers = || {
            let mut ask = Command::new("psql");
            ask.args(["-d", &self.url(), "-c", "select 1"]);
            ask.output().unwrap().status.success()
        };
        while !answers() {
            assert!(started.elapsed() < DEADLINE, "PostgreSQL does not answer");
        }
    }

    fn data(&self) -> String {
        format!("{}/data", self.home)
    }

    fn as_user(&self, program: &str) -> Command {
        let mut command = Command::new("runuser");
        command
            .args(["-u", &self.user, "--"])
            .arg(self.programs.join(program))
            .current_dir(&self.home);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}
