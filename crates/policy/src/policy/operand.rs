//! Values of conditions that are more than text: addresses, dates, booleans, bytes, ARNs.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::glob::Token;

/// An address range: `10.0.0.0/8`, `2001:db8::/32` or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
            None => longest,
        };
        (prefix <= longest).then_some(Self { address, prefix })
    }

    /// Whether the text is an address in this range. IPv4 that arrived on an IPv6 socket is IPv4.
    pub(super) fn contains(self, text: &str) -> bool {
        let Ok(found) = text.parse::<IpAddr>() else {
            return false;
        };
        match (self.address, found.to_canonical()) {
            (IpAddr::V4(wanted), IpAddr::V4(found)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                wanted.to_bits() & mask == found.to_bits() & mask
            }
            (IpAddr::V6(wanted), IpAddr::V6(found)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                wanted.to_bits() & mask == found.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// An ISO 8601 instant or date (midnight UTC), or whole seconds since the epoch.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    // A civil time without a zone is no instant, though the parser of dates would take its first half.
    let date: Date = text
        .parse()
        .ok()
        .filter(|_| text.len() == "2026-11-22".len())?;
    format!("{date}T00:00:00Z").parse().ok()
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(super) fn bytes(base64: &str) -> Option<Vec<u8>> {
    STANDARD.decode(base64).ok()
}

/// The six parts of an ARN pattern; fewer where it has fewer colons. Stars do not reach over a colon, except in the last
/// part, which has colons of its own.
pub(super) fn arn_parts(tokens: &[Token]) -> Vec<&[Token]> {
    tokens
        .splitn(6, |token| *token == Token::Char(':'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_are_none_are_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/8/8",
            "a",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_hold_their_addresses_and_no_others() {
        for (range, outside, inside) in [
            ("10.0.0.0/8", "11.0.0.1", "10.255.0.1"),
            ("10.1.2.3/8", "11.1.2.3", "10.9.9.9"),
            ("192.0.2.7", "192.0.2.8", "192.0.2.7"),
            ("0.0.0.0/0", "2001:db8::1", "203.0.113.9"),
            ("::/0", "10.0.0.1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db9::1", "2001:db8:ffff::1"),
            ("10.0.0.0/8", "::ffff:11.0.0.1", "::ffff:10.0.0.1"),
            ("10.0.0.0/8", "not an address", "10.0.0.0"),
        ] {
            let network = Network::parse(range).unwrap();
            assert!(!network.contains(outside), "{range} {outside}");
            assert!(network.contains(inside), "{range} {inside}");
        }
    }

    #[test]
    fn instants_are_read_in_all_three_forms() {
        let midnight = instant("2026-11-22T00:00:00Z");
        assert!(midnight.is_some());
        for text in ["2026-11-22", "2026-11-22T01:00:00+01:00", "1795305600"] {
            assert_eq!(instant(text), midnight, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-22T15:00:00",
            "2026-11-22 15:00:00",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
