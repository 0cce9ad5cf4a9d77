//! `usher sessions search`: which sessions showed a word, for who may read recordings and for nobody else.

use std::process::Output;

use serde_json::Value;

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::boto3::Keys;
use crate::harness::programs;
use crate::harness::skip::lacks;

fn search(fixture: &ByTag, keys: &Keys, words: &[&str]) -> (Option<i32>, String, String) {
    let program = programs::usher();
    let mut usher = fixture.dev.command(keys, program.to_str().unwrap());
    let Output {
        status,
        stdout,
        stderr,
    } = usher
        .args(["sessions", "search"])
        .args(words)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_word_is_found_in_what_a_session_showed_and_by_nobody_who_may_not_read_it() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    let mut terminal = dev.start_session(&fixture.alice.keys);
    terminal.expect_shell();
    let session = terminal.shell("echo $USHER_SESSION_ID");
    let session = session.trim_end();
    // On the terminal the word is drawn from behind, in two colours.
    terminal.shell(r"printf 'xxxx-needle\r\033[31mfind\033[0m\n'");
    terminal.send(b"exit\r");
    terminal.end();
    dev.history(session);

    let lister = dev.principal("search-lister", &[("ssm:DescribeSessions", "*")]);
    let only = ["--session", session];
    let (status, shown, said) = search(&fixture, &lister.keys, &["needle", only[0], only[1]]);
    assert_eq!((status, shown.as_str()), (Some(2), ""));
    assert!(said.contains("ssm:GetSessionRecording"), "{said}");

    let may = [
        ("ssm:DescribeSessions", "*"),
        ("ssm:GetSessionRecording", "*"),
    ];
    let reader = dev.principal("search-reader", &may);
    let reads = |words: &[&str]| search(&fixture, &reader.keys, words);
    let (status, ..) = reads(&["", only[0], only[1]]);
    assert_eq!(status, Some(2), "an empty word is none");
    let (status, shown, _) = reads(&["no-such-needle", only[0], only[1]]);
    assert_eq!((status, shown.as_str()), (Some(1), ""));
    let (status, shown, _) = reads(&["find-needle", "--target", "mi-00000000000000000"]);
    assert_eq!((status, shown.as_str()), (Some(1), ""));

    let (status, shown, said) = reads(&["FIND-Needle", only[0], only[1]]);
    assert_eq!(status, Some(0), "{said}");
    assert!(shown.starts_with(&format!("{session}  0:00:")), "{shown}");
    assert!(shown.ends_with("  find-needle\n"), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let owner = format!("arn:aws:iam::000000000000:user/{}", fixture.alice.name);
    let (_, shown, _) = reads(&["find-needle", "--owner", &owner, "--output", "json"]);
    let found: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    assert_eq!(found["SessionId"], session);
    assert_eq!(found["Owner"], owner);
    assert_eq!(found["Line"], "find-needle");
    assert!(found["Seconds"].is_number() && found["StartDate"].is_number());
}
