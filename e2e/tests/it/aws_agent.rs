//! AWS's amazon-ssm-agent, unmodified, through its life as a node: registration, its key, restarts and ends of sessions.
//!
//! What each kind of session does on it stands in `interop`. It is in no package registry: build it from
//! aws/amazon-ssm-agent and put its programs on the PATH of the tests, or these are skipped and say so.

mod life;
mod sessions;

use serde_json::{Value, json};
use std::time::Instant;

use crate::fixtures::SESSION;
use crate::harness::DEADLINE;
use crate::harness::aws_node::{AwsNode, PROGRAM};
use crate::harness::os_users::OsUser;
use crate::harness::shared::Shared;
use crate::harness::site::Site;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

/// A server with AWS's agent as its only node, and the OS user of its sessions.
struct Place {
    // In this order: the node's processes end before what they run on.
    node: AwsNode,
    site: Site,
    os_user: OsUser,
}

/// For tests that leave the agent and the server as they are.
static PLACE: Shared<Place> = Shared::new();

impl Place {
    fn start() -> Self {
        let os_user = OsUser::with_home("awsagent", "/bin/bash", &[]);
        let site = Site::start();
        site.save_run_as(&os_user);
        Self {
            node: AwsNode::join(&site),
            site,
            os_user,
        }
    }

    /// A shell of the administrator's, and its session.
    fn shell(&self) -> (Terminal, String) {
        let mut aws = self.site.command("aws");
        aws.args(["ssm", "start-session", "--target", self.node.id()]);
        let mut terminal = Terminal::start(&aws, 80, 24);
        terminal.expect("Starting session with SessionId: ");
        let session = terminal.expect("\r\n");
        terminal.expect_shell();
        (terminal, session)
    }

    /// What the history says of the session once it has ended. Each question is a whole call, which paces the asking.
    fn history(&self, session: &str) -> Value {
        let wanted =
            json!({"State": "History", "Filters": [{"key": "SessionId", "value": session}]});
        let started = Instant::now();
        loop {
            let told = self.site.call("ssm", "describe_sessions", &wanted);
            let kept = &told["Sessions"][0];
            if ["Terminated", "Failed"]
                .iter()
                .any(|last| kept["Status"] == *last)
            {
                return kept.clone();
            }
            assert!(
                started.elapsed() < DEADLINE,
                "{session}: {told}\n{}",
                self.node.log()
            );
        }
    }
}

fn cannot_run() -> bool {
    lacks(&SESSION) || lacks(&[Need::Program(PROGRAM)])
}
