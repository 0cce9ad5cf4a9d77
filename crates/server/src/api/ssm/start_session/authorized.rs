//! The proof that policy allows a caller to start a session on a target with a document.
//!
//! [`AuthorizedSession::judge`] is its only maker, and it carries what was judged, so that nobody looks up another
//! target or document later. The rule of the document check is control-plane.md 7.2.

use std::collections::BTreeMap;

use usher_policy::Context as Keys;

use super::Input;
use crate::api::Call;
use crate::documents::PREFERENCES;
use crate::error::ApiError;
use crate::identity::{Resource, Verdict, judge};

const ACTION: &str = "ssm:StartSession";

/// The condition key by which a policy for a target asks that the document be allowed too.
const DOCUMENT_CHECK: &str = "ssm:SessionDocumentAccessCheck";

/// A session that may be started, as it was asked for.
#[derive(Debug)]
pub(super) struct AuthorizedSession {
    input: Input,
}

impl AuthorizedSession {
    /// Asks the caller's policies about the document and the target.
    ///
    /// A document that is named must be allowed in any case. The account's default document must not be denied, and
    /// must be allowed where the target's policy asks for the check.
    pub(super) async fn judge(call: Call<'_>, input: Input) -> Result<Self, ApiError> {
        let document = Resource::Document(
            input
                .document_name
                .clone()
                .unwrap_or_else(|| PREFERENCES.to_owned()),
        );
        let verdict = judge(
            call.context,
            call.caller,
            ACTION,
            &document,
            &Keys::default().with(DOCUMENT_CHECK, "true"),
        )
        .await?;
        let is_document_allowed = match verdict {
            Verdict::Allowed => true,
            Verdict::Denied(refusal) => return Err(refusal),
            Verdict::NotAllowed(refusal) if input.document_name.is_some() => return Err(refusal),
            Verdict::NotAllowed(_) => false,
        };
        let target = Resource::Node(input.target.clone());
        let check = Keys::default().with(DOCUMENT_CHECK, is_document_allowed.to_string());
        match judge(call.context, call.caller, ACTION, &target, &check).await? {
            Verdict::Allowed => Ok(Self { input }),
            Verdict::Denied(refusal) | Verdict::NotAllowed(refusal) => Err(refusal),
        }
    }

    /// The target as it was given.
    pub(super) fn target(&self) -> &str {
        &self.input.target
    }

    /// The document as it was given, if one was named.
    pub(super) fn document_name(&self) -> Option<&str> {
        self.input.document_name.as_deref()
    }

    /// Why, in the caller's words.
    pub(super) fn reason(&self) -> Option<&str> {
        self.input.reason.as_deref()
    }

    /// Parameters of the document by name.
    pub(super) fn parameters(&self) -> &BTreeMap<String, Vec<String>> {
        &self.input.parameters
    }
}
