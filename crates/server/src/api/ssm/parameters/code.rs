//! The error codes that only Parameter Store has (botocore's model of SSM, `errors` of each operation).

/// Why Parameter Store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterCode {
    /// No such parameter.
    NotFound,
    /// No such version of it.
    VersionNotFound,
    /// The name is taken, and nobody said that it is to be overwritten.
    AlreadyExists,
    /// There are as many as there may be.
    LimitExceeded,
    /// Somebody else changes it at this moment.
    TooManyUpdates,
    /// A path with too many levels.
    HierarchyLevelLimitExceeded,
    /// It has another type.
    HierarchyTypeMismatch,
    /// The pattern is not one.
    InvalidAllowedPattern,
    /// The value does not look as the pattern asks.
    PatternMismatch,
    /// The KMS key cannot be used.
    InvalidKeyId,
    /// A filter's option that its key does not have.
    InvalidFilterOption,
    /// A filter's value that its key does not have.
    InvalidFilterValue,
}

impl ParameterCode {
    /// The code's spelling; its status is 400.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotFound => "ParameterNotFound",
            Self::VersionNotFound => "ParameterVersionNotFound",
            Self::AlreadyExists => "ParameterAlreadyExists",
            Self::LimitExceeded => "ParameterLimitExceeded",
            Self::TooManyUpdates => "TooManyUpdates",
            Self::HierarchyLevelLimitExceeded => "HierarchyLevelLimitExceededException",
            Self::HierarchyTypeMismatch => "HierarchyTypeMismatchException",
            Self::InvalidAllowedPattern => "InvalidAllowedPatternException",
            Self::PatternMismatch => "ParameterPatternMismatchException",
            Self::InvalidKeyId => "InvalidKeyId",
            Self::InvalidFilterOption => "InvalidFilterOption",
            Self::InvalidFilterValue => "InvalidFilterValue",
        }
    }
}
