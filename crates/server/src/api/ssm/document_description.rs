//! `DocumentDescription`: what is told of a document besides its content.

use serde::Serialize;

use crate::api::iam::Tag;
use crate::codec::EpochSeconds;
use crate::context::Context;
use crate::documents::{Document, Parameter};
use crate::error::ApiError;
use crate::store::Tagged;

/// AWS describes a version as on its way right after it was stored, and as `Active` later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Status {
    Creating,
    Updating,
    Active,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DocumentDescription {
    hash: String,
    hash_type: &'static str,
    name: String,
    version_name: Option<String>,
    owner: String,
    created_date: EpochSeconds,
    status: Status,
    document_version: String,
    description: Option<String>,
    parameters: Option<Vec<DocumentParameter>>,
    platform_types: [&'static str; 3],
    document_type: &'static str,
    schema_version: &'static str,
    latest_version: String,
    default_version: String,
    document_format: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DocumentParameter {
    name: String,
    r#type: String,
    description: Option<String>,
    default_value: Option<String>,
}

impl From<Parameter> for DocumentParameter {
    fn from(parameter: Parameter) -> Self {
        Self {
            name: parameter.name,
            r#type: parameter.type_,
            description: parameter.description,
            default_value: parameter.default,
        }
    }
}

/// Every document is for all of them; what a node makes of it is told there.
pub(super) const PLATFORMS: [&str; 3] = ["Windows", "Linux", "MacOS"];

/// Whose the document is.
pub(super) fn owner(context: &Context, document: &Document) -> String {
    match document.built_in {
        true => "Amazon".to_owned(),
        false => context.config.account.to_string(),
    }
}

pub(super) async fn describe(
    context: &Context,
    document: Document,
    status: Status,
) -> Result<DocumentDescription, ApiError> {
    let tagged = Tagged::Document(&document.about.name);
    let tags = context.store.ssm_tags(tagged).await?;
    let summary = document.text()?.summary()?;
    let parameters: Vec<_> = summary
        .parameters
        .into_iter()
        .map(DocumentParameter::from)
        .collect();
    let owner = owner(context, &document);
    Ok(DocumentDescription {
        hash: document.version.hash,
        hash_type: "Sha256",
        name: document.about.name,
        version_name: document.version.version_name,
        owner,
        created_date: EpochSeconds(document.version.created),
        status,
        document_version: document.version.version.to_string(),
        description: summary.description,
        parameters: (!parameters.is_empty()).then_some(parameters),
        platform_types: PLATFORMS,
        document_type: "Session",
        schema_version: "1.0",
        latest_version: document.about.latest_version.to_string(),
        default_version: document.about.default_version.to_string(),
        document_format: document.version.format,
        tags: tags.into_iter().map(Tag::from).collect(),
    })
}
