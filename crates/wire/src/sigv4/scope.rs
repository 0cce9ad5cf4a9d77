//! The credential scope `yyyymmdd/region/service/aws4_request`: what a signing key is good for.

use std::fmt;

use super::{SigV4Error, TERMINATOR};

/// Day, region and service a signature is limited to. `Display` is the form that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScope {
    day: String,
    region: String,
    service: String,
}

impl CredentialScope {
    pub(super) fn new(day: String, region: &str, service: &str) -> Self {
        Self {
            day,
            region: region.to_owned(),
            service: service.to_owned(),
        }
    }

    /// Splits `keyid/yyyymmdd/region/service/aws4_request` into the key id and its scope.
    pub(super) fn parse_credential(credential: &str) -> Result<(String, Self), SigV4Error> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [key_id, day, region, service, terminator] = parts.as_slice() else {
            return Err(SigV4Error::MalformedCredential);
        };
        if [key_id, day, region, service]
            .iter()
            .any(|part| part.is_empty())
        {
            return Err(SigV4Error::MalformedCredential);
        }
        if *terminator != TERMINATOR {
            return Err(SigV4Error::WrongScopeTerminator);
        }
        Ok((
            (*key_id).to_owned(),
            Self::new((*day).to_owned(), region, service),
        ))
    }

    /// `yyyymmdd`, as written by the signer.
    #[must_use]
    pub fn day(&self) -> &str {
        &self.day
    }

    /// The region the signer was configured for; IAM and STS included, where AWS's own endpoints pin one.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service name, such as `ssm` or `ssmmessages`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }
}

impl fmt::Display for CredentialScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{TERMINATOR}",
            self.day, self.region, self.service
        )
    }
}
