//! Who is at the other end when a proxy stands between.
//!
//! Owns one invariant: only a proxy that the operator named can say that a request is somebody else's, or that it came to it
//! over TLS. Everybody else's `X-Forwarded-For` and `X-Forwarded-Proto` are text. Limits and the audit trail count by what
//! is found here; `aws:SecureTransport` and S3's unsigned payloads depend on it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::{OverTls, Peer};
use crate::context::Context;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Replaces the [`Peer`] of a request that a trusted proxy passed on, and says whether it came to the proxy over TLS.
pub(crate) async fn name_peer(
    State(context): State<Arc<Context>>,
    mut request: Request,
    next: Next,
) -> Response {
    let proxies = &context.config.perimeter.trusted_proxies;
    if let Some(&Peer(connected)) = request.extensions().get::<Peer>() {
        let peer = Peer(origin(connected, request.headers(), proxies));
        let over_tls = peer.0 != connected && is_https(request.headers());
        request.extensions_mut().insert(peer);
        if over_tls {
            request.extensions_mut().insert(OverTls(true));
        }
    }
    next.run(request).await
}

/// The nearest address that is no proxy of ours. Each proxy appends whom it heard from, so the list is read from its
/// end, and what stands before the first stranger was written by that stranger. The port of a forwarded peer is 0.
fn origin(connected: SocketAddr, headers: &HeaderMap, proxies: &[IpNet]) -> SocketAddr {
    let is_proxy = |address: IpAddr| {
        proxies
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    let mut peer = connected;
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        for heard_from in line.to_str().unwrap_or_default().rsplit(',') {
            if !is_proxy(peer.ip()) {
                return peer;
            }
            let Some(address) = address(heard_from.trim()) else {
                return peer;
            };
            peer = SocketAddr::new(address, 0);
        }
    }
    peer
}

/// Whether every proxy that says how it was called says over TLS.
fn is_https(headers: &HeaderMap) -> bool {
    let mut said = headers
        .get_all(FORWARDED_PROTO)
        .iter()
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .peekable();
    said.peek().is_some() && said.all(|word| word.trim().eq_ignore_ascii_case("https"))
}

/// `192.0.2.1`, `2001:db8::1`, and the forms with a port that some proxies write.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(connected: &str, lines: &[&str], expected: &str) {
        let proxies = ["192.0.2.0/24", "2001:db8::/64"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let connected = SocketAddr::new(connected.parse().unwrap(), 4000);
        let found = origin(connected, &headers, &proxies).ip();
        assert_eq!(
            found,
            expected.parse::<IpAddr>().unwrap(),
            "{connected} {lines:?}"
        );
    }

    #[test]
    fn one_leg_without_tls_is_a_way_without_tls() {
        let said = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_PROTO, HeaderValue::from_str(line).unwrap());
            }
            is_https(&headers)
        };
        for lines in [
            &[][..],
            &[""],
            &["http"],
            &["https, http"],
            &["https", "http"],
            &["on"],
        ] {
            assert!(!said(lines), "{lines:?}");
        }
        for lines in [
            &["https"][..],
            &["HTTPS"],
            &["https, https"],
            &["https", "https"],
        ] {
            assert!(said(lines), "{lines:?}");
        }
    }

    #[test]
    fn a_stranger_cannot_say_that_it_is_somebody_else() {
        check("198.51.100.7", &["203.0.113.1"], "198.51.100.7");
        check("198.51.100.7", &["192.0.2.1"], "198.51.100.7");
        check("127.0.0.1", &["203.0.113.1"], "127.0.0.1");
    }

    #[test]
    fn what_a_client_wrote_before_the_proxys_own_word_counts_nothing() {
        check("192.0.2.1", &["127.0.0.1, 203.0.113.1"], "203.0.113.1");
        check("192.0.2.1", &["127.0.0.1", "203.0.113.1"], "203.0.113.1");
        check("192.0.2.1", &["192.0.2.9, 203.0.113.1"], "203.0.113.1");
    }

    #[test]
    fn a_proxy_that_says_nothing_readable_is_the_peer_itself() {
        check("192.0.2.1", &[], "192.0.2.1");
        check("192.0.2.1", &["203.0.113.1, unknown"], "192.0.2.1");
        check("192.0.2.1", &[""], "192.0.2.1");
    }

    #[test]
    fn the_peer_of_a_trusted_proxy_is_whom_it_names() {
        check("192.0.2.1", &["203.0.113.1"], "203.0.113.1");
        check("192.0.2.1", &["203.0.113.1, 192.0.2.2"], "203.0.113.1");
        check("::ffff:192.0.2.1", &["203.0.113.1:5000"], "203.0.113.1");
        check("2001:db8::1", &["[2001:db8:1::5]:80"], "2001:db8:1::5");
        check("2001:db8::1", &["[2001:db8:1::5]"], "2001:db8:1::5");
    }
}
