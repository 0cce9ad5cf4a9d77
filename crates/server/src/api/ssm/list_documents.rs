//! `ListDocuments`: the account's documents and those that come with the service, by name.

use serde::{Deserialize, Serialize};

use super::document_description::{PLATFORMS, owner};
use super::document_filter::{Facts, Filter, Given, Legacy};
use super::paging::Paging;
use crate::api::iam::Tag;
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::context::Context;
use crate::documents::{Document, Wanted, built_in_names, find};
use crate::error::ApiError;
use crate::identity::Resource;
use crate::store::Tagged;

pub(crate) struct ListDocuments;

/// Documents read from the database at once while a page fills.
const READ_AHEAD: i64 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    document_filter_list: Vec<Legacy>,
    #[serde(default)]
    filters: Vec<Given>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    document_identifiers: Vec<DocumentIdentifier>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DocumentIdentifier {
    name: String,
    created_date: EpochSeconds,
    owner: String,
    version_name: Option<String>,
    platform_types: [&'static str; 3],
    document_version: String,
    document_type: &'static str,
    schema_version: &'static str,
    document_format: String,
    tags: Vec<Tag>,
}

impl Operation for ListDocuments {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ListDocuments";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:ListDocuments",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = input.paging.limit()?;
        let after = input.paging.after()?;
        let filters = Filter::all(input.filters, input.document_filter_list)?;
        let found = matching(call.context, &filters, after, limit.saturating_add(1)).await?;
        let page = page::cut(found, limit, |document| &document.name);
        Ok(Output {
            document_identifiers: page.items,
            next_token: page.next,
        })
    }
}

/// The first `count` documents after the name `after` that pass all filters.
async fn matching(
    context: &Context,
    filters: &[Filter],
    mut after: String,
    count: usize,
) -> Result<Vec<DocumentIdentifier>, ApiError> {
    let mut found = Vec::new();
    while found.len() < count {
        let stored = context.store.documents(&after, READ_AHEAD).await?;
        // Built-in documents stand among the stored ones by name; behind the last stored one come all that are left.
        let last = stored.last().map(|document| document.name.clone());
        let is_within =
            |name: &str| name > after.as_str() && last.as_deref().is_none_or(|last| name <= last);
        let built_in = built_in_names().filter(|name| is_within(name));
        let mut names: Vec<String> = built_in.map(str::to_owned).collect();
        names.extend(stored.into_iter().map(|document| document.name));
        names.sort_unstable();
        for name in names {
            let document = find(context, &name, &Wanted::Default).await?;
            found.extend(identified(context, document, filters).await?);
        }
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    Ok(found)
}

/// What is told of the document, if it passes all filters.
async fn identified(
    context: &Context,
    document: Document,
    filters: &[Filter],
) -> Result<Option<DocumentIdentifier>, ApiError> {
    let tagged = Tagged::Document(&document.about.name);
    let tags = context.store.ssm_tags(tagged).await?;
    let owner = owner(context, &document);
    let facts = Facts {
        name: &document.about.name,
        owner: &owner,
        is_built_in: document.built_in,
        tags: &tags,
    };
    if !filters.iter().all(|filter| filter.matches(facts)) {
        return Ok(None);
    }
    Ok(Some(DocumentIdentifier {
        name: document.about.name,
        created_date: EpochSeconds(document.about.created),
        owner,
        version_name: document.version.version_name,
        platform_types: PLATFORMS,
        document_version: document.version.version.to_string(),
        document_type: "Session",
        schema_version: "1.0",
        document_format: document.version.format,
        tags: tags.into_iter().map(Tag::from).collect(),
    }))
}
