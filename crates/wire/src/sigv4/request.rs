//! The parts of an HTTP request that a signature covers, as they stand on the wire.
//!
//! Borrowed and raw on purpose: a decoded path or a merged header is no longer what the signer saw.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use super::SigV4Error;

/// One request, exactly as sent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Path of the request line, still percent-encoded.
    pub path: &'a str,
    /// What follows the `?`, still percent-encoded; empty where there is none.
    pub query: &'a str,
    /// Every header in the order of arrival, repeated ones repeated; names in any case. Must hold `Host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body, after any transfer encoding.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// All values of a header, in order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The value of a header that must not be repeated: two readers could pick different ones.
    pub(super) fn single(&self, name: &'static str) -> Result<Option<&'a str>, SigV4Error> {
        let mut values = self.values(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(SigV4Error::DuplicateHeader(name));
        }
        let text = std::str::from_utf8(value).map_err(|_| SigV4Error::UnreadableHeader(name))?;
        Ok(Some(text.trim_matches([' ', '\t'])))
    }
}

/// Headers and body carry session tokens and activation codes; only the request line is shown, without its query.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.path)
    }
}

/// Lower-case hexadecimal SHA-256 of a body, the form of `X-Amz-Content-SHA256`.
#[must_use]
pub fn payload_hash(body: &[u8]) -> String {
    hex::encode(digest(&SHA256, body))
}
