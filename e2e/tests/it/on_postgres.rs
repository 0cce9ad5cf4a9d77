//! `usher server` with its database in PostgreSQL, which goes away and comes back under a live session.

use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::fixtures::SESSION;
use crate::harness::os_users::OsUser;
use crate::harness::postgres::Postgres;
use crate::harness::site::Site;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;
use crate::harness::{DEADLINE, programs};

/// A server that was started beside a running one, on the same database: its status and what it said.
fn second_server(site: &Site) -> (Option<i32>, String) {
    let settings = std::fs::read_to_string(site.path("server.toml")).unwrap();
    let data = format!("{:?}", site.path("data"));
    let settings = settings
        .replace(&data, &format!("{:?}", site.path("second-data")))
        .lines()
        .map(|line| match line.starts_with("listen_tls") {
            true => "listen_tls = \"127.0.0.1:0\"\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect::<String>();
    std::fs::write(site.path("second.toml"), settings).unwrap();
    let output = Command::new(programs::usher())
        .args(["server", "--config"])
        .arg(site.path("second.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_session_outlives_its_database_and_its_end_is_told_when_that_is_back() {
    if lacks(&SESSION) {
        return;
    }
    let os_user = OsUser::with_home("pg", "/bin/bash", &[]);
    let keeper = OsUser::with_home("pgdata", "/bin/sh", &[]);
    let Some(mut postgres) = Postgres::start(&keeper) else {
        return;
    };
    let mut site = Site::start_with(&format!("database = {:?}\n", postgres.url()));

    let (status, said) = second_server(&site);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("another server writes to the database"),
        "{said}"
    );

    let content = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": os_user.name()},
    });
    let document = json!({
        "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
        "DocumentType": "Session", "DocumentFormat": "JSON",
    });
    site.call("ssm", "create_document", &document);
    let node = site.join("first.pem");
    let mut ours = site.command("usher");
    ours.args(["start-session", &node]);
    let mut terminal = Terminal::start(&ours, 80, 24);
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), os_user.name());

    postgres.stop();
    assert_eq!(
        terminal.shell("echo away-$((40 + 2))").trim_end(),
        "away-42"
    );
    terminal.send(b"exit 7\r");
    assert_eq!(terminal.end().0.code(), Some(7));
    postgres.serve();

    let started = Instant::now();
    let ended = || {
        let history = site.call("ssm", "describe_sessions", &json!({"State": "History"}));
        history["Sessions"][0]["Status"] == "Terminated"
    };
    while !ended() {
        assert!(
            started.elapsed() < DEADLINE,
            "the session's end is not told"
        );
    }
    assert_eq!(site.stop().code(), Some(0));
}
