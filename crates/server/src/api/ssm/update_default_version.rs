//! `UpdateDocumentDefaultVersion`: which version a session gets that names the document alone.

use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::documents::{Wanted, find, no_such_version};
use crate::error::ApiError;
use crate::identity::Resource;

pub(crate) struct UpdateDocumentDefaultVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    document_version: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    description: Description,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    name: String,
    default_version: String,
    default_version_name: Option<String>,
}

impl Operation for UpdateDocumentDefaultVersion {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "UpdateDocumentDefaultVersion";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:UpdateDocumentDefaultVersion",
        on: |input| Resource::Document(input.name.clone()),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let wanted = Wanted::parse(Some(&input.document_version), None)?;
        let document = find(call.context, &input.name, &wanted).await?;
        document.demand_own()?;
        let (name, number) = (&document.about.name, document.version.version);
        let store = &call.context.store;
        if !store.set_default_document_version(name, number).await? {
            return Err(no_such_version(name));
        }
        Ok(Output {
            description: Description {
                default_version: number.to_string(),
                default_version_name: document.version.version_name,
                name: document.about.name,
            },
        })
    }
}
