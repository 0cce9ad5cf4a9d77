//! The presigned form: everything the `Authorization` header says, in the query, good until a given time.
//!
//! Whoever has the address has the right, so nothing in it may be read in two ways: every parameter stands once, and the
//! signature covers all of the query but itself (botocore `auth.py`, `SigV4QueryAuth`).

use super::authorization::{Signature, parse_signed_headers};
use super::uri::decoded;
use super::verify::skew_minutes;
use super::{
    ALGORITHM, AmzDate, Authorization, CredentialScope, Expectation, PlusRule, SigV4Error,
};

/// One week, the longest a presigned request may be good for.
const MAX_EXPIRY: u64 = 604_800;

const SIGNATURE: &str = "X-Amz-Signature";

/// What only the presigned form has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presigned {
    /// When it was signed.
    pub(super) date: AmzDate,
    /// Seconds from then for which it is good.
    expires: u64,
    /// `X-Amz-Security-Token`, which belongs to a temporary key.
    pub(super) session_token: Option<String>,
}

/// The parameters of a presigned query, decoded; each at most once.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    algorithm: Option<String>,
    credential: Option<String>,
    date: Option<String>,
    expires: Option<String>,
    signed_headers: Option<String>,
    session_token: Option<String>,
    signature: Option<String>,
}

impl Presigned {
    /// The parameters, if the query claims to be signed.
    pub(super) fn parameters(query: &str) -> Result<Option<Parameters>, SigV4Error> {
        let mut found = Parameters::default();
        let mut is_signed = false;
        for (key, value) in pairs(query) {
            let (slot, name) = match key.as_slice() {
                b"X-Amz-Algorithm" => (&mut found.algorithm, "X-Amz-Algorithm"),
                b"X-Amz-Credential" => (&mut found.credential, "X-Amz-Credential"),
                b"X-Amz-Date" => (&mut found.date, "X-Amz-Date"),
                b"X-Amz-Expires" => (&mut found.expires, "X-Amz-Expires"),
                b"X-Amz-SignedHeaders" => (&mut found.signed_headers, "X-Amz-SignedHeaders"),
                b"X-Amz-Security-Token" => (&mut found.session_token, "X-Amz-Security-Token"),
                b"X-Amz-Signature" => (&mut found.signature, SIGNATURE),
                _ => continue,
            };
            is_signed |= name == SIGNATURE || name == "X-Amz-Algorithm";
            let value = decoded(value, PlusRule::Space);
            let value =
                String::from_utf8(value).map_err(|_| SigV4Error::UnreadableQueryParameter(name))?;
            if slot.replace(value).is_some() {
                return Err(SigV4Error::DuplicateQueryParameter(name));
            }
        }
        Ok(is_signed.then_some(found))
    }

    /// Refuses before the signing time and after the expiry. Clocks may differ only on the near side: who presigned
    /// chose the expiry, not the skew.
    pub(super) fn check_clock(&self, expected: &Expectation<'_>) -> Result<(), SigV4Error> {
        let now = AmzDate::from_unix_ms(expected.now_ms);
        let skew_minutes = skew_minutes(expected.service);
        let limit = now.later_by(skew_minutes * 60);
        if self.date > limit {
            return Err(SigV4Error::NotYetCurrent {
                signed: self.date,
                limit,
                now,
                skew_minutes,
            });
        }
        let until = self.date.later_by(self.expires);
        if until < now {
            return Err(SigV4Error::PresignedExpired { until, now });
        }
        Ok(())
    }
}

impl Authorization {
    /// Reads the presigned form.
    pub(super) fn from_query(query: &Parameters) -> Result<Self, SigV4Error> {
        let needed = |value: &'_ Option<String>, name: &'static str| {
            value.clone().ok_or(SigV4Error::MissingQueryParameter(name))
        };
        if needed(&query.algorithm, "X-Amz-Algorithm")? != ALGORITHM {
            return Err(SigV4Error::UnsupportedAlgorithm);
        }
        let credential = needed(&query.credential, "X-Amz-Credential")?;
        let date = needed(&query.date, "X-Amz-Date")?;
        let expires = needed(&query.expires, "X-Amz-Expires")?;
        let signed_headers = needed(&query.signed_headers, "X-Amz-SignedHeaders")?;
        let signature = Signature::parse(&needed(&query.signature, SIGNATURE)?)?;
        // Registration keys sign headers only.
        if !matches!(signature, Signature::Hmac(_)) {
            return Err(SigV4Error::MalformedSignature);
        }

        let (access_key_id, scope) = CredentialScope::parse_credential(&credential)?;
        let is_number = expires.bytes().all(|byte| byte.is_ascii_digit());
        let expires = expires.parse().ok().filter(|_| is_number);
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: parse_signed_headers(&signed_headers)?,
            signature,
            presigned: Some(Presigned {
                date: AmzDate::parse_basic(&date).ok_or(SigV4Error::MalformedDate)?,
                expires: expires
                    .filter(|seconds| (1..=MAX_EXPIRY).contains(seconds))
                    .ok_or(SigV4Error::MalformedExpiry)?,
                session_token: query.session_token.clone(),
            }),
        })
    }
}

/// The query as it was signed.
pub(super) fn without_signature(query: &str) -> String {
    let signed: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
            decoded(key, PlusRule::Space) != SIGNATURE.as_bytes()
        })
        .collect();
    signed.join("&")
}

fn pairs(query: &str) -> impl Iterator<Item = (Vec<u8>, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key, PlusRule::Space), value)
        })
}
