//! `CreateDocument`, for documents of type Session (control-plane.md 3.2).

use serde::{Deserialize, Serialize};

use super::document_description::{DocumentDescription, Status, describe};
use super::resource_tags::{checked, request_keys};
use crate::api::iam::Tag;
use crate::api::{Access, Call, Operation, Service};
use crate::documents::{Document, Format, Text, check_version_name};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::DocumentRow;

pub(crate) struct CreateDocument;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    content: String,
    name: String,
    version_name: Option<String>,
    document_type: Option<String>,
    document_format: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    document_description: DocumentDescription,
}

impl Operation for CreateDocument {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "CreateDocument";
    const ACCESS: Access<Input> = Access::Keyed {
        action: "ssm:CreateDocument",
        on: |input| Resource::Document(input.name.clone()),
        keys: |input| request_keys(&input.tags),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        check_name(&input.name)?;
        check_version_name(input.version_name.as_deref())?;
        if input.document_type.as_deref() != Some("Session") {
            return Err(ApiError::new(
                Code::Validation,
                "Only documents of type Session are served: add --document-type Session.",
            ));
        }
        if !input.tags.is_empty() {
            let document = Resource::Document(input.name.clone());
            let keys = request_keys(&input.tags);
            call.demand_with("ssm:AddTagsToResource", &document, &keys)
                .await?;
        }
        let tags = checked(input.tags)?;
        let text = Text {
            content: &input.content,
            format: Format::of_request(input.document_format.as_deref())?,
        };
        text.check_for(call.context, &input.name)?;
        let version = text.version(1, input.version_name, call.context.now());
        if !call
            .context
            .store
            .insert_document(&input.name, &version, &tags)
            .await?
        {
            return Err(ApiError::new(
                Code::DocumentAlreadyExists,
                format!("Document with same name {} already exists", input.name),
            ));
        }
        let about = DocumentRow {
            name: input.name,
            default_version: 1,
            latest_version: 1,
            created: version.created,
        };
        let document = Document {
            about,
            version,
            built_in: false,
        };
        Ok(Output {
            document_description: describe(call.context, document, Status::Creating).await?,
        })
    }
}

/// `[a-zA-Z0-9_\-.]{3,128}`, and none of the prefixes that AWS keeps for itself.
fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if !(3..=128).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(ApiError::constraint(
            "name",
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$",
        ));
    }
    let folded = name.to_ascii_lowercase();
    if ["aws", "amazon", "amzn"]
        .iter()
        .any(|prefix| folded.starts_with(prefix))
    {
        return Err(ApiError::new(
            Code::Validation,
            "The document name must not begin with aws, amazon or amzn: these prefixes are reserved.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_malformed_names_are_refused() {
        for name in [
            "AWS-Mine",
            "aws_x",
            "amazonThing",
            "Amzn.x",
            "ab",
            "a b c",
            "a/b/c",
            &"a".repeat(129),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        for name in ["SSM-SessionManagerRunShell", "my.doc_1", "abc"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }
}
