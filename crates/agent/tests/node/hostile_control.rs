//! A program in the place of the control process, on its very socket to the monitor: whatever it asks for, nobody is
//! logged in who was not granted, live sessions go on, and one that breaks the rules is replaced.

use std::os::fd::{AsFd, OwnedFd};

use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open,
};
use usher_sys::Account;
use usher_wire::ids::NodeId;

use crate::agent::{Agent, NOBODY, processes_of};
use crate::client::Client;
use crate::hostile_worker::{message, slice};
use crate::noise::{self, Noise};
use crate::service::Service;
use crate::throwaway::{User, skip_unless_root};

/// Where the control process has its socket to the monitor.
const ITS_SOCKET: i32 = 3;

/// Longer than any message: whatever stands before it, the monitor finds a rule broken in the end.
const TOO_MUCH: usize = 80 * 1024;

/// As often one may be replaced: each successor is started twice as late as the one before.
const REPLACED: u64 = 5;

/// The control process is stopped and we speak in its place.
fn take_over(agent: &Agent) -> OwnedFd {
    let pid = Pid::from_raw(agent.workers("control")[0]).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    pidfd_getfd(process, ITS_SOCKET, PidfdGetfdFlags::empty()).unwrap()
}

fn start(session: &str, grant: &[u8]) -> Vec<u8> {
    message(&[&[1][..], &slice(session.as_bytes()), &slice(grant)].concat())
}

fn about(kind: u8, session: &str) -> Vec<u8> {
    message(&[&[kind][..], &slice(session.as_bytes())].concat())
}

fn say(socket: &OwnedFd, bytes: &[u8]) {
    let task = usher_sys::anonymous_file(b"{}").unwrap();
    usher_sys::send(socket, bytes, &[task.as_fd()]).unwrap();
}

/// The next end the monitor tells of: the session, and the sentence it failed with.
async fn hear(socket: &OwnedFd) -> (String, String) {
    let socket = socket.try_clone().unwrap();
    let heard = tokio::task::spawn_blocking(move || {
        let header = exactly(&socket, 5);
        let body = exactly(
            &socket,
            usize::from(header[2]) << 8 | usize::from(header[3]),
        );
        let text = |at: usize| {
            let length = usize::from(body[at + 2]) << 8 | usize::from(body[at + 3]);
            let bytes = body[at + 4..at + 4 + length].to_vec();
            (String::from_utf8(bytes).unwrap(), at + 4 + length)
        };
        assert_eq!(body[0], 2, "{body:?}");
        let (session, next) = text(1);
        assert_eq!(body[next], 1, "{session} is a success");
        (session, text(next + 1).0)
    });
    let heard = tokio::time::timeout(crate::service::SOON, heard).await;
    heard.unwrap().unwrap()
}

fn exactly(socket: &OwnedFd, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        rustix::event::poll(
            &mut [rustix::event::PollFd::new(
                socket,
                rustix::event::PollFlags::IN,
            )],
            None,
        )
        .unwrap();
        let mut buffer = vec![0; length - bytes.len()];
        match usher_sys::receive(socket, &mut buffer) {
            Ok(received) => {
                assert!(received.length > 0, "the monitor hung up");
                bytes.extend_from_slice(&buffer[..received.length]);
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
        }
    }
    bytes
}

#[tokio::test]
async fn whatever_a_control_process_asks_for_nobody_is_logged_in_who_was_not_granted() {
    let test = "whatever_a_control_process_asks_for_nobody_is_logged_in_who_was_not_granted";
    if skip_unless_root(test) {
        return;
    }
    let (user, bystander) = (
        User::new(&["-m", "-s", "/bin/sh"]),
        User::new(&["-m", "-s", "/bin/sh"]),
    );
    let uid = Account::lookup(&user.name).unwrap().uid().as_raw();
    let mut service = Service::start().await;
    let policy = format!("deny = [{:?}]", user.name);
    let agent = Agent::start(&mut service, &policy).await;
    let granted = service.grant("other-1", Some(&bystander.name));
    let sockets = service.start_session("other-1", &granted).await;
    let mut other = Client::attach(sockets, None).await;
    other.type_line("echo here-$((40+2))");
    other.until("here-42").await;

    let login = Some(user.name.as_str());
    let socket = take_over(&agent);
    let control = agent.workers("control");
    for round in 0..noise::rounds(24) {
        let mut noise = Noise::of(round);
        let name = format!("tester-{round}");
        let fresh = service.grant(&name, login);
        let grant = match round % 8 {
            0 => noise.bytes(400),
            1 => noise.mutated(&[fresh]),
            // Spent, and for another session.
            2 => granted.clone(),
            3 => service.grant_with(&name, login, |grant| {
                grant.node = NodeId::parse("mi-00000000000000000").unwrap();
            }),
            4 => service.grant_with(&name, login, |grant| {
                grant.issued_ms -= 3_600_000;
                grant.expires_ms -= 3_600_000;
            }),
            5 => service.grant(&name, Some("root")),
            6 => service.grant(&name, Some("usher-agent")),
            // Signed by the service, and refused by the node's policy.
            _ => fresh,
        };
        // None of these has an answer, and none may disturb the session that is there.
        say(&socket, &start("other-1", &service.grant("other-1", login)));
        let idle = [about(3, "other-1"), about(2, "nobody-1"), about(3, &name)];
        usher_sys::send(&socket, &idle.concat(), &[]).unwrap();
        say(&socket, &start(&name, &grant));
        let (session, sentence) = hear(&socket).await;
        assert_eq!(session, name);
        assert!(
            sentence.contains("refused")
                || sentence.contains("uid 0")
                || sentence.contains("does not exist"),
            "{round}: {sentence}"
        );
        usher_sys::send(&socket, &about(3, &name), &[]).unwrap();
        assert_eq!(processes_of(uid), NOBODY, "{round}");
    }
    assert_eq!(agent.workers("control"), control, "it broke no rule");
    other.type_line("echo still-$((40+2))");
    other.until("still-42").await;

    let in_order = [
        start("tester-x", &service.grant("tester-x", login)),
        about(3, "nobody-1"),
    ];
    for round in 0..noise::rounds(24).div_ceil(12).min(REPLACED) {
        let socket = take_over(&agent);
        let mut bytes = Noise::of(round).mutated(&in_order);
        bytes.resize(bytes.len() + TOO_MUCH, 0xff);
        // The monitor hangs up in the middle of it.
        let speaks = tokio::task::spawn_blocking(move || {
            use std::io::Write;
            let _ = std::fs::File::from(socket).write_all(&bytes);
        });
        service.agent_connects().await;
        speaks.await.unwrap();
        assert_eq!(processes_of(uid), NOBODY, "{round}");
    }
    other.type_line("echo again-$((40+2)); exit");
    other.run_to_the_end().await;
    assert!(other.screen.contains("again-42"));
}
