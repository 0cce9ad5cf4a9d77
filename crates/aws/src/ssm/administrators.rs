//! `ListRunAsAdministrators`, Usher's own operation: who could set, change or remove anybody's OS user.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{MAX_PAGES, Ssm};
use crate::{CallError, Identity};

const PER_PAGE: u32 = 50;

/// A user or role, and how it could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunAsAdministrator {
    /// ARN.
    pub principal: String,
    /// At least one.
    pub ways: Vec<RunAsWay>,
    /// Of a role: ARNs of the identity providers whose people it trusts.
    pub trusted_providers: Vec<String>,
}

/// One way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunAsWay {
    /// Such as `SetsTag`.
    pub way: String,
    /// Such as `iam:TagUser`.
    pub action: String,
    /// ARNs, the first of them.
    pub resources: Vec<String>,
    /// How many are not named.
    pub further_resources: u64,
    /// The statement that would allow it on the first.
    pub allowed_by: String,
    /// The condition keys that it hangs on.
    pub depends_on: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    administrators: Vec<RunAsAdministrator>,
    next_token: Option<String>,
}

impl Ssm {
    /// Everybody who could, by ARN.
    ///
    /// # Errors
    /// `AccessDeniedException` where asking is not allowed.
    pub async fn run_as_administrators(
        &self,
        identity: Identity<'_>,
    ) -> Result<Vec<RunAsAdministrator>, CallError> {
        let mut found = Vec::new();
        let mut input = json!({"MaxResults": PER_PAGE});
        for _ in 0..MAX_PAGES {
            let page: Page = self
                .client
                .call(identity, "ListRunAsAdministrators", &input)
                .await?;
            found.extend(page.administrators);
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => input = json!({"MaxResults": PER_PAGE, "NextToken": token}),
                None => return Ok(found),
            }
        }
        Err(self
            .client
            .senseless("the list of administrators does not end"))
    }
}
