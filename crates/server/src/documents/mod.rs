//! Session documents by name: stored ones, built-in ones, and the account's preferences.
//!
//! Owns two rules: a name means one document whether it was given plainly or as an ARN, and the
//! preferences in force are the latest version of their document, because the documented way to
//! change them never sets a default version (control-plane.md 3.2).

mod built_in;
mod text;

use usher_policy::{DocumentFormat, Preferences, SessionDocument};

use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::Scope;
use crate::store::{DocumentRow, VersionRow};

pub(crate) use text::{Format, Parameter, Text, check_commands, check_version_name};

/// The document whose content is the account's preferences.
pub(crate) const PREFERENCES: &str = "SSM-SessionManagerRunShell";

/// The session of an account that has no preferences document and of a caller who names none.
const DEFAULT_SHELL: &str = r#"{
    "schemaVersion": "1.0",
    "description": "A shell under the server's default preferences",
    "sessionType": "Standard_Stream",
    "inputs": {}
}"#;

/// Built-in documents are as old as the service: its API version, 2014-11-06.
const BUILT_IN_CREATED: i64 = 1_415_232_000_000;

/// Which version of a document is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `$DEFAULT`, or nothing said.
    Default,
    /// `$LATEST`.
    Latest,
    /// A number.
    Number(i64),
    /// The name its author gave it.
    Named(String),
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// Name and versions.
    pub(crate) about: DocumentRow,
    /// The version that was wanted.
    pub(crate) version: VersionRow,
    /// Whether it came with the server.
    pub(crate) built_in: bool,
}

impl Wanted {
    /// Reads `DocumentVersion` and `VersionName` of a request.
    pub(crate) fn parse(
        version: Option<&str>,
        version_name: Option<&str>,
    ) -> Result<Self, ApiError> {
        match (version, version_name) {
            (Some(_), Some(_)) => Err(ApiError::new(
                Code::Validation,
                "Specify either DocumentVersion or VersionName, not both.",
            )),
            (None, Some(name)) => Ok(Self::Named(name.to_owned())),
            (None | Some("$DEFAULT"), None) => Ok(Self::Default),
            (Some("$LATEST"), None) => Ok(Self::Latest),
            (Some(number), None) => match number.parse() {
                Ok(number @ 1..) => Ok(Self::Number(number)),
                _ => Err(ApiError::constraint(
                    "documentVersion",
                    "Member must satisfy regular expression pattern: ([$]LATEST|[$]DEFAULT|^[1-9][0-9]*$)",
                )),
            },
        }
    }
}

/// Whether `name` is one of the documents that come with the server.
pub(crate) fn is_built_in(name: &str) -> bool {
    built_in::content(name).is_some()
}

/// The plain name behind `given`, which may be an ARN of this account or of a built-in document;
/// none if it names somebody else's document.
pub(crate) fn plain_name<'a>(scope: Scope<'_>, given: &'a str) -> Option<&'a str> {
    if !given.starts_with("arn:") {
        return Some(given);
    }
    let (_, name) = given.rsplit_once('/')?;
    let ours = given == scope.document(name)
        || (is_built_in(name) && given == scope.built_in_document(name));
    ours.then_some(name)
}

/// The wanted version of the document `given`, a name or an ARN.
pub(crate) async fn find(
    context: &Context,
    given: &str,
    wanted: &Wanted,
) -> Result<Document, ApiError> {
    let missing = || {
        ApiError::new(
            Code::InvalidDocument,
            format!("Document with name {given} does not exist."),
        )
    };
    let name = plain_name(context.config.scope(), given).ok_or_else(missing)?;
    if let Some(content) = built_in::content(name) {
        return of_built_in(name, content, wanted);
    }
    let about = context.store.document(name).await?.ok_or_else(missing)?;
    let version = match wanted {
        Wanted::Default => {
            context
                .store
                .document_version(name, about.default_version)
                .await?
        }
        Wanted::Latest => {
            context
                .store
                .document_version(name, about.latest_version)
                .await?
        }
        Wanted::Number(number) => context.store.document_version(name, *number).await?,
        Wanted::Named(version_name) => {
            context
                .store
                .document_version_named(name, version_name)
                .await?
        }
    };
    let version = version.ok_or_else(|| no_such_version(name))?;
    Ok(Document {
        about,
        version,
        built_in: false,
    })
}

