//! A program without a terminal reports what the kernel says it is.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

use usher_sys::{Account, Command, Surroundings, pipe};

use crate::throwaway::{User, skip_unless_root};

const REPORT: &str = "grep -E '^(Uid|Gid|CapPrm|CapEff|CapInh):' /proc/self/status; \
    echo fds $(ls /proc/self/fd | tr '\\n' ' '); tty; pwd; umask; env | cut -d= -f1 | sort; \
    [ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] && echo leads";

#[test]
fn a_program_without_a_terminal_has_the_accounts_ids_and_nothing_else() {
    if skip_unless_root("a_program_without_a_terminal_has_the_accounts_ids_and_nothing_else") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let account = Account::lookup(&user.name).unwrap();
    // Something that must not be inherited.
    let _secret = File::open("/etc/shadow").unwrap();
    let (its_input, input) = pipe().unwrap();
    drop(input);
    let (output, its_output) = pipe().unwrap();
    let command = Command {
        account: &account,
        program: Path::new("/bin/sh"),
        arguments: &["sh", "-c", REPORT],
        environment: &[("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        descriptors: [its_input.as_fd(), its_output.as_fd(), its_output.as_fd()],
        surroundings: Surroundings::default(),
    };
    command.spawn().unwrap();
    drop(its_output);
    let mut report = String::new();
    File::from(output).read_to_string(&mut report).unwrap();
    let (uid, gid) = (account.uid(), account.gid());
    for line in [
        format!("Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n"),
        format!("Gid:\t{gid}\t{gid}\t{gid}\t{gid}\n"),
        "CapPrm:\t0000000000000000\n".to_owned(),
        "CapEff:\t0000000000000000\n".to_owned(),
        "CapInh:\t0000000000000000\n".to_owned(),
        // The last one is the listing's own.
        "fds 0 1 2 3\n".to_owned(),
        format!("not a tty\n/home/{}\n0022\nPATH\nPWD\nleads\n", user.name),
    ] {
        assert!(report.contains(&line), "{line:?} is not in {report}");
    }
}
