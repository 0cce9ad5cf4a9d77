//! Names that somebody would try in a tag, through the whole judgement: shape, node policy, account database, account.
//! Each is refused with its reason, none starts a process, and nothing is ever let in with uid 0.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use usher_wire::grant::GrantKey;

use super::*;

/// Set where the names are looked up under a tracer's eyes.
const WATCHED: &str = "USHERTEST_WATCHED";

const SHAPE: &str = "not a valid OS user name";
const UID_ZERO: &str = "uid 0";
const LOW: &str = "below `min_uid`";
const MISSING: &str = "does not exist";
const SERVICE: &str = "service account";

/// Accounts of every Debian system, and why nobody may be them.
const ACCOUNTS: [(&str, &str); 16] = [
    ("root", UID_ZERO),
    ("daemon", LOW),
    ("bin", LOW),
    ("sys", LOW),
    ("sync", LOW),
    ("games", LOW),
    ("man", LOW),
    ("lp", LOW),
    ("mail", LOW),
    ("news", LOW),
    ("proxy", LOW),
    ("www-data", LOW),
    ("backup", LOW),
    ("nobody", "stands for nobody"),
    ("usher-agent", SERVICE),
    ("usher-session", SERVICE),
];

/// Well formed, and nobody's: case variants, ids as names, words of tools.
const NOBODYS: [&str; 30] = [
    "Root",
    "ROOT",
    "rOOt",
    "root.",
    "root-",
    "root_",
    "root$",
    "_root",
    "root@localhost",
    "root@",
    "toor",
    "uid0",
    "uid_0",
    "u0",
    "x0",
    "admin",
    "wheel",
    "sudo",
    "su",
    "self",
    "me",
    "id",
    "true",
    "null",
    "NULL",
    "None",
    "undefined",
    "nan",
    "Administrator",
    "SYSTEM",
];

/// Not names at all.
const SHAPELESS: [&str; 82] = [
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\0",
    ".",
    "..",
    "...",
    "-",
    "--",
    "/",
    "//",
    "\\",
    "~",
    "~root",
    "*",
    "?",
    "%",
    "%u",
    "%n%n%n",
    "$",
    "$$",
    "$USER",
    "${USER}",
    "$(id)",
    "`id`",
    ";",
    "; id",
    "root;id",
    "alice; id",
    "alice && id",
    "alice|id",
    "alice\nroot",
    "alice\0root",
    "root\0",
    "\0root",
    " root",
    "root ",
    "root\n",
    "root\t",
    "root\r",
    "0",
    "00",
    "000",
    "+0",
    "-0",
    "0x0",
    "0.0",
    "1",
    "1000",
    "65534",
    "4294967295",
    "4294967296",
    "-1",
    "18446744073709551616",
    "-u root",
    "-u",
    "--version",
    "--help",
    "-l",
    "--",
    "root:x:0:0",
    "a:b",
    "root:",
    "alice,root",
    "alice root",
    "../root",
    "../../etc/passwd",
    "/etc/passwd",
    "/root",
    "./root",
    "r\u{43e}\u{43e}t",
    "\u{ff52}oot",
    "roo\u{442}",
    "root\u{200b}",
    "\u{202e}toor",
    "r\u{f6}\u{f6}t",
    "\u{1f600}",
    "'root'",
    "\"root\"",
];

fn decide(name: &str) -> Result<Account, String> {
    let config: Config = toml::from_str("endpoint = \"http://127.0.0.1:1\"").unwrap();
    let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
    let key = GrantKey::from_seed(&[7; 32]).unwrap().public_key();
    let checker = Checker {
        config: &config,
        grant_key: &key,
        node: &node,
        identities: None,
        own_user: None,
    };
    let user = OsUserName::parse(name).map_err(|error| error.to_string())?;
    let account = checker
        .named(&user)
        .map_err(|refusal| refusal.to_string())?;
    checker
        .judge(&account)
        .map_err(|refusal| refusal.to_string())?;
    Ok(account)
}

