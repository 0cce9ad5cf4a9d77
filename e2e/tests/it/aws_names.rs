//! A server that takes AWS's names for its own (`stream_url = "aws-shaped"`), reached by them through its proxy: AWS's
//! programs with no endpoint set at all, and ours both ways.

use std::net::TcpListener;
use std::process::Command;

use serde_json::json;

use crate::fixtures::SESSION;
use crate::harness::os_users::OsUser;
use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::site::Site;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;

/// A site with a node, whose clients have to go by its proxy.
struct World {
    site: Site,
    proxy: String,
    node: String,
    os_user: OsUser,
}

impl World {
    fn start(name: &str) -> Self {
        let os_user = OsUser::with_home(name, "/bin/bash", &[]);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let settings = format!("stream_url = \"aws-shaped\"\nlisten_proxy = \"{address}\"\n");
        let mut site = Site::start_with(&settings);
        site.save_run_as(&os_user);
        let node = site.join("first.pem");
        Self {
            site,
            proxy: format!("http://{address}"),
            node,
            os_user,
        }
    }

    /// A program that knows the proxy, whom to trust, region and keys, and no endpoint.
    fn command(&self, program: &str) -> Command {
        let mut command = self.site.command(program);
        command
            .env_remove("AWS_ENDPOINT_URL")
            .env("HTTPS_PROXY", &self.proxy)
            .env("SSL_CERT_FILE", self.site.path("first.pem"));
        command
    }

    /// `aws ssm start-session` on the node, which ends well.
    fn holds_a_session(&self, mut aws: Command) {
        aws.args(["ssm", "start-session", "--target", &self.node]);
        let mut terminal = Terminal::start(&aws, 80, 24);
        terminal.expect("$ ");
        terminal.send(b"echo \"[$(id -un)]\"\r");
        terminal.expect(&format!("[{}]", self.os_user.name()));
        terminal.send(b"exit\r");
        terminal.expect("Exiting session with sessionId: ");
        assert!(terminal.end().0.success());
    }
}

#[test]
fn the_proxy_leads_nowhere_but_to_the_servers_own_names() {
    if lacks(&SESSION) || lacks(&[Need::Program("curl")]) {
        return;
    }
    let world = World::start("proxied");
    let curl = |url: &str| {
        let mut curl = world.command("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", url]);
        curl.arg("--cacert").arg(world.site.path("first.pem"));
        curl.output().unwrap()
    };
    for url in [
        "https://id.example.com/",
        "https://ssm.us-east-1.amazonaws.com/",
        "https://ssm.usher-1.amazonaws.com:8443/",
        &format!(
            "{}/healthz",
            world.site.url().replace("127.0.0.1", "localhost")
        ),
    ] {
        let refused = curl(url);
        assert!(!refused.status.success(), "{url}");
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(told.contains("403"), "{url}: {told}");
    }
    let mut plain = world.command("curl");
    plain.args(["--silent", "--noproxy", "*", &world.proxy]);
    let told = output_of(&mut plain);
    assert!(
        told.contains("This proxy connects to port 443 of"),
        "{told}"
    );

    let served = curl("https://ssm.usher-1.amazonaws.com/healthz");
    assert_eq!(String::from_utf8_lossy(&served.stdout), "ok\n");
}

#[test]
fn tools_without_an_endpoint_reach_the_server_by_aws_s_names() {
    if lacks(&SESSION) {
        return;
    }
    let world = World::start("named");
    let mut who = world.command("aws");
    who.args([
        "sts",
        "get-caller-identity",
        "--query",
        "Arn",
        "--output",
        "text",
    ]);
    assert_eq!(
        output_of(&mut who).trim(),
        "arn:aws:iam::000000000000:user/admin"
    );

    let input = json!({"Target": world.node});
    let started = world.site.call("ssm", "start_session", &input);
    let url = started["StreamUrl"].as_str().unwrap();
    let session = started["SessionId"].as_str().unwrap();
    assert_eq!(
        url,
        format!(
            "wss://ssmmessages.usher-1.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"
        )
    );

    // Our client under the plugin's name: through the proxy, and, where it knows the endpoint, without one.
    world.holds_a_session(world.command("aws"));
    world.holds_a_session(world.site.command("aws"));
}

#[test]
fn aws_s_own_plugin_is_held_through_the_proxy() {
    if lacks(&SESSION) || lacks(&[Need::Program("session-manager-plugin")]) {
        return;
    }
    let world = World::start("plugged");
    let directory = programs::directory_of("session-manager-plugin").unwrap();
    let path = world.site.variable("PATH");
    let mut aws = world.command("aws");
    aws.env("PATH", format!("{}:{path}", directory.display()));
    world.holds_a_session(aws);
}
