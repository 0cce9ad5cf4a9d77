//! The node's own rules on where port sessions may connect, judged by a pure function with a reason.
//!
//! Judged is the address of the connection, not the name that led to it, so a name that resolves anew gets around
//! nothing. Addresses that hand out credentials of the machine are refused unless a rule of `ports` covers them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use usher_aws::hands_out_credentials;

/// The most rules of one kind: every port session is handed all of them in one message.
pub(crate) const MOST_RULES: usize = 256;

/// `ADDRESSES:PORTS`: an address, a network or `*`, and a port, `FROM-TO` or `*`. IPv6 stands in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PortRule {
    /// None covers all.
    network: Option<IpNet>,
    ports: RangeInclusive<u16>,
}

/// What is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no port rule: write ADDRESSES:PORTS, such as 127.0.0.1:5432, 10.0.0.0/8:*, [fd00::/8]:443 or *:8000-8999"
)]
pub(crate) struct NoPortRule(String);

/// All rules of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortRules<'a> {
    /// Empty: all that nothing refuses.
    pub(crate) allow: &'a [PortRule],
    pub(crate) deny: &'a [PortRule],
}

/// Why nothing is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PortRefusal {
    #[error("{0} is refused by `deny_ports` of the node's agent.toml")]
    Denied(SocketAddr),
    #[error("{0} is not among the `ports` of the node's agent.toml")]
    NotAllowed(SocketAddr),
    #[error(
        "{0} is a link-local or metadata address, which is refused unless `ports` of the node's agent.toml names it"
    )]
    Metadata(SocketAddr),
}

impl PortRules<'_> {
    /// Judges an address that is to be connected, or is.
    pub(crate) fn judge(&self, address: SocketAddr) -> Result<(), PortRefusal> {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let covers = |rule: &PortRule| rule.covers(address);
        if self.deny.iter().any(covers) {
            return Err(PortRefusal::Denied(address));
        }
        let named = self
            .allow
            .iter()
            .any(|rule| rule.network.is_some() && rule.covers(address));
        if hands_out_credentials(address.ip()) && !named {
            return Err(PortRefusal::Metadata(address));
        }
        if !self.allow.is_empty() && !self.allow.iter().any(covers) {
            return Err(PortRefusal::NotAllowed(address));
        }
        Ok(())
    }
}

impl PortRule {
    fn covers(&self, address: SocketAddr) -> bool {
        let network = self
            .network
            .is_none_or(|network| network.contains(&address.ip()));
        network && self.ports.contains(&address.port())
    }
}

impl FromStr for PortRule {
    type Err = NoPortRule;

    fn from_str(text: &str) -> Result<Self, NoPortRule> {
        let no_rule = || NoPortRule(text.to_owned());
        let (addresses, ports) = text.rsplit_once(':').ok_or_else(no_rule)?;
        let bracketed = addresses
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        // Without brackets the last part of an IPv6 address would pass for a port.
        if bracketed.is_none() && addresses.contains(':') {
            return Err(no_rule());
        }
        let addresses = bracketed.unwrap_or(addresses);
        let network = match addresses {
            "*" => None,
            text => Some(
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| no_rule())?,
            ),
        };
        let number = |text: &str| text.parse::<u16>().map_err(|_| no_rule());
        let ports = match ports.split_once('-') {
            _ if ports == "*" => 0..=u16::MAX,
            Some((from, to)) => number(from)?..=number(to)?,
            None => number(ports)?..=number(ports)?,
        };
        if ports.is_empty() {
            return Err(no_rule());
        }
        Ok(Self { network, ports })
    }
}

impl TryFrom<String> for PortRule {
    type Error = NoPortRule;

    fn try_from(text: String) -> Result<Self, NoPortRule> {
        text.parse()
    }
}

impl fmt::Display for PortRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.network {
            None => f.write_str("*")?,
            Some(IpNet::V4(network)) => write!(f, "{network}")?,
            Some(IpNet::V6(network)) => write!(f, "[{network}]")?,
        }
        write!(f, ":{}-{}", self.ports.start(), self.ports.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<PortRule> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn judge(allow: &[&str], deny: &[&str], address: &str) -> Result<(), PortRefusal> {
        let (allow, deny) = (rules(allow), rules(deny));
        let rules = PortRules {
            allow: &allow,
            deny: &deny,
        };
        rules.judge(address.parse().unwrap())
    }

    #[test]
    fn what_is_no_rule_is_refused_when_the_file_is_read() {
        for text in [
            "",
            "22",
            "*",
            ":22",
            "host:22",
            "10.0.0.0/33:1",
            "*:70000",
            "*:9-8",
            "*:a",
            "fd00::1:22",
            "[fd00::1]",
            "*:-",
            "10.0.0.0/8:1-2-3",
        ] {
            assert!(text.parse::<PortRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_that_hand_out_credentials_are_refused_however_they_are_written() {
        for address in [
            "169.254.169.254:80",
            "169.254.170.2:80",
            "[::ffff:169.254.169.254]:80",
            "[fe80::1]:22",
            "[fd00:ec2::254]:80",
            "168.63.129.16:80",
            "100.100.100.200:80",
        ] {
            assert!(
                matches!(judge(&[], &[], address), Err(PortRefusal::Metadata(_))),
                "{address}"
            );
            assert!(judge(&["*:*"], &[], address).is_err(), "{address}");
        }
        assert_eq!(
            judge(&["169.254.169.254:80"], &[], "169.254.169.254:80"),
            Ok(())
        );
    }

    #[test]
    fn a_denied_address_is_refused_even_if_it_is_allowed() {
        let refused = judge(&["10.0.0.0/8:*"], &["10.1.0.0/16:22"], "10.1.2.3:22");
        assert!(matches!(refused, Err(PortRefusal::Denied(_))));
        assert_eq!(
            judge(&["10.0.0.0/8:*"], &["10.1.0.0/16:22"], "10.1.2.3:23"),
            Ok(())
        );
    }

    #[test]
    fn with_a_list_of_ports_nothing_else_is_connected() {
        for address in ["127.0.0.1:23", "10.0.0.1:5432", "[::1]:443"] {
            let refused = judge(&["127.0.0.1:22", "[fd00::/8]:443"], &[], address);
            assert!(
                matches!(refused, Err(PortRefusal::NotAllowed(_))),
                "{address}"
            );
        }
        assert_eq!(judge(&["*:8000-8999"], &[], "10.0.0.1:8999"), Ok(()));
        assert_eq!(judge(&["[fd00::/8]:443"], &[], "[fd00::7]:443"), Ok(()));
    }

    #[test]
    fn without_rules_all_other_addresses_are_connected() {
        for address in ["127.0.0.1:22", "10.0.0.1:1", "[2001:db8::1]:65535"] {
            assert_eq!(judge(&[], &[], address), Ok(()));
        }
    }

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        for text in ["*:*", "10.0.0.0/8:22", "[fd00::/8]:1-2", "127.0.0.1:5432"] {
            let rule: PortRule = text.parse().unwrap();
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }
}
