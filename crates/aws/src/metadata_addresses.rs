//! Addresses where a machine gets credentials of its own from its cloud. Nobody else may be led there by a name or an
//! address that they chose.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata and platform services of clouds outside the link-local networks: AWS, Google, Azure, Alibaba and Oracle.
const METADATA: [IpAddr; 6] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// Whether the address is link-local or a known metadata service. An IPv4 address is judged the same when it is written
/// as an IPv6 one.
#[must_use]
pub fn hands_out_credentials(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address == Ipv4Addr::BROADCAST,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    link_local || METADATA.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_known_however_they_are_written_and_others_are_not_taken_for_them() {
        for (address, expected) in [
            ("169.254.169.254", true),
            ("169.254.170.2", true),
            ("::ffff:169.254.169.254", true),
            ("fe80::1", true),
            ("fd00:ec2::254", true),
            ("fd20:ce::254", true),
            ("168.63.129.16", true),
            ("100.100.100.200", true),
            ("192.0.0.192", true),
            ("255.255.255.255", true),
            ("127.0.0.1", false),
            ("10.0.0.1", false),
            ("fd00:ec2::1", false),
            ("192.0.2.1", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(hands_out_credentials(address), expected, "{address}");
        }
    }
}
