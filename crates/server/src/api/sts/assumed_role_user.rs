//! A role session as STS answers it.

use serde::Serialize;

use crate::api::Call;
use crate::store::EntityRow;

/// Who the new keys are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

impl AssumedRoleUser {
    /// `role` as somebody has assumed it under this name.
    pub(super) fn new(call: Call<'_>, role: &EntityRow, session_name: &str) -> Self {
        Self {
            assumed_role_id: format!("{}:{session_name}", role.id),
            arn: call
                .context
                .config
                .scope()
                .assumed_role(&role.name, session_name),
        }
    }
}
