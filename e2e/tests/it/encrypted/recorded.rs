//! Recordings of sessions that KMS encrypts: for whoever may decrypt with the key and for nobody else, and what they hold.

use std::process::{Command, Output};

use super::{SAYS_SO, Vault};
use crate::fixtures::SESSION;
use crate::harness::boto3::Keys;
use crate::harness::programs;
use crate::harness::skip::lacks;
use crate::harness::terminal::Terminal;

const READ: [(&str, &str); 3] = [
    ("ssm:DescribeSessions", "*"),
    ("ssm:GetSessionRecording", "*"),
    ("ssm:VerifySessionRecording", "*"),
];

fn usher(vault: &Vault, keys: &Keys, words: &[&str]) -> Command {
    let program = programs::usher();
    let mut usher = vault.dev.command(keys, program.to_str().unwrap());
    usher.args(words);
    usher
}

fn outcome(vault: &Vault, keys: &Keys, words: &[&str]) -> (Option<i32>, String, String) {
    let output: Output = usher(vault, keys, words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code();
    (status, text(&output.stdout), text(&output.stderr))
}

/// Holds a session in which the marker is shown, and a secret is typed that no terminal echoes.
fn hold(vault: &Vault, mut terminal: Terminal, marker: &str) -> String {
    terminal.expect(SAYS_SO);
    terminal.expect_shell();
    let session = terminal.shell("echo $USHER_SESSION_ID").trim().to_owned();
    terminal.shell(&format!("echo {marker} w\u{f6}rter"));
    // The echo is off when the output says so; in what is typed, the words stand apart.
    let ask = "stty -echo; echo ready\"\"-now; read -r typed; stty echo; echo length ${#typed}\r";
    terminal.send(ask.as_bytes());
    terminal.expect("ready-now");
    terminal.send(b"hidden-word\r");
    terminal.expect("length 11");
    terminal.send(b"exit\r");
    terminal.end();
    vault.dev.history(&session);
    session
}

#[test]
fn a_recording_plays_and_is_verified_for_who_may_decrypt_and_is_refused_in_a_sentence_otherwise() {
    if lacks(&SESSION) {
        return;
    }
    let vault = Vault::start("taped");
    let blind = vault.dev.principal("blind", &READ);
    let mut allowed = READ.to_vec();
    allowed.push(("kms:Decrypt", "*"));
    let reader = vault.dev.principal("reader", &allowed);
    let words = ["start-session", vault.dev.node(), "--require-encryption"];
    let own = Terminal::start(&usher(&vault, &vault.vera.keys, &words), 100, 30);
    let plugin = vault.dev.start_session(&vault.vera.keys);
    for (terminal, size) in [(own, "\"width\":100"), (plugin, "80x24")] {
        let session = hold(&vault, terminal, "marker-in-the-tape");
        let play = ["play", "--cast", &session];
        let verify = ["sessions", "verify", &session];

        let (status, _, said) = outcome(&vault, &vault.vera.keys, &play);
        assert_ne!(status, Some(0));
        assert!(said.contains("ssm:GetSessionRecording"), "{said}");
        for words in [&play, &verify] {
            let (status, shown, said) = outcome(&vault, &blind.keys, words);
            assert_ne!(status, Some(0), "{shown}");
            for part in ["KMS key alias/sessions", "kms:Decrypt", "user/blind"] {
                assert!(said.contains(part), "{part}: {said}");
            }
            assert!(!shown.contains("marker"), "{shown}");
        }

        let (status, cast, said) = outcome(&vault, &reader.keys, &play);
        assert_eq!(status, Some(0), "{said}");
        assert!(
            cast.contains("marker-in-the-tape w\u{f6}rter\\r\\n"),
            "{cast}"
        );
        assert!(cast.contains("length 11") && cast.contains(size), "{cast}");
        assert!(!cast.contains("hidden-word"), "{cast}");
        let (status, shown, said) = outcome(&vault, &reader.keys, &verify);
        assert_eq!(status, Some(0), "{shown}{said}");
        assert!(
            shown.starts_with("intact, and every message opens"),
            "{shown}"
        );
    }

    let search = ["sessions", "search", "Marker-in-the-TAPE"];
    let (status, _, said) = outcome(&vault, &vault.vera.keys, &search);
    assert_ne!(status, Some(0));
    assert!(said.contains("ssm:DescribeSessions"), "{said}");
    let (status, shown, said) = outcome(&vault, &blind.keys, &search);
    assert_eq!((status, shown.as_str()), (Some(2), ""));
    assert_eq!(
        said.matches("user/blind is not authorized").count(),
        2,
        "{said}"
    );

    let (status, _, said) = outcome(&vault, &reader.keys, &["sessions", "search", "hidden-word"]);
    assert_eq!(status, Some(1), "{said}");
    let (status, shown, said) = outcome(&vault, &reader.keys, &search);
    assert_eq!(status, Some(0), "{said}");
    // In each session what was typed, and what it printed.
    assert_eq!(shown.lines().count(), 4, "{shown}");
    let printed = shown
        .lines()
        .filter(|line| line.ends_with("  marker-in-the-tape w\u{f6}rter"));
    assert_eq!(printed.count(), 2, "{shown}");
}
