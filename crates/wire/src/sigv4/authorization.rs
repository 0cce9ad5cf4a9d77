//! The `Authorization` header, or the query that stands in for it, read and not yet believed.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::presigned::Presigned;
use super::{ALGORITHM, CredentialScope, Request, SigV4Error};

/// What stands after `Signature=`. The two shapes cannot be mistaken for one another: 64 hexadecimal digits would be
/// base64 for 48 bytes, and no registration key signs in fewer than 256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// HMAC-SHA-256, made with a secret access key.
    Hmac([u8; 32]),
    /// RSASSA-PSS, made with a node's registration key (amazon-ssm-agent `agent/ssm/rsaauth`).
    Rsa(Vec<u8>),
}

/// What a request says about who signed it. Nothing in it is proven; [`Authorization::check`] is the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub(super) access_key_id: String,
    pub(super) scope: CredentialScope,
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: Signature,
    /// What a presigned query says besides; none where the header is signed.
    pub(super) presigned: Option<Presigned>,
}

impl Authorization {
    /// Reads the header of `request`, or its presigned query.
    ///
    /// # Errors
    /// [`SigV4Error::MissingAuthentication`] where there is neither; otherwise the first thing about it that is not as
    /// Signature Version 4 has it.
    pub fn from_request(request: &Request<'_>) -> Result<Self, SigV4Error> {
        let query = Presigned::parameters(request.query)?;
        match (request.single("authorization")?, query) {
            (Some(value), None) => Self::parse(value),
            (None, Some(query)) => Self::from_query(&query),
            (Some(_), Some(_)) => Err(SigV4Error::SignedTwice),
            (None, None) => Err(SigV4Error::MissingAuthentication),
        }
    }

    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// As [`Authorization::from_request`].
    pub fn parse(value: &str) -> Result<Self, SigV4Error> {
        let parameters = value
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
            .ok_or(SigV4Error::UnsupportedAlgorithm)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        // Commas cannot occur inside a value, base64 signatures included, so this split is exact; `=` and `/` can,
        // hence only the first `=` separates.
        for parameter in parameters.split(',') {
            let (name, value) = parameter
                .trim()
                .split_once('=')
                .ok_or(SigV4Error::UnknownParameter)?;
            let (slot, name) = match name {
                "Credential" => (&mut credential, "Credential"),
                "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
                "Signature" => (&mut signature, "Signature"),
                _ => return Err(SigV4Error::UnknownParameter),
            };
            if slot.replace(value).is_some() {
                return Err(SigV4Error::DuplicateParameter(name));
            }
        }
        let credential = credential.ok_or(SigV4Error::MissingParameter("Credential"))?;
        let signed_headers = signed_headers.ok_or(SigV4Error::MissingParameter("SignedHeaders"))?;
        let signature = signature.ok_or(SigV4Error::MissingParameter("Signature"))?;

        let (access_key_id, scope) = CredentialScope::parse_credential(credential)?;
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: parse_signed_headers(signed_headers)?,
            signature: Signature::parse(signature)?,
            presigned: None,
        })
    }

    /// The access key id, or the node id where a registration key signed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Day, region and service as the signer wrote them.
    #[must_use]
    pub fn scope(&self) -> &CredentialScope {
        &self.scope
    }

    /// Lower-case names in ascending order.
    #[must_use]
    pub fn signed_headers(&self) -> &[String] {
        &self.signed_headers
    }

    /// Whether a node's registration key is claimed to have signed.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        matches!(self.signature, Signature::Rsa(_))
    }
}

impl Signature {
    pub(super) fn parse(text: &str) -> Result<Self, SigV4Error> {
        let lower_hex = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 64 && lower_hex {
            let mut tag = [0; 32];
            hex::decode_to_slice(text, &mut tag).map_err(|_| SigV4Error::MalformedSignature)?;
            return Ok(Self::Hmac(tag));
        }
        match STANDARD.decode(text) {
            // 2048 to 8192 bits: the sizes that are verified at all.
            Ok(bytes) if (256..=1024).contains(&bytes.len()) => Ok(Self::Rsa(bytes)),
            _ => Err(SigV4Error::MalformedSignature),
        }
    }
}