/// The document a session with this name, or ARN, starts from.
pub(crate) async fn for_session(
    context: &Context,
    given: &str,
) -> Result<SessionDocument, ApiError> {
    let is_preferences = plain_name(context.config.scope(), given) == Some(PREFERENCES);
    let wanted = if is_preferences {
        // In force is the latest version; its default is never moved by the documented procedure.
        Wanted::Latest
    } else {
        Wanted::Default
    };
    if is_preferences && context.store.document(PREFERENCES).await?.is_none() {
        return SessionDocument::parse(DEFAULT_SHELL, DocumentFormat::Json)
            .map_err(ApiError::internal);
    }
    find(context, given, &wanted).await?.text()?.check()
}

/// The account's preferences in force now.
pub(crate) async fn preferences(context: &Context) -> Result<Preferences, ApiError> {
    if context.store.document(PREFERENCES).await?.is_none() {
        return Ok(context.config.default_preferences.clone());
    }
    let document = find(context, PREFERENCES, &Wanted::Latest).await?;
    document.text()?.preferences()
}

/// The documents that come with the server, in no particular order.
pub(crate) fn built_in_names() -> impl Iterator<Item = &'static str> {
    built_in::names()
}

impl Document {
    /// Refuses to change a document that comes with the service.
    pub(crate) fn demand_own(&self) -> Result<(), ApiError> {
        if !self.built_in {
            return Ok(());
        }
        Err(ApiError::new(
            Code::InvalidDocumentOperation,
            format!(
                "The document {} comes with the service and cannot be changed.",
                self.about.name
            ),
        ))
    }

    /// Its content, to be read again.
    pub(crate) fn text(&self) -> Result<Text<'_>, ApiError> {
        let format = Format::parse(&self.version.format)
            .ok_or_else(|| ApiError::internal("a stored document has an unknown format"))?;
        Ok(Text {
            content: &self.version.content,
            format,
        })
    }
}

fn of_built_in(name: &str, content: &str, wanted: &Wanted) -> Result<Document, ApiError> {
    match wanted {
        Wanted::Default | Wanted::Latest | Wanted::Number(1) => {}
        Wanted::Number(_) | Wanted::Named(_) => return Err(no_such_version(name)),
    }
    let about = DocumentRow {
        name: name.to_owned(),
        default_version: 1,
        latest_version: 1,
        created: BUILT_IN_CREATED,
    };
    let version = VersionRow {
        version: 1,
        version_name: None,
        format: Format::Json.as_str().to_owned(),
        content: content.to_owned(),
        hash: text::hash(content),
        created: BUILT_IN_CREATED,
    };
    Ok(Document {
        about,
        version,
        built_in: true,
    })
}

/// The refusal of a version that the document does not have.
pub(crate) fn no_such_version(name: &str) -> ApiError {
    ApiError::new(
        Code::InvalidDocumentVersion,
        format!("The document {name} has no such version."),
    )
}

#[cfg(test)]
mod tests {
    use usher_wire::ids::AccountId;

    use super::*;

    #[test]
    fn an_arn_of_somebody_else_names_nothing() {
        let account = AccountId::parse("000000000000").unwrap();
        let scope = Scope {
            account: &account,
            region: "usher-1",
        };
        for given in [
            "arn:aws:ssm:usher-1:111111111111:document/Mine",
            "arn:aws:ssm:other-1:000000000000:document/Mine",
            "arn:aws:ssm:usher-1::document/Mine",
            "arn:aws:s3:::document/Mine",
            "arn:",
        ] {
            assert_eq!(plain_name(scope, given), None, "{given}");
        }
        for given in ["Mine", "arn:aws:ssm:usher-1:000000000000:document/Mine"] {
            assert_eq!(plain_name(scope, given), Some("Mine"));
        }
        for given in [
            "arn:aws:ssm:usher-1::document/AWS-StartSSHSession",
            "arn:aws:ssm:usher-1:000000000000:document/AWS-StartSSHSession",
        ] {
            assert_eq!(plain_name(scope, given), Some("AWS-StartSSHSession"));
        }
    }

    #[test]
    fn a_version_is_a_positive_number_or_a_word() {
        for version in ["0", "-1", "$latest", "1.0", "", "99999999999999999999"] {
            assert!(Wanted::parse(Some(version), None).is_err(), "{version}");
        }
        assert!(Wanted::parse(Some("1"), Some("one")).is_err());
        assert_eq!(Wanted::parse(None, None), Ok(Wanted::Default));
        assert_eq!(Wanted::parse(Some("$LATEST"), None), Ok(Wanted::Latest));
        assert_eq!(Wanted::parse(Some("12"), None), Ok(Wanted::Number(12)));
    }
}
