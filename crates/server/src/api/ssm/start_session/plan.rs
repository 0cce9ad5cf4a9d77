//! What the session will be: its document with the parameters filled in, under the account's preferences.

use std::collections::BTreeMap;

use usher_policy::{BoundDocument, Preferences, SessionInputs, SessionProperties};

use super::authorized::AuthorizedSession;
use super::stored_values;
use crate::api::Call;
use crate::documents::{self, PREFERENCES};
use crate::error::{ApiError, Code};

/// A document ready to be started.
#[derive(Debug)]
pub(in crate::api::ssm) struct Plan {
    /// Its plain name, for history.
    pub(in crate::api::ssm) document_name: String,
    /// The document, nothing left to fill in.
    pub(in crate::api::ssm) document: BoundDocument,
    /// The account's preferences at this moment.
    pub(in crate::api::ssm) preferences: Preferences,
    /// What the session runs with: the document's inputs on the preferences' floor.
    pub(super) inputs: SessionInputs,
}

impl Plan {
    /// Whether the document has a command that is to run as root.
    pub(in crate::api::ssm) fn asks_for_root(&self) -> bool {
        asks_for_root(self.document.properties())
    }

    /// Finds the document, fills in the parameters and puts it on the floor of the preferences.
    pub(super) async fn read(
        call: Call<'_>,
        authorized: &AuthorizedSession,
    ) -> Result<Self, ApiError> {
        Self::of(call, authorized.document_name(), authorized.parameters()).await
    }

    /// The same for a session that nobody starts. What the document asks of Parameter Store is read as the caller may.
    pub(in crate::api::ssm) async fn of(
        call: Call<'_>,
        document_name: Option<&str>,
        parameters: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, ApiError> {
        let context = call.context;
        let named = document_name.unwrap_or(PREFERENCES);
        let document_name = documents::plain_name(context.config.scope(), named)
            .unwrap_or(named)
            .to_owned();
        let document = documents::for_session(context, named).await?;
        if !documents::is_built_in(&document_name) {
            documents::check_commands(context, &document)?;
        }
        let stored = stored_values::read(call, document.references(parameters)).await?;
        let document = document
            .bind(parameters, &stored)
            .map_err(|refused| ApiError::new(Code::InvalidParameters, refused.to_string()))?;
        let preferences = documents::preferences(context).await?;
        let inputs = preferences.effective(document.inputs());
        Ok(Self {
            document_name,
            document,
            preferences,
            inputs,
        })
    }
}

/// Whether one of the commands is to run as root.
pub(super) fn asks_for_root(properties: &SessionProperties) -> bool {
    match properties {
        SessionProperties::Commands(commands) => {
            commands.values().any(|command| command.run_as_elevated)
        }
        SessionProperties::Shell | SessionProperties::Port(_) | SessionProperties::Copy => false,
    }
}
