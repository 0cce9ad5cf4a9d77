//! The error codes that only CloudWatch Logs has (control-plane-shapes.md, `errors` of each operation).

/// Why Logs refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogsCode {
    /// A member breaks a rule.
    InvalidParameter,
    /// No such group or stream.
    ResourceNotFound,
    /// The name is taken.
    ResourceAlreadyExists,
    /// A quota is reached.
    LimitExceeded,
    /// More than 50 tags.
    TooManyTags,
}

impl LogsCode {
    /// The code's spelling; its status is 400.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvalidParameter => "InvalidParameterException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::ResourceAlreadyExists => "ResourceAlreadyExistsException",
            Self::LimitExceeded => "LimitExceededException",
            Self::TooManyTags => "TooManyTagsException",
        }
    }
}
