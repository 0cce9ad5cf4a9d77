//! Why a document is not stored and why a session's parameters are not taken.

/// AWS's error code for a refused document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentErrorCode {
    /// `InvalidDocumentSchemaVersion`.
    InvalidDocumentSchemaVersion,
    /// `InvalidDocumentContent`.
    InvalidDocumentContent,
}

impl DocumentErrorCode {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidDocumentSchemaVersion => "InvalidDocumentSchemaVersion",
            Self::InvalidDocumentContent => "InvalidDocumentContent",
        }
    }
}

/// A session document that is refused; `Display` names the key and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("The document is not valid {format}: {reason}.")]
    Unreadable {
        format: &'static str,
        reason: String,
    },
    #[error("The document must be a map of keys.")]
    NotAMap,
    #[error("schemaVersion must be the text \"1.0\", the one version of session documents.")]
    SchemaVersion,
    #[error("The key {} is not known in session documents.", path.escape_default())]
    UnknownKey { path: String },
    #[error("The key {path} is missing.")]
    MissingKey { path: String },
    #[error("{} {rule}.", path.escape_default())]
    RuleBroken { path: String, rule: String },
    #[error(
        "{path} may not hold a placeholder: who a session runs as is not for its caller to choose."
    )]
    PlaceholderRefused { path: String },
    #[error(
        "{path} has a reference to Parameter Store that is none: write {{{{ssm:name}}}} or {{{{ssm:name:version}}}}; \
         {{{{ssm-secure:…}}}} is not served."
    )]
    UnresolvableReference { path: String },
    #[error(
        "{path} may not be fed from Parameter Store: what protects a session is for the author of its document to say."
    )]
    StoredValueRefused { path: String },
    #[error(
        "{path} uses the parameter {name}, which the document does not declare under parameters."
    )]
    UndeclaredParameter { path: String, name: String },
    #[error(
        "{path} uses the StringList {name}, which can only stand alone: as commands, or as one of their items."
    )]
    ListWithinText { path: String, name: String },
    #[error(
        "{path} uses the parameter {name}, which has neither allowedValues nor allowedPattern: whoever starts the session \
         could run any command by it."
    )]
    UnconstrainedCommand { path: String, name: String },
    #[error(
        "{} must hold account preferences: sessionType Standard_Stream, no parameters and no references to Parameter Store.",
        crate::preferences::DOCUMENT_NAME
    )]
    NotPreferences,
}

impl DocumentError {
    /// AWS's code for it.
    #[must_use]
    pub fn code(&self) -> DocumentErrorCode {
        match self {
            Self::SchemaVersion => DocumentErrorCode::InvalidDocumentSchemaVersion,
            _ => DocumentErrorCode::InvalidDocumentContent,
        }
    }
}

/// Parameters of a session that do not fit its document. Values are left out: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    #[error("The document declares no parameter {}.", name.escape_default())]
    Undeclared { name: String },
    #[error("The parameter {name} has no default, so it must be given.")]
    Missing { name: String },
    #[error("The parameter {name} takes exactly one value.")]
    NotOneValue { name: String },
    #[error("The parameter {name} {rule}.")]
    RuleBroken { name: String, rule: String },
    #[error("The parameter {name} must have {least} to {most} items.")]
    ItemCount { name: String, least: u64, most: u64 },
    #[error(
        "The parameter {name} has a reference to Parameter Store that is none: write {{{{ssm:name}}}} or \
         {{{{ssm:name:version}}}}; {{{{ssm-secure:…}}}} is not served."
    )]
    UnresolvableReference { name: String },
    #[error("{{{{ssm:{name}}}}} was not looked up in Parameter Store.")]
    NotLookedUp { name: String },
    #[error(
        "With these values the session document would refer to Parameter Store once more, which is not followed."
    )]
    RefersAgain,
    #[error("With these parameters the document breaks a rule: {0}")]
    Document(#[from] DocumentError),
}
