//! Who works with whom: every client with every agent, in every kind of session.
//!
//! The suite runs the cells whose programs are there: AWS's are in no package registry, so they are built by hand and
//! put on the PATH, or their cells are skipped loudly. `cargo xtask matrix` runs the same and writes docs/interop.md.
//! A cell that is listed as a gap must not hold, or the list is wrong.

mod clients;
mod kinds;
mod page;
mod record;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use self::clients::{CLIENTS, Client, PLUGIN};
use self::kinds::{KINDS, Kind, Trial};
use self::record::{Outcome, Record};
use crate::fixtures::SESSION;
use crate::harness::aws_node::{self, AwsNode};
use crate::harness::os_users::OsUser;
use crate::harness::site::Site;
use crate::harness::skip::{Need, lacks};

/// The other half of a row's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Agent {
    Aws,
    Ours,
}

const AGENTS: [Agent; 2] = [Agent::Aws, Agent::Ours];

impl Agent {
    fn name(self) -> &'static str {
        match self {
            Self::Aws => "amazon-ssm-agent",
            Self::Ours => "usher-agent",
        }
    }
}

/// Why a cell cannot hold, whatever the server does.
fn gap(client: Client, agent: Agent, kind: Kind) -> Option<&'static str> {
    match (client, agent, kind) {
        (Client::AwsPlugin | Client::AwsOurs, _, Kind::ShellStatus) => {
            Some("the `aws` command ends with 0, whatever its plugin ended with")
        }
        (_, Agent::Aws, Kind::ShellStatus) => {
            Some("amazon-ssm-agent tells nobody a shell's exit status")
        }
        (Client::AwsPlugin, _, Kind::HalfClose) => {
            Some("AWS's plugin closes both directions when one is closed")
        }
        (_, Agent::Aws, Kind::HalfClose) => {
            Some("amazon-ssm-agent closes both directions when one is closed")
        }
        _ => None,
    }
}

#[test]
fn every_client_works_with_every_agent_but_for_the_gaps_that_are_listed() {
    if lacks(&SESSION) {
        return;
    }
    let (no_plugin, no_agent) = (
        lacks(&[Need::Program(PLUGIN)]),
        lacks(&[Need::Program(aws_node::PROGRAM)]),
    );
    let os_user = OsUser::with_home("interop", "/bin/bash", &[]);
    let mut site = Site::start();
    site.save_run_as(&os_user);
    let ours = site.join("first.pem");
    let aws = (!no_agent).then(|| AwsNode::join(&site));

    let rows = |agent: Agent, node: &str| {
        let mut outcomes = Vec::new();
        for client in CLIENTS {
            if no_plugin && client == Client::AwsPlugin {
                continue;
            }
            let trial = Trial {
                site: &site,
                client,
                node,
                os_user: os_user.name(),
            };
            for kind in KINDS {
                outcomes.push(judged(&trial, agent, kind));
            }
        }
        outcomes
    };
    let outcomes = thread::scope(|scope| {
        let of_aws = scope.spawn(|| aws.as_ref().map(|node| rows(Agent::Aws, node.id())));
        let mut outcomes = rows(Agent::Ours, &ours);
        outcomes.extend(of_aws.join().unwrap().into_iter().flatten());
        outcomes
    });

    let broken: Vec<&str> = outcomes
        .iter()
        .filter_map(|outcome| outcome.broken.as_deref())
        .collect();
    if let Some(mut record) = Record::to_write() {
        for outcome in &outcomes {
            record.take(outcome);
        }
        record.write();
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn judged(trial: &Trial<'_>, agent: Agent, kind: Kind) -> Outcome {
    let started = Instant::now();
    // A panic says where on standard error; the other cells are tried all the same.
    let tried = catch_unwind(AssertUnwindSafe(|| trial.run(kind)))
        .unwrap_or_else(|_| Err("the trial panicked, see above".to_owned()));
    let cell = format!("{}, {}, {}", trial.client.name(), agent.name(), kind.name());
    let (holds, transcript) = match tried {
        Ok(seen) => (true, seen),
        Err(why) => (false, why),
    };
    let word = if holds { "holds" } else { "does not hold" };
    println!("{cell}: {word} after {} s", started.elapsed().as_secs());
    let broken = match (holds, gap(trial.client, agent, kind)) {
        (true, Some(gap)) => Some(format!(
            "{cell}: holds, though it is listed as a gap: {gap}"
        )),
        (false, None) => Some(format!("{cell}: {transcript}")),
        _ => None,
    };
    Outcome {
        client: trial.client,
        agent: agent.name(),
        kind,
        holds,
        transcript,
        broken,
    }
}
