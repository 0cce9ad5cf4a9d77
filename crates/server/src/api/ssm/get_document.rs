//! `GetDocument`: content, in the format it was stored or in the other one.

use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::documents::{Format, Wanted, find};
use crate::error::ApiError;
use crate::identity::Resource;

pub(crate) struct GetDocument;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    version_name: Option<String>,
    document_version: Option<String>,
    document_format: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    name: String,
    created_date: EpochSeconds,
    version_name: Option<String>,
    document_version: String,
    status: &'static str,
    content: String,
    document_type: &'static str,
    document_format: &'static str,
}

impl Operation for GetDocument {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetDocument";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:GetDocument",
        on: |input| Resource::Document(input.name.clone()),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let wanted = Wanted::parse(
            input.document_version.as_deref(),
            input.version_name.as_deref(),
        )?;
        let document = find(call.context, &input.name, &wanted).await?;
        let text = document.text()?;
        let format = match input.document_format.as_deref() {
            Some(_) => Format::of_request(input.document_format.as_deref())?,
            None => text.format,
        };
        Ok(Output {
            content: text.in_format(format)?,
            document_format: format.as_str(),
            name: document.about.name,
            created_date: EpochSeconds(document.version.created),
            version_name: document.version.version_name,
            document_version: document.version.version.to_string(),
            status: "Active",
            document_type: "Session",
        })
    }
}
