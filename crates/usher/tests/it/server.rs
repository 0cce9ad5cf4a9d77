//! `usher server` and `usher admin bootstrap` as an operator meets them: what they refuse, and a first start.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt;

use crate::program::{complained, output, said, usher};

/// A server on loopback, which needs no certificate, in a directory of its own.
struct Site {
    folder: TempDir,
    port: u16,
}

impl Site {
    fn prepared() -> Self {
        // Given back at once: the URL that clients are told has to be known before the server listens.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder, port };
        site.settings("");
        site
    }

    fn settings(&self, more: &str) {
        let text = format!(
            "public_url = \"http://127.0.0.1:{0}\"\nlisten = \"127.0.0.1:{0}\"\ndata_dir = {1:?}\nroot_key_file = {2:?}\n{more}",
            self.port,
            self.path("data"),
            self.path("root.key"),
        );
        fs::write(self.path("server.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn admin(&self, words: &[&str]) -> Output {
        let mut command = usher();
        command
            .args(["admin", "bootstrap", "--config"])
            .arg(self.path("server.toml"))
            .args(words);
        output(command).await
    }

    /// Starts it and comes back when it says that it is ready.
    fn serve(&self) -> Serving {
        let mut command = usher().into_std();
        command
            .args(["server", "--config"])
            .arg(self.path("server.toml"))
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.starts_with("usher server is ready: "));
        // The rest of the log has to be read, or the server would wait for room.
        let rest =
            std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Serving {
            child,
            ready: ready.expect("the server ended without being ready"),
            rest: Some(rest),
        }
    }
}

struct Serving {
    child: Child,
    ready: String,
    rest: Option<std::thread::JoinHandle<String>>,
}

impl Serving {
    /// Sends the signal and hands back the status and what was logged since it was ready.
    fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), self.rest.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn server(config: &Path) -> Output {
    let mut command = usher();
    command.args(["server", "--config"]).arg(config);
    output(command).await
}

#[tokio::test]
async fn a_missing_settings_file_is_named_with_where_to_start_from() {
    let refused = server(Path::new("/nonexistent/server.toml")).await;
    assert_eq!(refused.status.code(), Some(1));
    let text = complained(&refused);
    assert!(
        text.contains("/nonexistent/server.toml") && text.contains("\n\nhint: docs/server.toml"),
        "{text}"
    );
}

#[tokio::test]
async fn a_setting_that_is_not_known_is_refused_before_anything_is_made() {
    let site = Site::prepared();
    site.settings("lisen_tls = \"0.0.0.0:443\"\n");
    let refused = server(&site.path("server.toml")).await;
    assert_eq!(refused.status.code(), Some(1));
    let text = complained(&refused);
    assert!(
        text.contains("lisen_tls") && text.contains("\n\nhint: "),
        "{text}"
    );
    assert!(!site.path("data").exists() && !site.path("root.key").exists());
}

#[tokio::test]
async fn an_address_in_use_is_named_with_a_hint() {
    let site = Site::prepared();
    let _held = TcpListener::bind(("127.0.0.1", site.port)).unwrap();
    let text = complained(&server(&site.path("server.toml")).await);
    assert!(
        text.contains(&format!("127.0.0.1:{}", site.port)) && text.contains("hint: `ss -ltnp`"),
        "{text}"
    );
}

#[tokio::test]
async fn an_administrator_is_not_made_beside_a_running_server() {
    let site = Site::prepared();
    let serving = site.serve();
    let refused = site.admin(&[]).await;
    assert_eq!(refused.status.code(), Some(1));
    let text = complained(&refused);
    assert!(
        text.contains("a server is running on the data directory")
            && text.contains("hint: stop the server"),
        "{text}"
    );
    drop(serving);
}

#[tokio::test]
async fn an_administrator_is_made_once() {
    let site = Site::prepared();
    let first = site.admin(&["--user", "operator"]).await;
    assert_eq!(first.status.code(), Some(0), "{}", complained(&first));
    for name in ["operator", "another"] {
        let second = site.admin(&["--user", name]).await;
        assert_eq!(second.status.code(), Some(1));
        assert_eq!(said(&second), "");
        let text = complained(&second);
        assert!(
            text.contains("made already, as the IAM user operator") && text.contains("hint: "),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_administrator_whose_name_is_none_is_refused() {
    let site = Site::prepared();
    let refused = site.admin(&["--user", "two words"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(said(&refused), "");
    // And that was not the once.
    assert_eq!(site.admin(&[]).await.status.code(), Some(0));
}

#[tokio::test]
async fn data_of_another_user_are_left_to_that_user() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: giving a directory to another user needs root");
        return;
    }
    let site = Site::prepared();
    fs::create_dir(site.path("data")).unwrap();
    chown(site.path("data"), Some(61_998), Some(61_998)).unwrap();
    let refused = site.admin(&[]).await;
    assert_eq!(refused.status.code(), Some(1));
    let text = complained(&refused);
    assert!(
        text.contains("uid 61998") && text.contains("hint: run it as that user"),
        "{text}"
    );
    assert_eq!(fs::read_dir(site.path("data")).unwrap().count(), 0);
}

#[tokio::test]
async fn the_key_printed_once_is_that_of_an_administrator() {
    let site = Site::prepared();
    let made = site.admin(&["--output", "json"]).await;
    assert_eq!(made.status.code(), Some(0), "{}", complained(&made));
    let key: serde_json::Value = serde_json::from_str(&said(&made)).unwrap();
    let text = |member: &str| key["AccessKey"][member].as_str().unwrap().to_owned();
    assert_eq!(text("UserName"), "admin");
    assert!(complained(&made).contains("the first administrator was made"));
    assert!(!complained(&made).contains(&text("SecretAccessKey")));

    let serving = site.serve();
    let mut nodes = usher();
    nodes
        .args(["nodes", "--output", "json", "--endpoint-url"])
        .arg(format!("http://127.0.0.1:{}", site.port))
        .env("AWS_ACCESS_KEY_ID", text("AccessKeyId"))
        .env("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey"));
    let listed = output(nodes).await;
    assert_eq!(listed.status.code(), Some(0), "{}", complained(&listed));
    assert!(said(&listed).contains("InstanceInformationList"));
    drop(serving);
}

#[tokio::test]
async fn a_server_says_when_it_is_ready_and_stops_in_good_order() {
    let site = Site::prepared();
    for signal in [Signal::TERM, Signal::INT] {
        let serving = site.serve();
        let url = format!("http://127.0.0.1:{}", site.port);
        assert_eq!(
            serving.ready,
            format!("usher server is ready: {url}, listening on {url}")
        );
        let (status, log) = serving.stop(signal);
        assert_eq!(status, Some(0), "{log}");
        assert!(log.contains("the server has stopped"), "{log}");
    }
}

#[tokio::test]
async fn a_server_whose_log_nobody_reads_any_more_serves_and_stops() {
    let site = Site::prepared();
    let mut command = usher();
    command
        .args(["server", "--config"])
        .arg(site.path("server.toml"))
        .env("RUST_LOG", "trace")
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut log = tokio::io::BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = log.next_line().await.unwrap() {
        if line.starts_with("usher server is ready") {
            break;
        }
    }
    drop(log);
    let place = format!("127.0.0.1:{}", site.port);
    let question = format!("GET /healthz HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n\r\n");
    let mut stranger = TcpStream::connect(place).unwrap();
    stranger.write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    stranger.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let status = tokio::time::timeout(Duration::from_secs(60), child.wait()).await;
    assert_eq!(status.unwrap().unwrap().code(), Some(0));
}
