//! `UpdateDocument`: a new version; which one is the default stays (control-plane.md 3.2).

use serde::{Deserialize, Serialize};

use super::document_description::{DocumentDescription, Status, describe};
use crate::api::{Access, Call, Operation, Service};
use crate::documents::{Format, Text, Wanted, check_version_name, find};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::limits;
use crate::store::Appended;

pub(crate) struct UpdateDocument;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    content: String,
    name: String,
    version_name: Option<String>,
    document_version: Option<String>,
    document_format: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    document_description: DocumentDescription,
}

impl Operation for UpdateDocument {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "UpdateDocument";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:UpdateDocument",
        on: |input| Resource::Document(input.name.clone()),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        check_version_name(input.version_name.as_deref())?;
        let wanted = Wanted::parse(input.document_version.as_deref(), None)?;
        let updated = find(call.context, &input.name, &wanted).await?;
        updated.demand_own()?;
        let about = &updated.about;
        if ![about.latest_version, about.default_version].contains(&updated.version.version) {
            return Err(ApiError::new(
                Code::InvalidDocumentVersion,
                "Only the latest or the default version of a document can be updated.",
            ));
        }
        let text = Text {
            content: &input.content,
            format: Format::of_request(input.document_format.as_deref())?,
        };
        let name = about.name.clone();
        text.check_for(call.context, &name)?;
        let version = text.version(0, input.version_name, call.context.now());
        let number = match call
            .context
            .store
            .append_document_version(&name, &version, limits::DOCUMENT_VERSIONS)
            .await?
        {
            Appended::As(number) => number,
            Appended::SameContent => {
                return Err(ApiError::new(
                    Code::DuplicateDocumentContent,
                    "The content of the document is the same as that of one of its versions. Change it, or use that version.",
                ));
            }
            Appended::SameVersionName => {
                return Err(ApiError::new(
                    Code::DuplicateDocumentVersionName,
                    "One of the document's versions has this version name.",
                ));
            }
            Appended::TooMany => {
                return Err(ApiError::new(
                    Code::DocumentVersionLimitExceeded,
                    format!(
                        "The document has {} versions, the most it can have.",
                        limits::DOCUMENT_VERSIONS
                    ),
                ));
            }
        };
        let stored = find(call.context, &name, &Wanted::Number(number)).await?;
        Ok(Output {
            document_description: describe(call.context, stored, Status::Updating).await?,
        })
    }
}
