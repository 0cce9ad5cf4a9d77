//! A program in the place of a session worker: whatever it says to login, nothing runs that was not granted, login ends
//! in order, and nothing is left behind.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use usher_sys::Account;

use crate::agent::{Agent, NOBODY, PROGRAM, processes_of};
use crate::noise::{self, Noise};
use crate::service::{SOON, Service};
use crate::throwaway::{User, skip_unless_root};

/// Puts our two sockets where login looks for them.
const WITH_SOCKETS: &str =
    r#"exec "$0" login-child --config "$1" 3<&0 4<&1 0</dev/null 1>/dev/null"#;

/// A login of its own, with us in the place of monitor and session worker.
struct Login {
    child: Child,
    monitor: UnixStream,
    session: UnixStream,
}

impl Login {
    fn start(config: &Path) -> Self {
        let (monitor, its_monitor) = UnixStream::pair().unwrap();
        let (session, its_session) = UnixStream::pair().unwrap();
        for socket in [&monitor, &session] {
            socket.set_read_timeout(Some(SOON)).unwrap();
        }
        let child = Command::new("sh")
            .args(["-c", WITH_SOCKETS, PROGRAM])
            .arg(config)
            .env("USHER_WORKER_DESCRIPTORS", "2")
            .env("RUST_LOG", "error")
            .stdin(Stdio::from(OwnedFd::from(its_monitor)))
            .stdout(Stdio::from(OwnedFd::from(its_session)))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            monitor,
            session,
        }
    }

    /// Has the grant checked and waits until the login is granted.
    fn granted(&mut self, session: &str, grant: &[u8]) {
        let body = [&[1][..], &slice(session.as_bytes()), &slice(grant)].concat();
        self.monitor.write_all(&message(&body)).unwrap();
        loop {
            let mut header = [0; 5];
            self.monitor.read_exact(&mut header).unwrap();
            let mut body = vec![0; usize::from(header[3])];
            self.monitor.read_exact(&mut body).unwrap();
            match body[0] {
                1 => return,
                3 => {}
                other => panic!("login answered {other}: {}", String::from_utf8_lossy(&body)),
            }
        }
    }

    /// Its exit code, once the worker has gone away.
    async fn end(mut self) -> Option<i32> {
        drop(self.session);
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap());
        let status = tokio::time::timeout(SOON, ended).await;
        status.unwrap().unwrap().code()
    }
}

pub(crate) fn message(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], &[1], body].concat()
}

pub(crate) fn slice(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length[..], bytes].concat()
}

/// Asks for `run`, on a terminal of 80 by 24.
fn open(run: &[u8], locales: u16) -> Vec<u8> {
    let size = [0, 80, 0, 24];
    let locale = [slice(b"LC_ALL"), slice(b"C")]
        .concat()
        .repeat(locales.into());
    let count = locales.to_be_bytes();
    [&[1][..], run, &size, &slice(b"xterm"), &count, &locale].concat()
}

fn command(kind: u8, text: &str) -> Vec<u8> {
    [&[kind][..], &slice(text.as_bytes())].concat()
}

/// What a session worker says that nobody has taken over, for mutation; the commands are none that was granted.
fn in_order() -> Vec<Vec<u8>> {
    let port = [&[4][..], &slice(b"localhost"), &[0, 22]].concat();
    vec![
        message(&open(&[0], 2)),
        message(&open(&command(1, "touch /tmp/ushertest-trace"), 1)),
        message(&open(&command(3, "touch /tmp/ushertest-trace"), 0)),
        message(&open(&port, 0)),
        message(&[2, 0]),
        message(&[3, 15]),
    ]
}

/// What login must not start anything for.
fn by_hand(trace: &str) -> Vec<Vec<u8>> {
    let touch = format!("touch {trace}");
    vec![
        Vec::new(),
        vec![0; 4],
        [&u32::MAX.to_be_bytes()[..], &[1]].concat(),
        [&65_537_u32.to_be_bytes()[..], &[1], &[0; 64]].concat(),
        [&1_u32.to_be_bytes()[..], &[2], &[1]].concat(),
        message(&[]),
        message(&[9]),
        message(&[1]),
        message(&open(&[7], 0)),
        message(&open(&command(1, &touch), 0)),
        message(&open(&command(2, &touch), 0)),
        message(&open(&command(3, &touch), 0)),
        message(&open(&[0], 17)),
        message(&[open(&[0], 0), vec![0]].concat()),
        message(&[3, 9]),
        message(&[2]),
    ]
}

#[tokio::test]
async fn whatever_a_session_worker_says_nothing_runs_but_what_was_granted() {
    if skip_unless_root("whatever_a_session_worker_says_nothing_runs_but_what_was_granted") {
        return;
    }
    let user = User::new(&["-m", "-s", "/bin/sh"]);
    let uid = Account::lookup(&user.name).unwrap().uid();
    let trace = user.home().join("trace");
    let mut service = Service::start().await;
    let agent = Agent::start(&mut service, "").await;
    let said = by_hand(&trace.display().to_string());
    let noise = (0..noise::rounds(24)).map(|round| Noise::of(round).mutated(&in_order()));
    for (number, said) in said.into_iter().chain(noise).enumerate() {
        let session = format!("tester-{number}");
        let mut login = Login::start(agent.config());
        login.granted(&session, &service.grant(&session, Some(&user.name)));
        // It may have hung up on us by then.
        let _ = login.session.write_all(&said);
        let code = login.end().await;
        assert!(
            matches!(code, Some(0 | 1)),
            "{number}: {code:?} after {said:?}"
        );
        assert_eq!(processes_of(uid.as_raw()), NOBODY, "{number}: {said:?}");
    }
    assert!(!trace.exists());

    // One that asks twice loses what it got.
    let mut login = Login::start(agent.config());
    login.granted(
        "tester-twice",
        &service.grant("tester-twice", Some(&user.name)),
    );
    let twice = message(&open(&[0], 0)).repeat(2);
    login.session.write_all(&twice).unwrap();
    login
        .session
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    assert!(login.session.read(&mut [0; 64]).unwrap() > 0, "no answer");
    assert!(matches!(login.end().await, Some(0 | 1)));
    assert_eq!(processes_of(uid.as_raw()), NOBODY);
}
