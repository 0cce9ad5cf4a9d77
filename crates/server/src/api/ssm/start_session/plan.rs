//! What the session will be: its document with the parameters filled in, under the account's preferences.

use usher_policy::{BoundDocument, DocumentFormat, Preferences, SessionDocument, SessionInputs};

use super::authorized::AuthorizedSession;
use crate::context::Context;
use crate::documents::{self, PREFERENCES, Wanted};
use crate::error::{ApiError, Code};

/// The session of an account that has no preferences document and of a caller who names none.
const DEFAULT_DOCUMENT: &str = r#"{
    "schemaVersion": "1.0",
    "description": "A shell under the server's default preferences",
    "sessionType": "Standard_Stream",
    "inputs": {}
}"#;

/// A document ready to be started.
#[derive(Debug)]
pub(super) struct Plan {
    /// Its plain name, for history.
    pub(super) document_name: String,
    /// The document, nothing left to fill in.
    pub(super) document: BoundDocument,
    /// The account's preferences at this moment.
    pub(super) preferences: Preferences,
    /// What the session runs with: the document's inputs on the preferences' floor.
    pub(super) inputs: SessionInputs,
}

impl Plan {
    /// Finds the document, fills in the parameters and puts it on the floor of the preferences.
    pub(super) async fn read(
        context: &Context,
        authorized: &AuthorizedSession,
    ) -> Result<Self, ApiError> {
        let named = authorized.document_name().unwrap_or(PREFERENCES);
        let document_name = documents::plain_name(context.config.scope(), named)
            .unwrap_or(named)
            .to_owned();
        let document = find(context, named, &document_name).await?;
        let document = document
            .bind(authorized.parameters())
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

async fn find(
    context: &Context,
    named: &str,
    plain_name: &str,
) -> Result<SessionDocument, ApiError> {
    if plain_name != PREFERENCES {
        return documents::find(context, named, &Wanted::Default)
            .await?
            .text()?
            .check();
    }
    // The preferences in force are the latest version; its default is never moved by the documented procedure.
    if context.store.document(PREFERENCES).await?.is_none() {
        return SessionDocument::parse(DEFAULT_DOCUMENT, DocumentFormat::Json)
            .map_err(ApiError::internal);
    }
    documents::find(context, PREFERENCES, &Wanted::Latest)
        .await?
        .text()?
        .check()
}
