//! The canonical request and the string to sign: byte-exact, no decision taken.

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    ALGORITHM, AmzDate, CredentialScope, PlusRule, Request, UriRule, canonical_query, canonical_uri,
};

/// The canonical request as bytes, since header values need not be UTF-8.
///
/// `signed_headers` are lower-case names in ascending order; one that the request lacks contributes an empty value.
/// `host`, where given, replaces the value of the `host` header (the registration key's signers name the port there).
#[must_use]
pub fn canonical_request(
    request: &Request<'_>,
    signed_headers: &[String],
    uri_rule: UriRule,
    plus_rule: PlusRule,
    host: Option<&str>,
    payload_hash: &str,
) -> Vec<u8> {
    let uri = canonical_uri(request.path, uri_rule);
    let query = canonical_query(request.query, plus_rule);
    let mut out = format!("{}\n{uri}\n{query}\n", request.method).into_bytes();
    for name in signed_headers {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        match host {
            Some(host) if name == "host" => out.extend_from_slice(host.as_bytes()),
            _ => push_values(&mut out, request, name),
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.join(";").as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    out
}

/// The four lines that are signed.
#[must_use]
pub fn string_to_sign(date: AmzDate, scope: &CredentialScope, canonical_request: &[u8]) -> String {
    format!(
        "{ALGORITHM}\n{date}\n{scope}\n{}",
        hex::encode(digest(&SHA256, canonical_request))
    )
}

/// Repeated headers are joined with a comma in the order of arrival; white space is trimmed and runs of it become one space.
fn push_values(out: &mut Vec<u8>, request: &Request<'_>, name: &str) {
    for (index, value) in request.values(name).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let words = value
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word);
        }
    }
}
