//! Why a request is not accepted as signed by the holder of the key it names.
//!
//! `Display` is the sentence AWS sends; [`Fault`] is what a service turns into its own error code and status. No
//! variant carries the expected signature, the canonical request or any part of a secret.

use super::AmzDate;

/// Which of the four AWS answers a [`SigV4Error`] becomes (the codes differ per protocol).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No signature at all: `MissingAuthenticationToken[Exception]`.
    Missing,
    /// The header cannot be read: `IncompleteSignature[Exception]`.
    Incomplete,
    /// The clocks disagree: `InvalidSignatureException`, `SignatureDoesNotMatch` or S3's `RequestTimeTooSkewed`.
    Clock,
    /// Readable and wrong: `InvalidSignatureException` or `SignatureDoesNotMatch`.
    Invalid,
}

/// A request that was refused, named by the first rule it broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigV4Error {
    #[error("Missing Authentication Token")]
    MissingAuthentication,
    #[error(
        "Unsupported AWS 'algorithm': the Authorization header must start with AWS4-HMAC-SHA256."
    )]
    UnsupportedAlgorithm,
    #[error(
        "The request is signed twice, in the Authorization header and in the query; one of them must go."
    )]
    SignedTwice,
    #[error("Query-string authentication requires the parameter '{0}'.")]
    MissingQueryParameter(&'static str),
    #[error("The query carries the parameter '{0}' more than once.")]
    DuplicateQueryParameter(&'static str),
    #[error("The query parameter '{0}' holds characters that are not text.")]
    UnreadableQueryParameter(&'static str),
    #[error("X-Amz-Expires must be a number of seconds from 1 to 604800 (one week).")]
    MalformedExpiry,
    #[error("Authorization header requires '{0}' parameter.")]
    MissingParameter(&'static str),
    #[error("Authorization header has the '{0}' parameter more than once.")]
    DuplicateParameter(&'static str),
    #[error(
        "Authorization header has a part that is neither Credential, SignedHeaders nor Signature."
    )]
    UnknownParameter,
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
    )]
    MalformedCredential,
    #[error(
        "Signature must be 64 lower-case hexadecimal digits, or base64 where a registration key signs."
    )]
    MalformedSignature,
    #[error("SignedHeaders must be lower-case header names in ascending order, each once.")]
    MalformedSignedHeaders,
    #[error("The request carries the header '{0}' more than once.")]
    DuplicateHeader(&'static str),
    #[error("The header '{0}' holds characters that are not text.")]
    UnreadableHeader(&'static str),
    #[error("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")]
    MissingDate,
    #[error("Date must be in ISO-8601 'basic format', as in 20151231T235959Z.")]
    MalformedDate,
    #[error("The request has no Host header to sign.")]
    MissingHost,

    #[error("Credential should be scoped with a valid terminator: 'aws4_request'.")]
    WrongScopeTerminator,
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{header}'."
    )]
    WrongScopeDate { scope: String, header: String },
    #[error("Credential should be scoped to correct service: '{expected}'.")]
    WrongScopeService { expected: String },
    #[error("Credential should be scoped to a valid region, not '{found}'.")]
    WrongScopeRegion { found: String },

    #[error(
        "Signature expired: {signed} is now earlier than {limit} ({now} - {skew_minutes} min.)"
    )]
    Expired {
        signed: AmzDate,
        limit: AmzDate,
        now: AmzDate,
        skew_minutes: u64,
    },
    #[error("Signature expired: the presigned request was good until {until}, and it is {now}.")]
    PresignedExpired { until: AmzDate, now: AmzDate },
    #[error(
        "Signature not yet current: {signed} is still later than {limit} ({now} + {skew_minutes} min.)"
    )]
    NotYetCurrent {
        signed: AmzDate,
        limit: AmzDate,
        now: AmzDate,
        skew_minutes: u64,
    },

    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    UnsignedHeader(String),
    #[error("The signed header '{0}' is not in the request.")]
    SignedHeaderAbsent(String),
    #[error("The value of x-amz-content-sha256 is not the SHA-256 of the body.")]
    PayloadMismatch,
    #[error(
        "The payload must be signed: this service, or a connection without TLS, does not take UNSIGNED-PAYLOAD."
    )]
    UnsignedPayloadRefused,
    #[error("Bodies in chunks are not accepted here; sign the whole payload.")]
    StreamingPayloadRefused,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    SignatureMismatch,
    #[error("The registration key could not be used to sign.")]
    RegistrationKeyUnusable,
}

impl SigV4Error {
    /// The kind of answer this refusal becomes.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::MissingAuthentication => Fault::Missing,
            Self::UnsupportedAlgorithm
            | Self::SignedTwice
            | Self::MissingQueryParameter(_)
            | Self::DuplicateQueryParameter(_)
            | Self::UnreadableQueryParameter(_)
            | Self::MalformedExpiry
            | Self::MissingParameter(_)
            | Self::DuplicateParameter(_)
            | Self::UnknownParameter
            | Self::MalformedCredential
            | Self::MalformedSignature
            | Self::MalformedSignedHeaders
            | Self::DuplicateHeader(_)
            | Self::UnreadableHeader(_)
            | Self::MissingDate
            | Self::MalformedDate
            | Self::MissingHost => Fault::Incomplete,
            Self::Expired { .. } | Self::PresignedExpired { .. } | Self::NotYetCurrent { .. } => {
                Fault::Clock
            }
            Self::WrongScopeTerminator
            | Self::WrongScopeDate { .. }
            | Self::WrongScopeService { .. }
            | Self::WrongScopeRegion { .. }
            | Self::UnsignedHeader(_)
            | Self::SignedHeaderAbsent(_)
            | Self::PayloadMismatch
            | Self::UnsignedPayloadRefused
            | Self::StreamingPayloadRefused
            | Self::SignatureMismatch
            | Self::RegistrationKeyUnusable => Fault::Invalid,
        }
    }
}
