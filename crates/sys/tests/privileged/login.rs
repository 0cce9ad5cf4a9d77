//! A login shell reports, from its profile, what the kernel says it is.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

use usher_sys::{Account, Login, Pty, Surroundings, WindowSize};

use crate::throwaway::{User, skip_unless_root};

const SIZE: WindowSize = WindowSize {
    columns: 101,
    rows: 37,
};

/// Runs by the login shell; `grep` and `ls` show what its children inherit.
const PROFILE: &str = r#"
exec 2>&1
{
    echo "argv0 $(tr '\0' ' ' < /proc/$$/cmdline)"
    echo "pwd $(pwd)"
    echo "umask $(umask)"
    echo "tty $(stat -c '%U %G %a' "$(tty)")"
    echo "size $(stty size)"
    echo "fds $(ls /proc/self/fd | tr '\n' ' ')"
    echo "sid $(cut -d' ' -f6 /proc/$$/stat) pid $$"
    echo "env $(env | cut -d= -f1 | sort | tr '\n' ' ')"
    grep -E '^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|SigBlk|SigIgn):' /proc/self/status
} > "$REPORT"
exit 0
"#;

fn environment(report: &Path) -> Vec<(String, String)> {
    let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    vec![
        entry("PATH", "/usr/bin:/bin"),
        entry("REPORT", report.to_str().unwrap()),
    ]
}

/// Starts the login, reads the terminal to its end and returns it with the profile's report.
fn log_in(user: &User) -> (String, String) {
    let account = Account::lookup(&user.name).unwrap();
    let report = tempfile_for(user);
    let pty = Pty::open(&account, SIZE).unwrap();
    let environment = environment(&report);
    let login = Login {
        account: &account,
        pty: &pty,
        command: None,
        environment: &environment,
        surroundings: Surroundings::default(),
    };
    login.spawn().unwrap();
    let mut screen = Vec::new();
    // The terminal reports an error when the last program has left it.
    let _ = File::from(pty.into_master()).read_to_end(&mut screen);
    let text = fs::read_to_string(&report).unwrap_or_default();
    let _ = fs::remove_file(&report);
    (String::from_utf8_lossy(&screen).into_owned(), text)
}

fn tempfile_for(user: &User) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("{}.report", user.name))
}

fn line<'a>(report: &'a str, key: &str) -> &'a str {
    report
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_else(|| panic!("no {key} in {report}"))
        .trim()
}

fn words(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text
        .split_ascii_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_login_shell_is_its_account_and_nothing_more() {
    if skip_unless_root("a_login_shell_is_its_account_and_nothing_more") {
        return;
    }
    let user = User::with_home("/bin/bash", "mail,news");
    let account = Account::lookup(&user.name).unwrap();
    fs::write(user.home().join(".bash_profile"), PROFILE).unwrap();
    // A descriptor that exec would hand on, as a careless library leaves them.
    let null = File::open("/dev/null").unwrap();
    let leak = rustix::io::fcntl_dupfd_cloexec(null.as_fd(), 200).unwrap();
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).unwrap();

    let (_, report) = log_in(&user);

    let (uid, gid) = (account.uid().as_raw(), account.gid().as_raw());
    assert_eq!(words(line(&report, "Uid:")), [uid; 4]);
    assert_eq!(words(line(&report, "Gid:")), [gid; 4]);
    let groups: Vec<u32> = account.groups().iter().map(|gid| gid.as_raw()).collect();
    assert_eq!(words(line(&report, "Groups:")), groups);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(line(&report, set), "0000000000000000", "{set}");
    }
    for set in ["SigBlk:", "SigIgn:"] {
        assert_eq!(line(&report, set), "0000000000000000", "{set}");
    }
    // 3 is the directory that ls reads.
    assert_eq!(words(line(&report, "fds ")), [0, 1, 2, 3]);
    assert_eq!(line(&report, "argv0 "), "-bash");
    assert_eq!(line(&report, "pwd "), user.home().to_str().unwrap());
    assert_eq!(line(&report, "umask "), "0022");
    assert_eq!(line(&report, "tty "), format!("{} tty 620", user.name));
    assert_eq!(line(&report, "size "), "37 101");
    let (session, pid) = line(&report, "sid ").split_once(" pid ").unwrap();
    assert_eq!(session, pid, "the shell leads its session");
    assert_eq!(
        line(&report, "env "),
        "PATH PWD REPORT SHLVL _",
        "beside what was given only what bash itself sets"
    );
}

#[test]
fn a_home_that_cannot_be_entered_is_said_on_the_terminal_and_the_shell_starts_in_the_root() {
    if skip_unless_root("a_home_that_cannot_be_entered_is_said_on_the_terminal") {
        return;
    }
    let user = User::new(&["-M", "-d", "/nowhere/at/all", "-s", "/bin/pwd"]);
    let (screen, _) = log_in(&user);
    assert!(
        screen.contains("/nowhere/at/all cannot be entered"),
        "{screen}"
    );
    assert!(screen.trim_end().ends_with("/"), "{screen}");
}

#[test]
fn a_shell_that_does_not_exist_is_an_error_that_names_the_step() {
    if skip_unless_root("a_shell_that_does_not_exist_is_an_error_that_names_the_step") {
        return;
    }
    let user = User::new(&["-M", "-s", "/nowhere/shell"]);
    let account = Account::lookup(&user.name).unwrap();
    let pty = Pty::open(&account, SIZE).unwrap();
    let login = Login {
        account: &account,
        pty: &pty,
        command: None,
        environment: &[],
        surroundings: Surroundings::default(),
    };
    let error = login.spawn().unwrap_err();
    assert!(matches!(
        error,
        usher_sys::SpawnError::Child {
            stage: usher_sys::Stage::Execute,
            ..
        }
    ));
}
