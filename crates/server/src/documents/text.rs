//! The text of a session document: its format, its check, and what is told of it.
//!
//! Judging the content is the policy room's work; here its refusals become AWS codes.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use usher_policy::{
    DocumentError, DocumentErrorCode, DocumentFormat, Preferences, SessionDocument,
};

use crate::config::CommandParameters;
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::limits;
use crate::store::VersionRow;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// A document's content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// As it was given.
    pub(crate) content: &'a str,
    /// How to read it.
    pub(crate) format: Format,
}

/// What is told of a document's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// `description`.
    pub(crate) description: Option<String>,
    /// `parameters`, by name.
    pub(crate) parameters: Vec<Parameter>,
}

/// One declared parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// `String`, …
    pub(crate) type_: String,
    /// For people.
    pub(crate) description: Option<String>,
    /// What it is unless given.
    pub(crate) default: Option<String>,
}

impl Format {
    /// `JSON` or `YAML`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
        }
    }

    /// Reads [`Format::as_str`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Json, Self::Yaml]
            .into_iter()
            .find(|format| format.as_str() == text)
    }

    /// `DocumentFormat` of a request; JSON unless said.
    pub(crate) fn of_request(text: Option<&str>) -> Result<Self, ApiError> {
        match text {
            None => Ok(Self::Json),
            Some(text) => Self::parse(text).ok_or_else(|| {
                ApiError::constraint(
                    "documentFormat",
                    "Session documents have the format JSON or YAML",
                )
            }),
        }
    }
}

impl Text<'_> {
    /// The document, if the content keeps every rule.
    pub(crate) fn check(&self) -> Result<SessionDocument, ApiError> {
        if self.content.len() > limits::DOCUMENT {
            return Err(ApiError::new(
                Code::MaxDocumentSizeExceeded,
                format!(
                    "The document has {} bytes; the most it can have is {}.",
                    self.content.len(),
                    limits::DOCUMENT
                ),
            ));
        }
        let format = match self.format {
            Format::Json => DocumentFormat::Json,
            Format::Yaml => DocumentFormat::Yaml,
        };
        SessionDocument::parse(self.content, format).map_err(|error| refusal(&error))
    }

    /// Refuses content that the document `name` may not have: preferences that could not be read back
    /// would end every session start.
    pub(crate) fn check_for(&self, context: &Context, name: &str) -> Result<(), ApiError> {
        match name {
            super::PREFERENCES => self.preferences().map(drop),
            _ => check_commands(context, &self.check()?),
        }
    }

    /// The preferences that the content is.
    pub(crate) fn preferences(&self) -> Result<Preferences, ApiError> {
        Preferences::from_document(&self.check()?).map_err(|error| refusal(&error))
    }

    /// A row of it.
    pub(crate) fn version(
        &self,
        number: i64,
        version_name: Option<String>,
        now: i64,
    ) -> VersionRow {
        VersionRow {
            version: number,
            version_name,
            format: self.format.as_str().to_owned(),
            content: self.content.to_owned(),
            hash: hash(self.content),
            created: now,
        }
    }

    /// The content in `format`: as it was given if that is its own.
    pub(crate) fn in_format(&self, format: Format) -> Result<String, ApiError> {
        if format == self.format {
            return Ok(self.content.to_owned());
        }
        let tree = self.tree()?;
        match format {
            Format::Json => serde_json::to_string_pretty(&tree).map_err(ApiError::internal),
            Format::Yaml => serde_yaml_ng::to_string(&tree).map_err(ApiError::internal),
        }
    }

    /// What is told of it.
    pub(crate) fn summary(&self) -> Result<Summary, ApiError> {
        let tree = self.tree()?;
        let declared = tree.get("parameters").and_then(Value::as_object);
        let parameters = declared
            .into_iter()
            .flatten()
            .map(|(name, rule)| Parameter {
                name: name.clone(),
                type_: text_of(rule.get("type")).unwrap_or_default(),
                description: text_of(rule.get("description")),
                default: text_of(rule.get("default")),
            });
        Ok(Summary {
            description: text_of(tree.get("description")),
            parameters: parameters.collect(),
        })
    }

    fn tree(&self) -> Result<Value, ApiError> {
        match self.format {
            Format::Json => serde_json::from_str(self.content).map_err(ApiError::internal),
            Format::Yaml => serde_yaml_ng::from_str(self.content).map_err(ApiError::internal),
        }
    }
}

/// `Hash` of a description: SHA-256 of the content, hex.
pub(super) fn hash(content: &str) -> String {
    hex::encode(digest(&SHA256, content.as_bytes()))
}

/// `VersionName`: `[a-zA-Z0-9_\-.]{1,128}`.
pub(crate) fn check_version_name(name: Option<&str>) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    match name {
        Some(name) if !(1..=128).contains(&name.len()) || !name.bytes().all(allowed) => {
            Err(ApiError::constraint(
                "versionName",
                "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{1,128}$",
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses a document that would let its caller run any command, unless the server permits that.
pub(crate) fn check_commands(
    context: &Context,
    document: &SessionDocument,
) -> Result<(), ApiError> {
    if context.config.command_parameters == CommandParameters::Any {
        return Ok(());
    }
    document.check_commands().map_err(|error| {
        ApiError::new(
            Code::InvalidDocumentContent,
            format!(
                "{error} Constrain it, or have the server's setting command_parameters permit it (\"any\")."
            ),
        )
    })
}

fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn refusal(error: &DocumentError) -> ApiError {
    let code = match error.code() {
        DocumentErrorCode::InvalidDocumentContent => Code::InvalidDocumentContent,
        DocumentErrorCode::InvalidDocumentSchemaVersion => Code::InvalidDocumentSchemaVersion,
    };
    ApiError::new(code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"schemaVersion":"1.0","description":"d","sessionType":"Standard_Stream","inputs":{"runAsEnabled":true,"runAsDefaultUser":"alice"}}"#;
    const YAML: &str = "schemaVersion: '1.0'\ndescription: d\nsessionType: Standard_Stream\ninputs:\n  runAsEnabled: true\n  runAsDefaultUser: alice\n";

    fn check(content: &str, format: Format, expected: Code) {
        assert_eq!(
            Text { content, format }.check().unwrap_err().code(),
            expected,
            "{content:.60}"
        );
    }

    #[test]
    fn content_that_breaks_a_rule_is_refused_with_its_code() {
        check("{", Format::Json, Code::InvalidDocumentContent);
        check(
            &JSON.replace("1.0", "2.2"),
            Format::Json,
            Code::InvalidDocumentSchemaVersion,
        );
        check(
            &JSON.replace("inputs", "input"),
            Format::Json,
            Code::InvalidDocumentContent,
        );
        check(
            &" ".repeat(limits::DOCUMENT + 1),
            Format::Json,
            Code::MaxDocumentSizeExceeded,
        );
    }

    #[test]
    fn both_formats_say_the_same() {
        let json = Text {
            content: JSON,
            format: Format::Json,
        };
        let yaml = Text {
            content: YAML,
            format: Format::Yaml,
        };
        assert_eq!(json.summary(), yaml.summary());
        assert_eq!(json.preferences(), yaml.preferences());
        let turned = json.in_format(Format::Yaml).unwrap();
        let turned = Text {
            content: &turned,
            format: Format::Yaml,
        };
        assert_eq!(turned.preferences(), json.preferences());
        assert_eq!(json.in_format(Format::Json).unwrap(), JSON);
    }
}
