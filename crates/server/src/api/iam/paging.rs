//! How IAM's lists come in pages: `Marker` names the last item given, `MaxItems` is at most 1000.

use serde::Deserialize;

use crate::api::page::{self, Page};
use crate::codec::integer;
use crate::error::{ApiError, Code};

/// Items on a page unless the caller says otherwise, as in AWS.
const DEFAULT_ITEMS: usize = 100;
const MAX_ITEMS: usize = 1000;

/// `Marker` and `MaxItems` of every list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paging {
    marker: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    max_items: Option<i64>,
}

impl Paging {
    /// How many items to fetch for a page: one more than go on it, which tells whether another follows.
    pub(super) fn fetched(&self) -> Result<i64, ApiError> {
        Ok(i64::try_from(self.limit()?)
            .unwrap_or(i64::MAX)
            .saturating_add(1))
    }

    /// How many items go on a page.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        match self.max_items.map(usize::try_from) {
            None => Ok(DEFAULT_ITEMS),
            Some(Ok(items @ 1..=MAX_ITEMS)) => Ok(items),
            Some(_) => Err(ApiError::constraint(
                "maxItems",
                "Member must be between 1 and 1000",
            )),
        }
    }

    /// The key of the last item on the page before; empty for the first page.
    pub(super) fn after(&self) -> Result<String, ApiError> {
        match &self.marker {
            None => Ok(String::new()),
            Some(marker) => page::key_of(marker).ok_or_else(|| {
                ApiError::new(
                    Code::Validation,
                    "The Marker is not one that this operation returned.",
                )
            }),
        }
    }

    /// The page of `all`, which is sorted by `key`.
    pub(super) fn page<T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<Page<T>, ApiError> {
        let after = self.after()?;
        let rest = all
            .into_iter()
            .filter(|item| key(item) > after.as_str())
            .collect();
        Ok(page::cut(rest, self.limit()?, key))
    }
}
