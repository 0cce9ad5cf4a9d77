//! `usher cp`: files both ways as the OS user that Run As decides.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::fixtures::{BY_DEFAULT, ByDefault, MAY_START, SESSION};
use crate::harness::process::{Process, output_of};
use crate::harness::skip::lacks;
use crate::harness::{DEADLINE, programs};

fn cp(fixture: &ByDefault, words: &[&OsString]) -> Command {
    let mut usher = fixture
        .dev
        .command(&fixture.bob.keys, programs::usher().to_str().unwrap());
    usher
        .arg("cp")
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    usher
}

fn at_node(fixture: &ByDefault, path: impl AsRef<Path>) -> OsString {
    format!("{}:{}", fixture.dev.node(), path.as_ref().display()).into()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn fill(path: &Path, mib: usize) {
    output_of(
        Command::new("dd")
            .args(["if=/dev/urandom", "bs=1M", "status=none"])
            .arg(format!("count={mib}"))
            .arg(format!("of={}", path.display())),
    );
}

#[test]
fn files_are_copied_for_nobody_who_is_refused_a_shell() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let refused = fixture.dev.principal("nocopy", &MAY_START);
    fixture.dev.tag_run_as(&refused, "root");
    let folder = TempDir::with_prefix("ushertest-").unwrap();
    let source = folder.path().join("source");
    fs::write(&source, "x").unwrap();
    let taken = folder.path().join("taken");
    let words: [[OsString; 2]; 2] = [
        [
            source.clone().into(),
            at_node(&fixture, "/tmp/ushertest-nobodys"),
        ],
        [at_node(&fixture, "/etc/hostname"), taken.clone().into()],
    ];
    for [from, to] in words {
        let output = cp(&fixture, &[&from, &to])
            .env("AWS_ACCESS_KEY_ID", &refused.keys.id)
            .env("AWS_SECRET_ACCESS_KEY", &refused.keys.secret)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(255));
        assert!(
            told(&output).contains("root is never allowed"),
            "{}",
            told(&output)
        );
    }
    assert!(!taken.exists() && !Path::new("/tmp/ushertest-nobodys").exists());
}

#[test]
fn files_are_opened_as_the_os_user_and_a_refusal_names_path_side_and_cause() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let folder = TempDir::with_prefix("ushertest-").unwrap();
    let here = |name: &str| OsString::from(folder.path().join(name));
    fs::write(here("secret"), "root's alone").unwrap();
    fs::set_permissions(here("secret"), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let node = fixture.dev.node();

    let output = cp(
        &fixture,
        &[
            &at_node(&fixture, here("secret").as_ref() as &Path),
            &here("stolen"),
        ],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let secret = folder.path().join("secret").display().to_string();
    let sentence = format!("usher: {node}:{secret}: Permission denied");
    assert!(told(&output).contains(&sentence), "{}", told(&output));
    assert!(!Path::new(&here("stolen")).exists());

    let output = cp(
        &fixture,
        &[
            &here("secret"),
            &at_node(&fixture, "/etc/ushertest-planted"),
        ],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let sentence = format!("usher: {node}:/etc/ushertest-planted: Permission denied");
    assert!(told(&output).contains(&sentence), "{}", told(&output));

    let output = cp(&fixture, &[&here("missing"), &at_node(&fixture, "")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let sentence = format!("usher: {}: No such file", here("missing").display());
    assert!(told(&output).contains(&sentence), "{}", told(&output));
}

#[test]
fn a_tree_goes_there_and_back_and_is_the_os_users() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_DEFAULT.hold(|| ByDefault::start("bob"));
    let folder = TempDir::with_prefix("ushertest-").unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    fill(&tree.join("sub/big"), 20);
    fs::write(tree.join("run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("run"), Permissions::from_mode(0o755)).unwrap();
    for number in 0..200 {
        fs::write(tree.join(format!("sub/{number}")), format!("{number}")).unwrap();
    }
    let home = PathBuf::from(fixture.os_user.home());
    let flag = OsString::from("--recursive");
    let output = cp(
        &fixture,
        &[&flag, &tree.clone().into(), &at_node(&fixture, "copied")],
    )
    .output()
    .unwrap();
    assert_eq!(
        (output.status.code(), told(&output)),
        (Some(0), String::new())
    );
    assert!(output.stdout.is_empty());
    let owner = fs::metadata(&home).unwrap().uid();
    let copied = fs::metadata(home.join("copied/run")).unwrap();
    assert_eq!((copied.uid(), copied.mode() & 0o777), (owner, 0o755));
    let was = fs::metadata(tree.join("run")).unwrap();
    assert_eq!(copied.modified().unwrap(), was.modified().unwrap());

    let back = folder.path().join("back");
    let output = cp(
        &fixture,
        &[&flag, &at_node(&fixture, "copied"), &back.clone().into()],
    )
    .output()
    .unwrap();
    assert_eq!(
        (output.status.code(), told(&output)),
        (Some(0), String::new())
    );
    output_of(
        Command::new("diff")
            .arg("--recursive")
            .arg(&tree)
            .arg(&back),
    );
    output_of(Command::new("rm").arg("-r").arg(home.join("copied")));
}

#[test]
fn a_copy_whose_client_was_killed_goes_on_where_it_stopped() {
    if lacks(&SESSION) {
        return;
    }
    let fixture = ByDefault::start("resume");
    let folder = TempDir::with_prefix("ushertest-").unwrap();
    let home = PathBuf::from(fixture.os_user.home());
    let source = folder.path().join("source");
    fill(&source, 64);
    let owner = fs::metadata(&home).unwrap().uid();
    let part = home.join(".kept.usher-part");
    let half = fs::read(&source).unwrap();
    fs::write(&part, &half[..half.len() / 2]).unwrap();
    chown(&part, Some(owner), None).unwrap();
    let words = [source.clone().into(), at_node(&fixture, "kept")];
    let child = cp(&fixture, &[&words[0], &words[1]]).spawn().unwrap();
    let mut child = Process::new(child);
    let started = Instant::now();
    // It grows beyond what was there: the rest is on its way.
    while fs::metadata(&part).is_ok_and(|part| part.len() <= (half.len() / 2) as u64) {
        assert!(started.elapsed() < DEADLINE, "nothing was copied");
    }
    child.signal(Signal::KILL);
    child.wait(DEADLINE).unwrap();
    let output = cp(&fixture, &[&words[0], &words[1]]).output().unwrap();
    assert_eq!(
        (output.status.code(), told(&output)),
        (Some(0), String::new())
    );
    output_of(Command::new("cmp").arg(&source).arg(home.join("kept")));
    assert!(!part.exists());
}