pub(super) fn parse_signed_headers(text: &str) -> Result<Vec<String>, SigV4Error> {
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    let well_formed = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    };
    let ascending = names
        .iter()
        .zip(names.iter().skip(1))
        .all(|(left, right)| left < right);
    if ascending && names.iter().all(well_formed) {
        Ok(names)
    } else {
        Err(SigV4Error::MalformedSignedHeaders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    fn check(value: &str, expected: SigV4Error) {
        assert_eq!(Authorization::parse(value), Err(expected), "{value}");
    }

    #[test]
    fn headers_that_are_not_signature_version_4_are_refused() {
        check("Bearer abc", SigV4Error::UnsupportedAlgorithm);
        check("AWS4-HMAC-SHA256", SigV4Error::UnsupportedAlgorithm);
        check(
            "AWS4-HMAC-SHA256X Credential=a",
            SigV4Error::UnsupportedAlgorithm,
        );
        check("AWS4-HMAC-SHA256 ", SigV4Error::UnknownParameter);
        check(
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request,",
            SigV4Error::UnknownParameter,
        );
        check(
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, Nonce=1",
            SigV4Error::UnknownParameter,
        );
    }

    #[test]
    fn each_missing_or_doubled_parameter_is_named() {
        let (credential, names, signature) = (
            "Credential=A/20150830/r/ssm/aws4_request",
            "SignedHeaders=host",
            format!("Signature={HEX}"),
        );
        check(
            &format!("{ALGORITHM} {names}, {signature}"),
            SigV4Error::MissingParameter("Credential"),
        );
        check(
            &format!("{ALGORITHM} {credential}, {signature}"),
            SigV4Error::MissingParameter("SignedHeaders"),
        );
        check(
            &format!("{ALGORITHM} {credential}, {names}"),
            SigV4Error::MissingParameter("Signature"),
        );
        check(
            &format!("{ALGORITHM} {credential}, {names}, {signature}, {signature}"),
            SigV4Error::DuplicateParameter("Signature"),
        );
    }

    #[test]
    fn malformed_values_are_refused() {
        let with = |credential: &str, names: &str, signature: &str| {
            format!(
                "{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
            )
        };
        let credential = "A/20150830/r/ssm/aws4_request";
        check(
            &with("A/20150830/r/ssm", "host", HEX),
            SigV4Error::MalformedCredential,
        );
        check(
            &with("A/B/20150830/r/ssm/aws4_request", "host", HEX),
            SigV4Error::MalformedCredential,
        );
        check(
            &with("/20150830/r/ssm/aws4_request", "host", HEX),
            SigV4Error::MalformedCredential,
        );
        check(
            &with("A/20150830/r/ssm/aws5_request", "host", HEX),
            SigV4Error::WrongScopeTerminator,
        );
        for names in [
            "",
            "Host",
            "x-amz-date;host",
            "host;host",
            "host;",
            "host; x-amz-date",
        ] {
            check(
                &with(credential, names, HEX),
                SigV4Error::MalformedSignedHeaders,
            );
        }
        for signature in [
            "",
            "00",
            &HEX.to_uppercase(),
            &HEX[1..],
            &format!("{HEX}00"),
            "!!!!",
        ] {
            check(
                &with(credential, "host", signature),
                SigV4Error::MalformedSignature,
            );
        }
    }

    #[test]
    fn both_separators_and_both_signature_shapes_are_read() {
        for separator in [", ", ","] {
            let text = format!(
                "{ALGORITHM} Credential=AKIA/20150830/home-1/ssm/aws4_request{separator}\
                 SignedHeaders=host;x-amz-date{separator}Signature={HEX}"
            );
            let read = Authorization::parse(&text).unwrap();
            assert_eq!(read.access_key_id(), "AKIA");
            assert_eq!(read.scope().to_string(), "20150830/home-1/ssm/aws4_request");
            assert_eq!(read.signed_headers(), ["host", "x-amz-date"]);
            assert!(!read.is_rsa());
        }
        // 0xfb bytes make a base64 text of `+` and `/` with padding at its end.
        let base64 = STANDARD.encode([0xfb; 256]);
        assert!(
            base64.contains('/') && base64.contains('+') && base64.ends_with('='),
            "{base64}"
        );
        let text = format!(
            "{ALGORITHM} Credential=mi-0/20150830/r/ssm/aws4_request, SignedHeaders=host, Signature={base64}"
        );
        assert_eq!(
            Authorization::parse(&text).unwrap().signature,
            Signature::Rsa(vec![0xfb; 256])
        );
    }
}
