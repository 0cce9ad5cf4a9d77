//! `DescribeDocument`: what is told of a document besides its content.

use serde::{Deserialize, Serialize};

use super::document_description::{DocumentDescription, Status, describe};
use crate::api::{Access, Call, Operation, Service};
use crate::documents::{Wanted, find};
use crate::error::ApiError;
use crate::identity::Resource;

pub(crate) struct DescribeDocument;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    version_name: Option<String>,
    document_version: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    document: DocumentDescription,
}

impl Operation for DescribeDocument {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeDocument";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DescribeDocument",
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
        Ok(Output {
            document: describe(call.context, document, Status::Active).await?,
        })
    }
}
