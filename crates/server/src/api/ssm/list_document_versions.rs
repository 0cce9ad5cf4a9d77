//! `ListDocumentVersions`: the versions of a document, newest first.

use serde::{Deserialize, Serialize};

use super::paging::{Paging, not_ours};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::documents::{Wanted, find};
use crate::error::ApiError;
use crate::identity::Resource;
use crate::store::VersionRow;

pub(crate) struct ListDocumentVersions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    document_versions: Vec<DocumentVersionInfo>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DocumentVersionInfo {
    name: String,
    document_version: String,
    version_name: Option<String>,
    created_date: EpochSeconds,
    is_default_version: bool,
    document_format: String,
    status: &'static str,
}

impl Operation for ListDocumentVersions {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ListDocumentVersions";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:ListDocumentVersions",
        on: |input| Resource::Document(input.name.clone()),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = input.paging.limit()?;
        let before = match input.paging.after()?.as_str() {
            "" => i64::MAX,
            number => number.parse().map_err(|_| not_ours())?,
        };
        let document = find(call.context, &input.name, &Wanted::Default).await?;
        let about = document.about;
        let versions = if document.built_in {
            vec![document.version]
        } else {
            let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
            let store = &call.context.store;
            store
                .document_versions(&about.name, before, fetched)
                .await?
        };
        let numbered = versions
            .into_iter()
            .map(|version| (version.version.to_string(), version));
        let page = page::cut(numbered.collect(), limit, |(number, _)| number);
        let info = |version: VersionRow| DocumentVersionInfo {
            name: about.name.clone(),
            document_version: version.version.to_string(),
            version_name: version.version_name,
            created_date: EpochSeconds(version.created),
            is_default_version: version.version == about.default_version,
            document_format: version.format,
            status: "Active",
        };
        Ok(Output {
            document_versions: page
                .items
                .into_iter()
                .map(|(_, version)| info(version))
                .collect(),
            next_token: page.next,
        })
    }
}
