//! What a refused or failed call looks like from outside and inside.
//!
//! Owns one invariant: the caller sees an AWS code and a message made for the caller; what went
//! wrong inside us goes to the log only. Knows how each protocol spells the common codes
//! (control-plane.md 1.3). Must not know HTTP bodies: `http::answer` renders.

use http::StatusCode;

use crate::api::{Ec2Code, InventoryCode, KmsCode, LogsCode, ParameterCode};

/// The answer formats of the control plane, S3's apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// awsJson1_1: SSM.
    Json,
    /// awsQuery: IAM, STS.
    Query,
    /// ec2Query: EC2, whose lists and errors are written in a way of their own.
    Ec2,
}

/// Why a call was refused, in AWS's vocabulary. The first group is spelled differently by each
/// protocol; the rest belong to one service and have one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// No `Authorization` header on a call that needs one.
    MissingAuthenticationToken,
    /// `Authorization` or its date cannot be parsed, or does not cover what it must.
    IncompleteSignature,
    /// Unknown access key, or a temporary key whose session token is missing or wrong.
    UnknownAccessKey,
    /// The signature is wrong, or its date is more than five minutes away.
    SignatureMismatch,
    /// The session token of a temporary key has expired.
    ExpiredToken,
    /// No policy allows it, or one denies it.
    AccessDenied,
    /// We do not serve this operation.
    UnknownOperation,
    /// The body is not what the protocol asks for.
    MalformedInput,
    /// A member breaks its constraint.
    Validation,
    /// The body is larger than we read.
    TooLarge,
    /// Too much at one time; the same call may succeed later.
    Throttled,
    /// Our fault.
    Internal,

    /// SSM: no such document, or not one of type Session.
    InvalidDocument,
    /// SSM: the content breaks the schema.
    InvalidDocumentContent,
    /// SSM: `schemaVersion` is not one we know.
    InvalidDocumentSchemaVersion,
    /// SSM: no such version, or not one that may be updated.
    InvalidDocumentVersion,
    /// SSM: the operation is not possible on this document.
    InvalidDocumentOperation,
    /// SSM: the name is taken.
    DocumentAlreadyExists,
    /// SSM: an existing version has the same content.
    DuplicateDocumentContent,
    /// SSM: an existing version has the same version name.
    DuplicateDocumentVersionName,
    /// SSM: more than 1000 versions.
    DocumentVersionLimitExceeded,
    /// SSM: content above 64 KiB.
    MaxDocumentSizeExceeded,
    /// The request did not arrive whole; AWS's clients send it again.
    RequestTimeout,
    /// SSM: the target has no control channel, or does not exist.
    TargetNotConnected,
    /// SSM: no such session.
    DoesNotExist,
    /// SSM: a filter key the operation does not know.
    InvalidFilterKey,
    /// SSM: a filter value outside its set.
    InvalidInstanceInformationFilterValue,
    /// SSM: the page token is not one of ours.
    InvalidNextToken,
    /// SSM: a filter the operation does not know.
    InvalidFilter,
    /// SSM: no such activation.
    InvalidActivationId,
    /// SSM: no such node.
    InvalidInstanceId,
    /// SSM: a kind of resource that has no tags here.
    InvalidResourceType,
    /// SSM: no such resource.
    InvalidResourceId,
    /// SSM: more tags than a resource can have.
    TooManyTags,
    /// SSM: activation id and code do not fit, are used up or have expired.
    InvalidActivation,
    /// SSM: members that do not fit together, or a role that does not exist.
    InvalidParameters,
    /// SSM: the node's fingerprint is not the registered one.
    MachineFingerprintDoesNotMatch,

    /// SSM: one that only Parameter Store has.
    Parameter(ParameterCode),
    /// SSM: one that only the inventory has.
    Inventory(InventoryCode),
    /// KMS: one of its own.
    Kms(KmsCode),
    /// CloudWatch Logs: one of its own.
    Logs(LogsCode),
    /// EC2: one of its own.
    Ec2(Ec2Code),

    /// CloudTrail: an attribute it does not know, or more than one.
    InvalidLookupAttributes,
    /// CloudTrail: the page token is not one of ours.
    InvalidLookupToken,
    /// CloudTrail: a page larger than 50 or smaller than 1.
    InvalidMaxResults,
    /// CloudTrail: an end before its beginning.
    InvalidTimeRange,
    /// CloudTrail: a category it does not know.
    InvalidEventCategory,
    /// CloudTrail: there is one trail, and this is not its name.
    TrailNotFound,

    /// IAM: no such user, key or policy.
    NoSuchEntity,
    /// IAM: the name is taken.
    EntityAlreadyExists,
    /// IAM: a quota is reached.
    LimitExceeded,
    /// IAM: the entity still has something attached.
    DeleteConflict,
    /// IAM: the entity comes with the service and cannot be changed.
    UnmodifiableEntity,
    /// IAM: the policy text is not a policy we can decide on.
    MalformedPolicyDocument,
    /// IAM: a tag or member we refuse.
    InvalidInput,
    /// STS: session policies are too long.
    PackedPolicyTooLarge,
    /// STS: the token of an identity provider proves nothing here.
    InvalidIdentityToken,
    /// STS: the token of an identity provider has expired.
    ExpiredIdentityToken,
    /// STS: what the token says cannot be taken over.
    IdpRejectedClaim,
    /// STS: the identity provider does not answer as it should.
    IdpCommunicationError,
}

