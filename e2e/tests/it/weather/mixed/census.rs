//! Which processes of ours there are, and how much memory of its own each program has.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use super::person::Person;
use crate::harness::observer::agent_processes;
use crate::harness::os_users::OsUser;
use crate::weather::place::Place;

/// What may come and go beside half as much again: queues that happen to be full, a copy that is just being made.
const SLACK_KIB: u64 = 32 * 1024;

/// At one moment.
pub(super) struct Census {
    agent: BTreeSet<i32>,
    /// Of the server, of all of the agent's processes, and of those clients that hold their session all the time.
    kib: [u64; 3],
}

impl Census {
    /// All of it.
    pub(super) fn of(place: &Place, people: &[Person<'_>]) -> Self {
        let mut census = Self::of_agent(place);
        let clients = people.iter().filter_map(Person::client);
        census.kib = [
            memory(place.server_process().into_iter()),
            memory(census.agent.iter().copied()),
            memory(clients),
        ];
        census
    }

    /// The agent's processes alone.
    pub(super) fn of_agent(place: &Place) -> Self {
        Self {
            agent: agent_processes(place.agent_process()).into_iter().collect(),
            kib: [0; 3],
        }
    }

    pub(super) fn has_the_processes_of(&self, other: &Self) -> bool {
        self.agent == other.agent
    }

    pub(super) fn assert_not_grown_from(&self, before: &Self) {
        for (now, before) in self.kib.iter().zip(before.kib) {
            assert!(
                *now <= before + before / 2 + SLACK_KIB,
                "{now} KiB were {before}"
            );
        }
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [server, agent, clients] = self.kib;
        let processes = self.agent.len();
        write!(
            f,
            "server {server} KiB, {processes} processes of the agent {agent} KiB, clients {clients} KiB"
        )
    }
}

/// Without what is read from the program's file.
fn memory(processes: impl Iterator<Item = i32>) -> u64 {
    processes
        .filter_map(|pid| field(pid, "RssAnon:"))
        .filter_map(|text| text.split_ascii_whitespace().next()?.parse::<u64>().ok())
        .sum()
}

/// Whether any process is this user's.
pub(super) fn runs(user: &OsUser) -> bool {
    let owner = fs::metadata(user.home()).unwrap();
    let uid = std::os::unix::fs::MetadataExt::uid(&owner).to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| field(pid, "Uid:"))
        .any(|uids| uids.split_ascii_whitespace().next() == Some(&uid))
}

fn field(pid: i32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let found = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(found.trim().to_owned())
}
