//! The address of a provider, which is also its name: `https://id.example.com/realm` is `id.example.com/realm` in ARNs
//! and condition keys (IAM user guide, "Create an OpenID Connect identity provider").

use std::fmt;

use http::Uri;

use crate::http::is_loopback;

/// An address that names a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(String);

/// Why an address names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IssuerError {
    /// Not of the form.
    #[error("an issuer is https://HOST[:PORT][/PATH], without query or fragment")]
    Malformed,
    /// Keys that anybody on the way can exchange prove nothing.
    #[error(
        "an issuer is reached by https; plain http is for a provider on this machine's loopback address"
    )]
    Plain,
}

impl Issuer {
    const LONGEST: usize = 255;

    /// Reads the address.
    pub(crate) fn parse(url: &str) -> Result<Self, IssuerError> {
        let uri: Uri = url.parse().map_err(|_| IssuerError::Malformed)?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(IssuerError::Malformed);
        };
        let is_plain = match scheme {
            "https" => false,
            "http" => true,
            _ => return Err(IssuerError::Malformed),
        };
        if is_plain && !is_loopback(host) {
            return Err(IssuerError::Plain);
        }
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
        let name = url
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .unwrap_or_default();
        if url.len() > Self::LONGEST || uri.query().is_some() || !name.bytes().all(in_name) {
            return Err(IssuerError::Malformed);
        }
        Ok(Self(url.to_owned()))
    }

    /// Without the scheme.
    pub(crate) fn name(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, name)| name)
    }

    /// As tokens have it.
    pub(crate) fn url(&self) -> &str {
        &self.0
    }

    /// Where the provider describes itself (OpenID Connect Discovery 1.0, section 4).
    pub(super) fn discovery(&self) -> String {
        let base = self.0.trim_end_matches('/');
        format!("{base}/.well-known/openid-configuration")
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_or_not_safe_is_refused() {
        for url in [
            "",
            "id.example.com",
            "https://",
            "https://id.example.com/?a=b",
            "https://id.example.com/a#b",
            "https://me@id.example.com",
            "https://id.example.com/*",
            "https://id.example.com/${aws:username}",
            "ftp://id.example.com",
        ] {
            assert_eq!(Issuer::parse(url), Err(IssuerError::Malformed), "{url}");
        }
        assert_eq!(
            Issuer::parse("http://id.example.com"),
            Err(IssuerError::Plain)
        );
    }

    #[test]
    fn a_provider_is_named_by_its_address_without_the_scheme() {
        for (url, name) in [
            ("https://id.example.com", "id.example.com"),
            // Some issuers end so, and their tokens say so.
            ("https://id.example.com/", "id.example.com/"),
            (
                "https://id.example.com:8443/realms/a",
                "id.example.com:8443/realms/a",
            ),
            ("http://127.0.0.1:4000", "127.0.0.1:4000"),
        ] {
            assert_eq!(Issuer::parse(url).unwrap().name(), name);
        }
    }
}
