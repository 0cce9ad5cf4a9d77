//! What a web page can make a browser send to `usher dev`, on each of its listeners, and what it gets for it.

use std::fs;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::dev::Dev;
use crate::harness::https;
use crate::harness::process::output_of;
use crate::harness::skip::lacks;

/// One of each kind: the AWS APIs, a file, and a WebSocket.
const REQUESTS: [&str; 3] = [
    "POST / HTTP/1.1\nContent-Length: 0",
    "GET /healthz HTTP/1.1",
    "GET /v1/data-channel/s?role=publish_subscribe HTTP/1.1\nUpgrade: websocket\n\
     Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// The status lines of all requests on both listeners; `HOST` in the lines stands for the listener's own.
fn answers(dev: &Dev, lines: &str) -> Vec<String> {
    let plain = address(dev.variable("AWS_ENDPOINT_URL"));
    let tls = address(&dev.tls_endpoint());
    let mut answers = Vec::new();
    for request in REQUESTS {
        let kept = if request.contains("websocket") {
            "upgrade"
        } else {
            "close"
        };
        let head = |address: &str| {
            format!(
                "{request}\nConnection: {kept}\n{}",
                lines.replace("HOST", address)
            )
        };
        answers.push(https::plain(&plain, &head(&plain)));
        answers.push(https::tls(
            &tls,
            &dev.data().join("tls/ca.pem"),
            &head(&tls),
        ));
    }
    answers
}

fn address(url: &str) -> String {
    url.rsplit_once("//")
        .unwrap()
        .1
        .trim_end_matches('/')
        .to_owned()
}

#[test]
fn a_page_whose_name_was_rebound_to_loopback_is_answered_421_everywhere() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    for lines in [
        "Host: rebound.example",
        // The page is of the same name, so that is its origin.
        "Host: rebound.example:8443\nOrigin: https://rebound.example:8443",
    ] {
        for answer in answers(dev, lines) {
            assert!(answer.starts_with("HTTP/1.1 421"), "{lines}: {answer}");
        }
    }
}

#[test]
fn a_page_of_another_origin_is_refused_everywhere() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    for origin in ["https://evil.example", "http://localhost:3000", "null"] {
        for answer in answers(dev, &format!("Host: HOST\nOrigin: {origin}")) {
            assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
        }
    }
    // What is refused is the origin: without one, health is told on both listeners.
    let told = answers(dev, "Host: HOST");
    assert_eq!(
        told.iter()
            .filter(|answer| answer.starts_with("HTTP/1.1 200"))
            .count(),
        2,
        "{told:?}"
    );
}

#[test]
fn tls_serves_who_trusts_the_authority_in_the_data_and_nobody_else() {
    if lacks(&SESSION) {
        return;
    }
    let dev = &BY_TAG.hold(|| ByTag::start("alice")).dev;
    let identity = |bundle: Option<&str>| {
        let mut aws = dev.command(&dev.admin(), "aws");
        aws.args([
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--output",
            "text",
        ])
        .env("AWS_ENDPOINT_URL", dev.tls_endpoint());
        aws.envs(bundle.map(|bundle| ("AWS_CA_BUNDLE", bundle)));
        aws
    };
    let refused = identity(None).output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("SSL validation failed"), "{said}");

    let authority = dev.data().join("tls/ca.pem");
    let told = output_of(&mut identity(authority.to_str()));
    assert_eq!(told.trim_end(), "arn:aws:iam::000000000000:user/admin");
    assert!(
        fs::read_to_string(&authority)
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
}
