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

/// Where macOS says what it is.
const MACOS_VERSION: &str = "/System/Library/CoreServices/SystemVersion.plist";

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
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (platform_type, name, version) = if cfg!(target_os = "macos") {
        let version = product_version(&read(MACOS_VERSION));
        ("MacOS", "macOS".to_owned(), version)
    } else {
        let release = read("/etc/os-release");
        let value = |key: &str| release_value(&release, key);
        ("Linux", value("NAME"), value("VERSION_ID"))
    };
    json!({
        "AgentName": "amazon-ssm-agent",
        "AgentStatus": "Active",
        "AgentVersion": usher_wire::version::AGENT_VERSION,
        "ComputerName": usher_sys::host_name(),
        "IPAddress": own_address(endpoint).map_or_else(String::new, |address| address.to_string()),
        "InstanceId": node,
        "PlatformName": name,
        "PlatformType": platform_type,
        "PlatformVersion": version,
        "SSMConnectionChannel": "ssmmessages",
    })
}

/// `ProductVersion` of macOS's property list of itself, whose keys and values stand in lines of their own.
fn product_version(list: &str) -> String {
    let mut lines = list.lines().map(str::trim);
    lines.find(|line| *line == "<key>ProductVersion</key>");
    let value = lines
        .next()
        .and_then(|line| line.strip_prefix("<string>")?.strip_suffix("</string>"));
    value.unwrap_or_default().to_owned()
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
    fn the_version_of_macos_is_read_from_its_property_list() {
        let list = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\
            \t<key>ProductName</key>\n\t<string>macOS</string>\n\
            \t<key>ProductUserVisibleVersion</key>\n\t<string>14.6</string>\n\
            \t<key>ProductVersion</key>\n\t<string>14.6.1</string>\n</dict>\n</plist>\n";
        assert_eq!(product_version(list), "14.6.1");
        assert_eq!(product_version(""), "");
        assert_eq!(product_version("<key>ProductVersion</key>\n<integer/>"), "");
    }

    #[test]
    fn the_report_names_the_address_toward_the_service() {
        let endpoint: Endpoint = "http://127.0.0.1:9".parse().unwrap();
        let address = own_address(&endpoint).unwrap();
        assert!(address.is_loopback());
    }
}