/// By name and by status, AWS's clients know it as one to repeat (botocore `retries/standard.py`).
const CUT_OFF: (&str, StatusCode) = ("RequestTimeoutException", StatusCode::REQUEST_TIMEOUT);

impl Code {
    /// The code's spelling and HTTP status in `protocol`.
    pub(crate) fn spelling(self, protocol: Protocol) -> (&'static str, StatusCode) {
        match protocol {
            Protocol::Json => self.in_json(),
            Protocol::Query => self.in_query(),
            Protocol::Ec2 => self.in_ec2(),
        }
    }

    fn in_json(self) -> (&'static str, StatusCode) {
        let name = match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::UnknownAccessKey => "UnrecognizedClientException",
            Self::SignatureMismatch => "InvalidSignatureException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::AccessDenied => "AccessDeniedException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::MalformedInput => "SerializationException",
            Self::Validation => "ValidationException",
            Self::Throttled => "ThrottlingException",
            Self::DoesNotExist => "DoesNotExistException",
            Self::TooLarge => return ("RequestEntityTooLarge", StatusCode::PAYLOAD_TOO_LARGE),
            Self::RequestTimeout => return CUT_OFF,
            Self::Internal => return ("InternalServerError", StatusCode::INTERNAL_SERVER_ERROR),
            own => own.of_one_service().0,
        };
        (name, StatusCode::BAD_REQUEST)
    }

    fn in_query(self) -> (&'static str, StatusCode) {
        match self {
            Self::MissingAuthenticationToken => {
                ("MissingAuthenticationToken", StatusCode::FORBIDDEN)
            }
            Self::IncompleteSignature => ("IncompleteSignature", StatusCode::BAD_REQUEST),
            Self::UnknownAccessKey => ("InvalidClientTokenId", StatusCode::FORBIDDEN),
            Self::SignatureMismatch => ("SignatureDoesNotMatch", StatusCode::FORBIDDEN),
            Self::ExpiredToken => ("ExpiredToken", StatusCode::FORBIDDEN),
            Self::AccessDenied => ("AccessDenied", StatusCode::FORBIDDEN),
            Self::UnknownOperation => ("InvalidAction", StatusCode::BAD_REQUEST),
            Self::MalformedInput => ("MalformedInput", StatusCode::BAD_REQUEST),
            Self::Validation => ("ValidationError", StatusCode::BAD_REQUEST),
            Self::Throttled => ("Throttling", StatusCode::BAD_REQUEST),
            Self::TooLarge => ("RequestEntityTooLarge", StatusCode::PAYLOAD_TOO_LARGE),
            Self::RequestTimeout => CUT_OFF,
            Self::Internal => ("ServiceFailure", StatusCode::INTERNAL_SERVER_ERROR),
            own => own.of_one_service(),
        }
    }

    /// As EC2 has them: its API reference, "Error codes for the Amazon EC2 API".
    fn in_ec2(self) -> (&'static str, StatusCode) {
        match self {
            Self::IncompleteSignature => ("IncompleteSignature", StatusCode::BAD_REQUEST),
            Self::UnknownAccessKey | Self::SignatureMismatch => {
                ("AuthFailure", StatusCode::UNAUTHORIZED)
            }
            Self::ExpiredToken => ("RequestExpired", StatusCode::BAD_REQUEST),
            Self::AccessDenied => ("UnauthorizedOperation", StatusCode::FORBIDDEN),
            Self::MalformedInput => ("MalformedQueryString", StatusCode::BAD_REQUEST),
            Self::Validation => ("InvalidParameterValue", StatusCode::BAD_REQUEST),
            Self::Throttled => ("RequestLimitExceeded", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("InternalError", StatusCode::INTERNAL_SERVER_ERROR),
            same => same.in_query(),
        }
    }

    /// Codes that only one service has (control-plane-shapes.md, `errors` of each operation).
    fn of_one_service(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidDocument => ("InvalidDocument", StatusCode::BAD_REQUEST),
            Self::InvalidDocumentContent => ("InvalidDocumentContent", StatusCode::BAD_REQUEST),
            Self::InvalidDocumentSchemaVersion => {
                ("InvalidDocumentSchemaVersion", StatusCode::BAD_REQUEST)
            }
            Self::InvalidDocumentVersion => ("InvalidDocumentVersion", StatusCode::BAD_REQUEST),
            Self::InvalidDocumentOperation => ("InvalidDocumentOperation", StatusCode::BAD_REQUEST),
            Self::DocumentAlreadyExists => ("DocumentAlreadyExists", StatusCode::BAD_REQUEST),
            Self::DuplicateDocumentContent => ("DuplicateDocumentContent", StatusCode::BAD_REQUEST),
            Self::DuplicateDocumentVersionName => {
                ("DuplicateDocumentVersionName", StatusCode::BAD_REQUEST)
            }
            Self::DocumentVersionLimitExceeded => {
                ("DocumentVersionLimitExceeded", StatusCode::BAD_REQUEST)
            }
            Self::MaxDocumentSizeExceeded => ("MaxDocumentSizeExceeded", StatusCode::BAD_REQUEST),
            Self::TargetNotConnected => ("TargetNotConnected", StatusCode::BAD_REQUEST),
            Self::DoesNotExist => ("DoesNotExist", StatusCode::BAD_REQUEST),
            Self::InvalidFilterKey => ("InvalidFilterKey", StatusCode::BAD_REQUEST),
            Self::InvalidInstanceInformationFilterValue => (
                "InvalidInstanceInformationFilterValue",
                StatusCode::BAD_REQUEST,
            ),
            Self::InvalidNextToken => ("InvalidNextToken", StatusCode::BAD_REQUEST),
            Self::InvalidActivation => ("InvalidActivation", StatusCode::BAD_REQUEST),
            Self::InvalidFilter => ("InvalidFilter", StatusCode::BAD_REQUEST),
            Self::InvalidActivationId => ("InvalidActivationId", StatusCode::BAD_REQUEST),
            Self::InvalidInstanceId => ("InvalidInstanceId", StatusCode::BAD_REQUEST),
            Self::InvalidResourceType => ("InvalidResourceType", StatusCode::BAD_REQUEST),
            Self::InvalidResourceId => ("InvalidResourceId", StatusCode::BAD_REQUEST),
            Self::TooManyTags => ("TooManyTagsError", StatusCode::BAD_REQUEST),
            Self::InvalidParameters => ("InvalidParameters", StatusCode::BAD_REQUEST),
            Self::MachineFingerprintDoesNotMatch => {
                ("MachineFingerprintDoesNotMatch", StatusCode::BAD_REQUEST)
            }
            Self::InvalidLookupAttributes => {
                ("InvalidLookupAttributesException", StatusCode::BAD_REQUEST)
            }
            Self::InvalidLookupToken => ("InvalidNextTokenException", StatusCode::BAD_REQUEST),
            Self::InvalidMaxResults => ("InvalidMaxResultsException", StatusCode::BAD_REQUEST),
            Self::InvalidTimeRange => ("InvalidTimeRangeException", StatusCode::BAD_REQUEST),
            Self::TrailNotFound => ("TrailNotFoundException", StatusCode::BAD_REQUEST),
            Self::InvalidEventCategory => {
                ("InvalidEventCategoryException", StatusCode::BAD_REQUEST)
            }
            Self::Parameter(code) => (code.name(), StatusCode::BAD_REQUEST),
            Self::Inventory(code) => (code.name(), StatusCode::BAD_REQUEST),
            Self::Logs(code) => (code.name(), StatusCode::BAD_REQUEST),
            Self::Ec2(code) => code.spelling(),
            Self::Kms(code) => (code.name(), StatusCode::BAD_REQUEST),
            Self::NoSuchEntity => ("NoSuchEntity", StatusCode::NOT_FOUND),
            Self::EntityAlreadyExists => ("EntityAlreadyExists", StatusCode::CONFLICT),
            Self::LimitExceeded => ("LimitExceeded", StatusCode::CONFLICT),
            Self::DeleteConflict => ("DeleteConflict", StatusCode::CONFLICT),
            Self::UnmodifiableEntity => ("UnmodifiableEntity", StatusCode::BAD_REQUEST),
            Self::MalformedPolicyDocument => ("MalformedPolicyDocument", StatusCode::BAD_REQUEST),
            Self::InvalidInput => ("InvalidInput", StatusCode::BAD_REQUEST),
            Self::PackedPolicyTooLarge => ("PackedPolicyTooLarge", StatusCode::BAD_REQUEST),
            Self::InvalidIdentityToken => ("InvalidIdentityToken", StatusCode::BAD_REQUEST),
            Self::ExpiredIdentityToken => ("ExpiredTokenException", StatusCode::BAD_REQUEST),
            Self::IdpRejectedClaim => ("IDPRejectedClaim", StatusCode::FORBIDDEN),
            Self::IdpCommunicationError => ("IDPCommunicationError", StatusCode::BAD_REQUEST),
            _ => ("InternalFailure", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// A call's failure: what the caller is told, and what only the log is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {message}")]
pub(crate) struct ApiError {
    code: Code,
    message: String,
    inside: Option<String>,
}

impl ApiError {
    /// A refusal whose whole truth may be told to the caller.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            inside: None,
        }
    }

    /// Our own failure: the caller learns only that there was one; `inside` goes to the log and
    /// must itself be free of secrets.
    pub(crate) fn internal(inside: impl std::fmt::Display) -> Self {
        Self {
            code: Code::Internal,
            message:
                "An error occurred on the server. Its log names the cause under this request id."
                    .to_owned(),
            inside: Some(inside.to_string()),
        }
    }

    /// A member that breaks its constraint, in the sentence AWS uses for it.
    pub(crate) fn constraint(member: &str, rule: &str) -> Self {
        Self::new(
            Code::Validation,
            format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}"
            ),
        )
    }

    /// The AWS code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The sentence for the caller.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What only the log may hold.
    pub(crate) fn inside(&self) -> Option<&str> {
        self.inside.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_spells_a_refusal_its_own_way() {
        let check = |code: Code, json: (&str, u16), query: (&str, u16)| {
            let (name, status) = code.spelling(Protocol::Json);
            assert_eq!((name, status.as_u16()), json);
            let (name, status) = code.spelling(Protocol::Query);
            assert_eq!((name, status.as_u16()), query);
        };
        check(
            Code::MissingAuthenticationToken,
            ("MissingAuthenticationTokenException", 400),
            ("MissingAuthenticationToken", 403),
        );
        check(
            Code::UnknownAccessKey,
            ("UnrecognizedClientException", 400),
            ("InvalidClientTokenId", 403),
        );
        check(
            Code::SignatureMismatch,
            ("InvalidSignatureException", 400),
            ("SignatureDoesNotMatch", 403),
        );
        check(
            Code::ExpiredToken,
            ("ExpiredTokenException", 400),
            ("ExpiredToken", 403),
        );
        check(
            Code::AccessDenied,
            ("AccessDeniedException", 400),
            ("AccessDenied", 403),
        );
        check(
            Code::UnknownOperation,
            ("UnknownOperationException", 400),
            ("InvalidAction", 400),
        );
        check(
            Code::MalformedInput,
            ("SerializationException", 400),
            ("MalformedInput", 400),
        );
        check(
            Code::Validation,
            ("ValidationException", 400),
            ("ValidationError", 400),
        );
        check(
            Code::Internal,
            ("InternalServerError", 500),
            ("ServiceFailure", 500),
        );
        check(
            Code::NoSuchEntity,
            ("NoSuchEntity", 400),
            ("NoSuchEntity", 404),
        );
    }

    #[test]
    fn an_internal_failure_keeps_its_cause_from_the_caller() {
        let error = ApiError::internal("disk is full");
        assert!(!error.message().contains("disk"));
        assert!(!error.to_string().contains("disk"));
        assert_eq!(error.inside(), Some("disk is full"));
    }
}
