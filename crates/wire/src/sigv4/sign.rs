//! The client's half: which headers to add so that a request is signed.
//!
//! Signed are `host`, `content-type`, `content-md5`, `range` and every `x-amz-*`: what gives the request its meaning.
//! The rest is left out because proxies and HTTP libraries rewrite it.

use super::key::signature;
use super::{
    ALGORITHM, AmzDate, CredentialScope, PlusRule, Request, SigV4Error, UriRule, canonical_request,
    payload_hash, string_to_sign,
};
use crate::secret::Secret;

/// Whose key signs.
#[derive(Debug, Clone)]
pub struct SigningCredentials {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret: Secret,
    /// Goes into `X-Amz-Security-Token`; temporary keys have one.
    pub session_token: Option<Secret>,
}

/// What the signature is to be good for.
#[derive(Debug, Clone, Copy)]
pub struct SigningScope<'a> {
    /// The caller's configured region.
    pub region: &'a str,
    /// `ssm`, `ssmmessages` (create-channel calls and WebSocket upgrades), `iam`, `sts`, `kms`, `logs`, `s3`.
    pub service: &'a str,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
}

/// Lower-case names and values.
pub type AddedHeaders = Vec<(&'static str, String)>;

/// The headers to add to `request` before it is sent: `x-amz-date`, `x-amz-security-token` for temporary keys,
/// `x-amz-content-sha256` for S3, and `authorization`. None of them may be in the request already.
///
/// # Errors
/// [`SigV4Error::MissingHost`] without a `Host` header, [`SigV4Error::DuplicateHeader`] where one to be added exists.
pub fn sign(
    request: &Request<'_>,
    credentials: &SigningCredentials,
    scope: &SigningScope<'_>,
) -> Result<AddedHeaders, SigV4Error> {
    let token = credentials.session_token.as_ref().map(Secret::expose);
    let draft = Draft::new(request, token, scope)?;
    let tag = signature(&credentials.secret, &draft.scope, draft.text.as_bytes());
    Ok(draft.finish(&credentials.access_key_id, &hex::encode(tag)))
}

/// A request up to the point where the two kinds of key part.
pub(super) struct Draft {
    added: AddedHeaders,
    names: Vec<String>,
    scope: CredentialScope,
    /// The string to sign.
    pub(super) text: String,
}

impl Draft {
    pub(super) fn new(
        request: &Request<'_>,
        session_token: Option<&str>,
        scope: &SigningScope<'_>,
    ) -> Result<Self, SigV4Error> {
        if request.single("host")?.is_none() {
            return Err(SigV4Error::MissingHost);
        }
        let date = AmzDate::from_unix_ms(scope.now_ms);
        let hash = payload_hash(request.body);
        let mut added = vec![("x-amz-date", date.to_string())];
        if let Some(token) = session_token {
            added.push(("x-amz-security-token", token.to_owned()));
        }
        if scope.service == "s3" {
            added.push(("x-amz-content-sha256", hash.clone()));
        }
        for name in added.iter().map(|(name, _)| *name).chain(["authorization"]) {
            if request.values(name).next().is_some() {
                return Err(SigV4Error::DuplicateHeader(name));
            }
        }
        let given = request.headers.iter().copied();
        let headers: Vec<(&str, &[u8])> = given
            .chain(added.iter().map(|(name, value)| (*name, value.as_bytes())))
            .collect();
        let request = Request {
            headers: &headers,
            ..*request
        };
        let names = names_to_sign(&request);
        let uri_rule = UriRule::of_service(scope.service);
        let canonical = canonical_request(&request, &names, uri_rule, PlusRule::Plus, None, &hash);
        let scope = CredentialScope::new(date.day(), scope.region, scope.service);
        let text = string_to_sign(date, &scope, &canonical);
        Ok(Self {
            added,
            names,
            scope,
            text,
        })
    }

    pub(super) fn finish(mut self, key_id: &str, signature: &str) -> AddedHeaders {
        let (scope, names) = (self.scope, self.names.join(";"));
        let value = format!(
            "{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        self.added.push(("authorization", value));
        self.added
    }
}

fn names_to_sign(request: &Request<'_>) -> Vec<String> {
    let mut names: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.retain(|name| {
        matches!(
            name.as_str(),
            "host" | "content-type" | "content-md5" | "range"
        ) || name.starts_with("x-amz-")
    });
    names.sort();
    names.dedup();
    names
}