fn check(name: &str, reason: &str) {
    match decide(name) {
        Ok(account) => panic!("{name:?} is let in as {}", account.uid()),
        Err(sentence) => assert!(sentence.contains(reason), "{name:?}: {sentence}"),
    }
}

#[test]
fn every_hostile_name_is_refused_for_its_reason() {
    for name in SHAPELESS {
        check(name, SHAPE);
    }
    for length in [257, 258, 1024, 65_536] {
        check(&"a".repeat(length), SHAPE);
    }
    for length in [33, 255, 256] {
        check(&"a".repeat(length), MISSING);
    }
    for name in NOBODYS {
        check(name, MISSING);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let there = |name: &str| {
        passwd
            .lines()
            .any(|line| line.starts_with(&format!("{name}:")))
    };
    for (name, reason) in ACCOUNTS {
        if there(name) || reason == SERVICE {
            check(name, reason);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Twist {
    Upper,
    Doubled,
    Cut,
    Dollar,
    Domain,
    Blank,
    Uid,
    None,
}

fn twisted(name: &str, twist: Twist) -> String {
    match twist {
        Twist::Upper => name.to_uppercase(),
        Twist::Doubled => name.repeat(2),
        Twist::Cut => name.chars().skip(1).collect(),
        Twist::Dollar => format!("{name}$"),
        Twist::Domain => format!("{name}@localdomain"),
        Twist::Blank => format!("{name} "),
        Twist::Uid => format!("{}", name.len()),
        Twist::None => name.to_owned(),
    }
}

/// Names of this machine, twisted, and names made of what shells, paths and databases give a meaning.
fn names() -> impl Strategy<Value = String> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let own: Vec<String> = passwd
        .lines()
        .filter_map(|line| line.split(':').next())
        .map(str::to_owned)
        .collect();
    let twists = prop::sample::select(vec![
        Twist::Upper,
        Twist::Doubled,
        Twist::Cut,
        Twist::Dollar,
        Twist::Domain,
        Twist::Blank,
        Twist::Uid,
        Twist::None,
    ]);
    prop_oneof![
        (prop::sample::select(own), twists).prop_map(|(name, twist)| twisted(&name, twist)),
        "[a-zA-Z_][a-zA-Z0-9_.@-]{0,40}[$]?",
        "[-+0-9rot.$@ ;:/\\\\\n\t]{0,12}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_name_only_an_account_of_a_person_is_let_in(name in names()) {
        match decide(&name) {
            Ok(account) => {
                prop_assert_eq!(account.name(), name.as_str());
                prop_assert!(account.uid().as_raw() >= 1000 && account.gid().as_raw() != 0);
            }
            Err(sentence) => prop_assert!(sentence.len() > 20, "{}", sentence),
        }
    }
}

#[test]
fn no_lookup_starts_a_process() {
    let test = "no_lookup_starts_a_process";
    if std::env::var_os(WATCHED).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let traced = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=execve,execveat,fork,vfork,clone,clone3",
            "-o",
        ])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["login::check::hostile_names", "--test-threads=1"])
        .env(WATCHED, "1")
        .output();
    let Ok(traced) = traced else {
        skip(test, "it needs strace");
        return;
    };
    assert!(traced.status.success(), "{traced:?}");
    assert!(started(&trace).is_empty(), "{:?}", started(&trace));
}

/// What was started beside the test program itself and its threads.
fn started(trace: &Path) -> Vec<String> {
    let trace = std::fs::read_to_string(trace).unwrap();
    let calls = trace.lines().filter(|line| line.contains('('));
    let beyond = calls.skip(1).filter(|line| !line.contains("CLONE_THREAD"));
    beyond.map(str::to_owned).collect()
}

fn skip(test: &str, reason: &str) {
    use std::io::Write;
    // Past the harness's capture: nothing is skipped silently.
    let line = format!("SKIPPED {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
