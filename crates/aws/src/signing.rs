//! Who a call is from, and the headers that prove it. The signature itself is `usher-wire`'s.

use aws_lc_rs::rsa::KeyPair;
use http::{HeaderMap, HeaderName, HeaderValue};
use usher_wire::ids::NodeId;
use usher_wire::sigv4::{self, SigV4Error, SigningScope};

use crate::Credentials;

/// Who a call is from.
#[derive(Debug, Clone, Copy)]
pub enum Identity<'a> {
    /// Nobody: registering against an activation is authorised by its code alone.
    Anonymous,
    /// The holder of an access key.
    Keys(&'a Credentials),
    /// A node by its registration key: only for `RequestManagedInstanceRoleToken` and `UpdateManagedInstancePublicKey`.
    Registration {
        /// The node.
        node: &'a NodeId,
        /// Its RSA key.
        key: &'a KeyPair,
    },
}

/// Why a request could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The request or the key does not allow it.
    #[error("the request cannot be signed: {0}")]
    Refused(#[from] SigV4Error),
    /// A session token with a line break, for example.
    #[error("the credentials hold characters that no header can carry")]
    UnwritableCredentials,
}

/// A request before it is signed, exactly as it will be sent.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) wall_ms: u64,
}

/// The headers to add to `unsigned`; none for [`Identity::Anonymous`].
pub(crate) fn sign(
    identity: Identity<'_>,
    unsigned: &Unsigned<'_>,
) -> Result<HeaderMap, SigningError> {
    let headers: Vec<(&str, &[u8])> = std::iter::once(("host", unsigned.authority))
        .chain(unsigned.headers.iter().copied())
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    let request = sigv4::Request {
        method: unsigned.method,
        path: unsigned.path,
        query: unsigned.query,
        headers: &headers,
        body: unsigned.body,
    };
    let scope = SigningScope {
        region: unsigned.region,
        service: unsigned.service,
        now_ms: unsigned.wall_ms,
    };
    let added = match identity {
        Identity::Anonymous => Vec::new(),
        Identity::Keys(credentials) => sigv4::sign(&request, &credentials.to_signing(), &scope)?,
        Identity::Registration { node, key } => {
            sigv4::sign_rsa(&request, node.as_str(), key, &scope)?
        }
    };
    let mut signed = HeaderMap::new();
    for (name, value) in added {
        let mut value =
            HeaderValue::from_str(&value).map_err(|_| SigningError::UnwritableCredentials)?;
        value.set_sensitive(true);
        signed.insert(HeaderName::from_static(name), value);
    }
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNSIGNED: Unsigned<'static> = Unsigned {
        method: "POST",
        authority: "127.0.0.1:8480",
        path: "/",
        query: "",
        headers: &[
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonSSM.Any"),
        ],
        body: b"{}",
        region: "usher-1",
        service: "ssm",
        wall_ms: 1_700_000_000_000,
    };

    #[test]
    fn a_token_no_header_can_carry_is_refused_without_being_shown() {
        let mut credentials = Credentials::long_term("AKIA", "secret");
        credentials.session_token = Some("line\nbreak".into());
        let error = sign(Identity::Keys(&credentials), &UNSIGNED).unwrap_err();
        assert_eq!(error, SigningError::UnwritableCredentials);
        assert!(!error.to_string().contains("line"));
    }

    #[test]
    fn anonymous_calls_carry_no_authorization() {
        assert!(sign(Identity::Anonymous, &UNSIGNED).unwrap().is_empty());
    }

    #[test]
    fn what_gives_a_call_its_meaning_is_signed() {
        let mut credentials = Credentials::long_term("AKIA", "secret");
        credentials.session_token = Some("token".into());
        let headers = sign(Identity::Keys(&credentials), &UNSIGNED).unwrap();
        let authorization = headers.get("authorization").unwrap().to_str().unwrap();
        assert!(
            authorization.contains("Credential=AKIA/20231114/usher-1/ssm/aws4_request"),
            "{authorization}"
        );
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
        assert!(authorization.contains(names), "{authorization}");
    }

    #[test]
    fn registration_keys_sign_with_the_node_as_key_id() {
        let key = KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        let headers = sign(
            Identity::Registration {
                node: &node,
                key: &key,
            },
            &UNSIGNED,
        )
        .unwrap();
        let authorization = headers.get("authorization").unwrap().to_str().unwrap();
        assert!(
            authorization.contains("Credential=mi-0123456789abcdef0/"),
            "{authorization}"
        );
    }
}
