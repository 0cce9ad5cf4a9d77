//! What a request must be before anything reads it: for a host that is us, and from no foreign page.
//!
//! A browser on the operator's machine can be made to send requests here. Rebinding a name to
//! loopback gives itself away by `Host`, another site's page by `Origin`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri};

use crate::context::Context;

/// Refuses foreign hosts (421) and foreign origins (403), on every route.
pub(crate) async fn known_host(
    State(context): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    let config = &context.config;
    let (hosts, buckets) = (
        &config.perimeter.hosts,
        config.perimeter.bucket_domain.as_deref(),
    );
    match judge(request.headers(), &config.public_url, hosts, buckets) {
        Verdict::Ours => next.run(request).await,
        Verdict::ForeignHost => (
            StatusCode::MISDIRECTED_REQUEST,
            "This server does not answer for the host named in the request. Use a loopback name, its public URL, or another name that it is configured for.\n",
        )
            .into_response(),
        Verdict::ForeignOrigin => {
            (StatusCode::FORBIDDEN, "Requests from web pages of other origins are refused.\n").into_response()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ours,
    ForeignHost,
    ForeignOrigin,
}

/// The bucket that the host name of a request names, where names below `domain` are buckets.
pub(super) fn bucket_of(headers: &HeaderMap, domain: Option<&str>) -> Option<String> {
    let host = only(headers, &HOST)?.parse::<Authority>().ok()?;
    let host = host.host().to_ascii_lowercase();
    let bucket = host.strip_suffix(domain?)?.strip_suffix('.')?;
    (!bucket.is_empty()).then(|| bucket.to_owned())
}

fn judge(
    headers: &HeaderMap,
    public_url: &str,
    hosts: &[String],
    bucket_domain: Option<&str>,
) -> Verdict {
    let Some(host) = only(headers, &HOST).and_then(|host| host.parse::<Authority>().ok()) else {
        return Verdict::ForeignHost;
    };
    let public = public_url
        .parse::<Uri>()
        .ok()
        .and_then(|url| url.host().map(str::to_owned));
    let mut ours = public.iter().chain(hosts);
    if bucket_of(headers, bucket_domain).is_none()
        && !is_loopback(host.host())
        && !ours.any(|ours| bare(ours).eq_ignore_ascii_case(bare(host.host())))
    {
        return Verdict::ForeignHost;
    }
    if !headers.contains_key(ORIGIN) {
        return Verdict::Ours;
    }
    // WebSocket libraries outside browsers send the address they connect to as their origin.
    let origin = only(headers, &ORIGIN).and_then(|origin| origin.parse::<Uri>().ok());
    match origin.as_ref().and_then(Uri::authority) {
        Some(origin) if origin.as_str().eq_ignore_ascii_case(host.as_str()) => Verdict::Ours,
        _ => Verdict::ForeignOrigin,
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() {
        None
    } else {
        first.to_str().ok()
    }
}

/// A name that no resolver of ours asks a stranger about, or an address of this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = bare(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A host without the brackets that an IPv6 address has where a port may follow.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(host: &[&str], origin: &[&str], expected: Verdict) {
        let mut headers = HeaderMap::new();
        for value in host {
            headers.append(HOST, HeaderValue::from_str(value).unwrap());
        }
        for value in origin {
            headers.append(ORIGIN, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(
            judge(
                &headers,
                "https://usher.example:8443",
                &["bastion.lan".to_owned(), "2001:db8::1".to_owned()],
                Some("s3.example"),
            ),
            expected,
            "{host:?} {origin:?}"
        );
    }

    #[test]
    fn foreign_missing_and_doubled_hosts_are_refused() {
        check(&[], &[], Verdict::ForeignHost);
        check(&["evil.example"], &[], Verdict::ForeignHost);
        check(&["127.0.0.1.evil.example"], &[], Verdict::ForeignHost);
        check(&["localhost.evil.example:8480"], &[], Verdict::ForeignHost);
        check(&["192.0.2.1:8480"], &[], Verdict::ForeignHost);
        check(&["www.bastion.lan"], &[], Verdict::ForeignHost);
        check(&["logs.s3.example.evil"], &[], Verdict::ForeignHost);
        check(&["evils3.example"], &[], Verdict::ForeignHost);
        check(&["s3.example"], &[], Verdict::ForeignHost);
        check(&["[2001:db8::2]"], &[], Verdict::ForeignHost);
        check(&["127.0.0.1", "evil.example"], &[], Verdict::ForeignHost);
    }

    #[test]
    fn foreign_origins_are_refused() {
        check(
            &["127.0.0.1:8480"],
            &["https://evil.example"],
            Verdict::ForeignOrigin,
        );
        check(
            &["127.0.0.1:8480"],
            &["http://127.0.0.1:3000"],
            Verdict::ForeignOrigin,
        );
        check(&["127.0.0.1:8480"], &["null"], Verdict::ForeignOrigin);
        check(
            &["127.0.0.1:8480"],
            &["http://127.0.0.1:8480", "null"],
            Verdict::ForeignOrigin,
        );
    }

    #[test]
    fn loopback_names_the_public_name_and_the_configured_ones_are_ours() {
        for host in [
            "127.0.0.1:8480",
            "localhost",
            "[::1]:8480",
            "127.9.9.9",
            "usher.example",
            "USHER.example:8443",
            "bastion.lan",
            "Bastion.LAN:8443",
            "[2001:db8::1]:8443",
            "Logs.s3.example:8443",
            "a.b.s3.example",
        ] {
            check(&[host], &[], Verdict::Ours);
        }
        check(
            &["127.0.0.1:8480"],
            &["http://127.0.0.1:8480"],
            Verdict::Ours,
        );
    }
}
