//! Telling the service that the node is well, at start and every five minutes.

use std::convert::Infallible;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use usher_aws::{Credentials, Endpoint, Identity, Ssm};
use usher_wire::ids::NodeId;

/// As AWS's agent by default.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// After a failure, so that a service that comes back soon sees its nodes.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Reports as long as the process lives.
pub(super) async fn report(
    ssm: &Ssm,
    endpoint: &Endpoint,
    node: &NodeId,
    mut credentials: watch::Receiver<Option<Credentials>>,
) -> Infallible {
    loop {
        let current = match credentials.wait_for(Option::is_some).await {
            Ok(current) => current.clone(),
            // The publisher lives as long as this process.
            Err(_) => std::future::pending().await,
        };
        let wait = match current {
            Some(credentials) => {
                let information = information(node, endpoint);
                let identity = Identity::Keys(&credentials);
                match ssm
                    .update_instance_information(identity, &information)
                    .await
                {
                    Ok(()) => EVERY,
                    Err(error) => {
                        tracing::warn!(
                            "the service could not be told that this node is well: {error}"
                        );
                        AFTER_FAILURE
                    }
                }
            }
            None => AFTER_FAILURE,
        };
        sleep_until(Instant::now() + wait).await;
    }
}

/// Input of UpdateInstanceInformation: the members AWS's agent sends, and its name for itself.
fn information(node: &NodeId, endpoint: &Endpoint) -> Value {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let (platform_type, platform_name) = if cfg!(target_os = "macos") {
        ("MacOS", "macOS".to_owned())
    } else {
        ("Linux", release_value(&release, "NAME"))
    };
    json!({
        "AgentName": "amazon-ssm-agent",
        "AgentStatus": "Active",
        "AgentVersion": usher_wire::version::AGENT_VERSION,
        "ComputerName": usher_sys::host_name(),
        "IPAddress": own_address(endpoint).map_or_else(String::new, |address| address.to_string()),
        "InstanceId": node,
        "PlatformName": platform_name,
        "PlatformType": platform_type,
        "PlatformVersion": release_value(&release, "VERSION_ID"),
        "SSMConnectionChannel": "ssmmessages",
    })
}

/// A value of os-release(5): `KEY=value` or `KEY="value"`.
fn release_value(release: &str, key: &str) -> String {
    release
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .map(|value| value.trim_matches(['"', '\'']).to_owned())
        .unwrap_or_default()
}

/// The address this machine has toward the service: connecting a datagram socket sends nothing.
fn own_address(endpoint: &Endpoint) -> Option<IpAddr> {
    let authority = endpoint.authority();
    let target = if authority.rsplit(']').next()?.contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:443")
    };
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect(target).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_with_and_without_quotes() {
        let release = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\nID=debian\n";
        assert_eq!(release_value(release, "NAME"), "Debian GNU/Linux");
        assert_eq!(release_value(release, "VERSION_ID"), "12");
        assert_eq!(release_value(release, "ID"), "debian");
        assert_eq!(release_value(release, "MISSING"), "");
    }

    #[test]
    fn the_report_names_the_address_toward_the_service() {
        let endpoint: Endpoint = "http://127.0.0.1:9".parse().unwrap();
        let address = own_address(&endpoint).unwrap();
        assert!(address.is_loopback());
    }
}
