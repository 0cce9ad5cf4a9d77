//! The error codes that only KMS has (control-plane-shapes.md, `errors` of each operation).

/// Why KMS refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KmsCode {
    /// No such key, alias or grant.
    NotFound,
    /// An ARN that is none of ours.
    InvalidArn,
    /// The key is disabled.
    Disabled,
    /// The key waits for its deletion, or is not in the state that the operation needs.
    InvalidState,
    /// The ciphertext is not ours, was changed, or is of another context.
    InvalidCiphertext,
    /// Another key than the named one made the ciphertext.
    IncorrectKey,
    /// The name is taken.
    AlreadyExists,
    /// Not `alias/…`, or one of AWS's own.
    InvalidAliasName,
    /// The policy text is not one we can decide on, or would lock its author out.
    MalformedPolicyDocument,
    /// A quota is reached.
    LimitExceeded,
    /// A tag we refuse.
    Tag,
    /// The page token is not one of ours.
    InvalidMarker,
    /// Something that this KMS does not have.
    UnsupportedOperation,
    /// All would have gone well, but only a rehearsal was asked for.
    DryRun,
}

impl KmsCode {
    /// The code's spelling; its status is 400.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotFound => "NotFoundException",
            Self::InvalidArn => "InvalidArnException",
            Self::Disabled => "DisabledException",
            Self::InvalidState => "KMSInvalidStateException",
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::AlreadyExists => "AlreadyExistsException",
            Self::InvalidAliasName => "InvalidAliasNameException",
            Self::MalformedPolicyDocument => "MalformedPolicyDocumentException",
            Self::LimitExceeded => "LimitExceededException",
            Self::Tag => "TagException",
            Self::InvalidMarker => "InvalidMarkerException",
            Self::UnsupportedOperation => "UnsupportedOperationException",
            Self::DryRun => "DryRunOperationException",
        }
    }
}
