//! Addresses that a provider may have: what is fetched from one is worth what the way to it is worth.

use url::{Host, Url};

use super::OpenIdError;

/// Bytes of the longest issuer, as IAM has it.
const LONGEST: usize = 255;

/// The address of a provider: without query and fragment, since it is also its name.
pub(super) fn issuer(text: &str) -> Result<Url, OpenIdError> {
    let refused = || OpenIdError::Address(text.chars().take(LONGEST).collect());
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_name = url.query().is_none() && text.len() <= LONGEST;
    match is_name && is_safe(&url, true) {
        true => Ok(url),
        false => Err(refused()),
    }
}

/// What a provider names in its discovery document: as safe as the provider's own address.
pub(super) fn endpoint(text: &str, of: &Url) -> Result<Url, OpenIdError> {
    let refused = || OpenIdError::Address(text.chars().take(LONGEST).collect());
    let url = Url::parse(text).map_err(|_| refused())?;
    match is_safe(&url, of.scheme() == "http") {
        true => Ok(url),
        false => Err(refused()),
    }
}

fn is_safe(url: &Url, may_be_plain: bool) -> bool {
    let is_reached_safely = match url.scheme() {
        "https" => url.has_host(),
        "http" => may_be_plain && is_loopback(url),
        _ => false,
    };
    is_reached_safely
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_that_others_could_answer_for_is_refused() {
        for text in [
            "",
            "id.example.com",
            "http://id.example.com",
            "http://127.0.0.1.example.com",
            "ftp://id.example.com",
            "https://me@id.example.com",
            "https://id.example.com/?realm=a",
            "https://id.example.com/#a",
            "file:///etc/passwd",
        ] {
            assert!(issuer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn https_and_this_machines_loopback_are_good() {
        for text in [
            "https://id.example.com/realms/a",
            "http://127.0.0.1:4000",
            "http://[::1]:4000/a",
            "http://localhost:4000",
        ] {
            assert!(issuer(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_provider_on_https_names_nothing_on_plain_http() {
        let far = issuer("https://id.example.com").unwrap();
        assert!(endpoint("http://127.0.0.1:1/token", &far).is_err());
        assert!(endpoint("https://id.example.com/token?tenant=a", &far).is_ok());
        let near = issuer("http://127.0.0.1:1").unwrap();
        assert!(endpoint("http://127.0.0.1:1/token", &near).is_ok());
        assert!(endpoint("http://id.example.com/token", &near).is_err());
    }
}
