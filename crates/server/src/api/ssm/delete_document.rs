//! `DeleteDocument`: a whole document, or one version that is not its default.
//!
//! Without its document, the preferences are the server's default ones again (control-plane.md 3.2).

use serde::Deserialize;

use crate::api::{Access, Call, Operation, Service};
use crate::documents::{Wanted, find};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::VersionDeleted;

pub(crate) struct DeleteDocument;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    document_version: Option<String>,
    version_name: Option<String>,
}

impl Operation for DeleteDocument {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DeleteDocument";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DeleteDocument",
        on: |input| Resource::Document(input.name.clone()),
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let wanted = Wanted::parse(
            input.document_version.as_deref(),
            input.version_name.as_deref(),
        )?;
        let document = find(call.context, &input.name, &wanted).await?;
        document.demand_own()?;
        let (name, store) = (&document.about.name, &call.context.store);
        let number = document.version.version;
        if input.document_version.is_none() && input.version_name.is_none() {
            store.delete_document(name).await?;
            return Ok(());
        }
        match store.delete_document_version(name, number).await? {
            VersionDeleted::Gone | VersionDeleted::Missing => Ok(()),
            VersionDeleted::IsDefault => Err(ApiError::new(
                Code::InvalidDocumentOperation,
                format!(
                    "Version {number} is the default of the document {name} and cannot be deleted. Make another version \
                     the default first, or delete the document."
                ),
            )),
        }
    }
}
