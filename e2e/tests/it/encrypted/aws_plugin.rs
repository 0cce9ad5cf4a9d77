//! AWS's own session-manager-plugin, unmodified, in encrypted sessions on Usher's agent.
//!
//! It asks `kms.REGION.amazonaws.com` for its key whatever endpoints are configured, so that name is led to the server by
//! a proxy of the test's own, as an operator would by `HTTPS_PROXY` or by DNS.

use std::io::{BufRead, BufReader, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use serde_json::json;

use super::SAYS_SO;
use crate::fixtures::SESSION;
use crate::harness::os_users::OsUser;
use crate::harness::programs;
use crate::harness::site::{KMS, Site};
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

const PLUGIN: [Need; 1] = [Need::Program("session-manager-plugin")];

/// Answers CONNECT for KMS alone, and leads it to `server`. Ends with the test program.
fn proxy_to(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.to_owned();
    thread::spawn(move || {
        for person in listener.incoming().flatten() {
            let server = server.clone();
            thread::spawn(move || tunnel(&person, &server));
        }
    });
    url
}

fn tunnel(person: &TcpStream, server: &str) -> Option<()> {
    let mut head = BufReader::new(person.try_clone().ok()?);
    let mut asked = String::new();
    head.read_line(&mut asked).ok()?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        head.read_line(&mut line).ok()?;
    }
    if !asked.starts_with(&format!("CONNECT {KMS}:443 ")) {
        return None;
    }
    let server = TcpStream::connect(server).ok()?;
    let mut out = person.try_clone().ok()?;
    out.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let mut to_server = server.try_clone().ok()?;
    // What the person said right behind the question is in the reader still.
    let up = thread::spawn(move || {
        let _ = copy(&mut head, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut { server }, &mut out);
    let _ = out.shutdown(Shutdown::Both);
    up.join().ok()
}

/// `aws ssm start-session` that finds AWS's plugin before ours.
fn start(site: &Site, node: &str, proxy: &str, document: &[&str]) -> Command {
    let mut aws = site.command("aws");
    let directory = programs::directory_of("session-manager-plugin").unwrap();
    let path = aws
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then_some(value?))
        .unwrap();
    let path = format!("{}:{}", directory.display(), path.display());
    aws.env("PATH", path)
        .env("SSL_CERT_FILE", site.path("first.pem"))
        .env("HTTPS_PROXY", proxy)
        .env("NO_PROXY", "127.0.0.1");
    aws.args(["ssm", "start-session", "--target", node]);
    aws.args(document);
    aws
}

#[test]
fn shells_and_commands_are_encrypted_with_the_plugin_of_aws() {
    if lacks(&SESSION) || lacks(&PLUGIN) {
        return;
    }
    let os_user = OsUser::with_home("awskms", "/bin/bash", &[]);
    let mut site = Site::start();
    let made = site.call("kms", "create_key", &json!({}));
    let key = &made["KeyMetadata"]["Arn"];
    let content = json!({
        "schemaVersion": "1.0", "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": os_user.name(), "kmsKeyId": key},
    });
    let preferences = json!({
        "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
        "DocumentType": "Session", "DocumentFormat": "JSON",
    });
    site.call("ssm", "create_document", &preferences);
    let node = site.join("first.pem");
    let proxy = proxy_to(site.address());

    let mut shell = Terminal::start(&start(&site, &node, &proxy, &[]), 80, 24);
    shell.expect(SAYS_SO);
    shell.expect("$ ");
    shell.send(b"echo \"[$(id -un)]\"; seq 1 3000\r");
    shell.expect(&format!("[{}]", os_user.name()));
    // The plugin leaves the terminal its own way of ending lines.
    shell.expect("\n3000\r");
    shell.send(b"exit\r");
    shell.expect("Exiting session with sessionId: ");
    assert_eq!(shell.end().0.code(), Some(0));

    for (document, command, says) in [
        ("AWS-StartInteractiveCommand", "tty", "/dev/pts/"),
        (
            "AWS-StartNonInteractiveCommand",
            "sh -c 'seq 1 3000; tty'",
            "not a tty",
        ),
    ] {
        let parameters = json!({"command": [command]}).to_string();
        let words = ["--document-name", document, "--parameters", &parameters];
        let mut terminal = Terminal::start(&start(&site, &node, &proxy, &words), 80, 24);
        terminal.expect(SAYS_SO);
        let output = terminal.expect("Exiting session with sessionId: ");
        assert!(output.contains(says), "{document}: {output}");
        assert_eq!(terminal.end().0.code(), Some(0), "{document}");
    }
    site.stop();
}
