//! The error codes that only EC2 has (its API reference, "Error codes for the Amazon EC2 API").

use http::StatusCode;

/// Why EC2 refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ec2Code {
    /// What is named as an instance cannot be one.
    MalformedInstanceId,
    /// No such node.
    InstanceNotFound,
    /// Members that exclude each other.
    InvalidParameterCombination,
    /// All would have gone well, but only a rehearsal was asked for.
    DryRun,
}

impl Ec2Code {
    /// The code's spelling and HTTP status.
    pub(crate) fn spelling(self) -> (&'static str, StatusCode) {
        match self {
            Self::MalformedInstanceId => ("InvalidInstanceID.Malformed", StatusCode::BAD_REQUEST),
            Self::InstanceNotFound => ("InvalidInstanceID.NotFound", StatusCode::BAD_REQUEST),
            Self::InvalidParameterCombination => {
                ("InvalidParameterCombination", StatusCode::BAD_REQUEST)
            }
            Self::DryRun => ("DryRunOperation", StatusCode::PRECONDITION_FAILED),
        }
    }
}
