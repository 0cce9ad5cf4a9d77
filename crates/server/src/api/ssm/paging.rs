//! How the lists of Systems Manager come in pages: `NextToken` names the last item given, `MaxResults` is at most 50.

use serde::Deserialize;

use crate::api::page;
use crate::error::{ApiError, Code};

/// Items on a page, at most and unless the caller says otherwise.
const MAX_RESULTS: usize = 50;

/// `MaxResults` and `NextToken` of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paging {
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Paging {
    /// How many items go on the page.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        match self.max_results.map(usize::try_from) {
            None => Ok(MAX_RESULTS),
            Some(Ok(results @ 1..=MAX_RESULTS)) => Ok(results),
            Some(_) => Err(ApiError::constraint(
                "maxResults",
                "Member must be between 1 and 50",
            )),
        }
    }

    /// The key of the last item on the page before; empty for the first page.
    pub(super) fn after(&self) -> Result<String, ApiError> {
        match &self.next_token {
            None => Ok(String::new()),
            Some(token) => page::key_of(token).ok_or_else(not_ours),
        }
    }
}

/// The refusal of a token that no list gave out.
pub(super) fn not_ours() -> ApiError {
    ApiError::new(Code::InvalidNextToken, "The specified token is not valid.")
}
