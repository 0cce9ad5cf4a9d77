//! The console's cookie: its name, its attributes, and reading it back.
//!
//! It counts under `/console/` alone, no script reads it, no other site's page sends it. It is marked `Secure` wherever
//! the page came from another machine; on loopback, where `usher dev` serves plain HTTP, nobody is in between.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::error::ApiError;
use crate::http::is_loopback;
use crate::identity::{Alphabet, fresh};

const NAME: &str = "usher-console";
/// 260 bits.
const LETTERS: usize = 52;

/// The random text of a new cookie.
pub(super) fn fresh_id() -> Result<Zeroizing<String>, ApiError> {
    fresh(Alphabet::Base32, LETTERS)
}

/// The text that a request brings, if it brings exactly one of the right shape.
pub(super) fn presented(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == NAME);
    let (_, id) = ours.next()?;
    (ours.next().is_none() && id.len() == LETTERS).then_some(id)
}

/// `Set-Cookie` for `id`, for so many seconds. `host` is the request's.
pub(super) fn set(id: &str, seconds: i64, host: &str) -> Option<HeaderValue> {
    let secure = match is_loopback_host(host) {
        true => "",
        false => "; Secure",
    };
    HeaderValue::from_str(&format!(
        "{NAME}={id}; Path=/console/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    ))
    .ok()
}

/// `Set-Cookie` that takes it away.
pub(super) fn clear(host: &str) -> Option<HeaderValue> {
    set("", 0, host)
}

fn is_loopback_host(host: &str) -> bool {
    host.parse::<http::uri::Authority>()
        .is_ok_and(|authority| is_loopback(authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        assert_eq!(presented(&headers), expected, "{lines:?}");
    }

    #[test]
    fn a_missing_doubled_or_misshapen_cookie_is_none() {
        let id = "A".repeat(LETTERS);
        check(&[], None);
        check(&["other=1"], None);
        check(&["usher-console=short"], None);
        check(&[&format!("usher-console={id}; usher-console={id}")], None);
        check(&[&format!("x-usher-console={id}")], None);
        check(&[&format!("other=1; usher-console={id}")], Some(&id));
    }

    #[test]
    fn only_on_loopback_it_may_travel_in_the_clear() {
        for host in [
            "usher.example",
            "usher.example:8443",
            "192.0.2.1",
            "127.0.0.1.evil.example",
        ] {
            let value = set("x", 60, host).unwrap();
            assert!(value.to_str().unwrap().contains("; Secure"), "{host}");
        }
        for host in ["127.0.0.1:8480", "localhost", "[::1]:8480"] {
            let value = set("x", 60, host).unwrap();
            assert_eq!(
                value.to_str().unwrap(),
                "usher-console=x; Path=/console/; Max-Age=60; HttpOnly; SameSite=Strict",
                "{host}"
            );
        }
    }
}
