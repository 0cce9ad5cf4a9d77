//! What the person may do, asked before it is tried, so that a page can say which action is missing.
//!
//! An answer is a forecast: conditions about tags in a request are not known yet, and the operation judges again. It
//! tells a caller about themselves only, and nothing that trying would not.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::Deserialize;
use usher_policy::Context as Keys;

use super::door::SignedIn;
use super::refusal::Refusal;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Resource, Verdict, judge, of_session};
use crate::store::Kind;

/// Questions of one request; more are refused.
const QUESTIONS: usize = 64;

/// One question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    action: String,
    #[serde(default)]
    on: On,
}

/// What the action would be done to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum On {
    #[default]
    Any,
    Document(String),
    Node(String),
    User(String),
    Role(String),
    Group(String),
    /// By ARN.
    Policy(String),
    Session(String),
    /// A KMS key, by id.
    Key(String),
    LogGroup(String),
}

/// What is judged: the resource, and the keys that hang on it. Of a session that does not exist, as of a stranger's.
async fn resource(context: &Context, on: On) -> Result<(Resource, Keys), ApiError> {
    let resource = match on {
        On::Any => Resource::Any,
        On::Document(name) => Resource::Document(name),
        On::Node(id) => Resource::Node(id),
        On::User(name) => Resource::Entity(Kind::User, name),
        On::Role(name) => Resource::Entity(Kind::Role, name),
        On::Group(name) => Resource::Entity(Kind::Group, name),
        On::Policy(arn) => Resource::ManagedPolicy(arn),
        On::Key(id) => Resource::Arn(context.config.scope().kms(&format!("key/{id}"))),
        On::LogGroup(group) => Resource::LogStream {
            group,
            stream: String::new(),
        },
        On::Session(id) => {
            let row = context.store.session(&id).await?;
            let (owner, target) =
                row.map_or_else(Default::default, |row| (row.owner_userid, row.node_id));
            let keys = of_session(&owner, &target);
            return Ok((
                Resource::Session {
                    id,
                    owner_user_id: owner,
                },
                keys,
            ));
        }
    };
    Ok((resource, Keys::default()))
}

/// `POST /console/permissions`: a list of questions, answered by a list of booleans.
pub(super) async fn ask(
    State(context): State<Arc<Context>>,
    Extension(signed_in): Extension<SignedIn>,
    questions: Result<Json<Vec<Question>>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(questions) = questions.map_err(|_| Refusal::Unreadable)?;
    if questions.len() > QUESTIONS {
        return Err(Refusal::Unreadable);
    }
    let mut answers = Vec::with_capacity(questions.len());
    for Question { action, on } in questions {
        let (resource, keys) = resource(&context, on).await?;
        let verdict = judge(&context, &signed_in.caller, &action, &resource, &keys).await?;
        answers.push(matches!(verdict, Verdict::Allowed));
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(answers)).into_response())
}
