//! `GetSessionRecording` and `VerifySessionRecording`, which AWS does not have: a session's recording as asciicast, and
//! whether it is what the gateway wrote.
//!
//! Each is an action of its own that no managed policy for people allows, not even to a session's owner.

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::session::demand_session;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::recording::{PageError, is_past};
use crate::store::{RecordingRow, SessionRow};

/// Reads a page.
pub(crate) struct GetSessionRecording;
/// Checks the chain.
pub(crate) struct VerifySessionRecording;

/// Which page of which recording.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetInput {
    session_id: String,
    next_token: Option<String>,
    /// Whoever reads knows what to do with a sealed one.
    #[serde(default)]
    accept_sealed: bool,
}

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOutput {
    session_id: String,
    /// Lines of asciicast v2, or where it is sealed of what travelled; all pages one after the other are the recording.
    content: String,
    /// KMS encrypted the session: who reads it must decrypt its data key, with the node in the encryption context.
    is_sealed: bool,
    /// The node.
    target: String,
    next_token: Option<String>,
}

/// Which recording.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VerifyInput {
    session_id: String,
}

/// What it was found to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VerifyOutput {
    session_id: String,
    /// Nothing in it was changed, moved or removed; of a live session's, as far as it goes.
    is_intact: bool,
    /// What is wrong.
    problem: Option<String>,
    /// The session is over, so its end is part of what was checked.
    is_finished: bool,
    /// It holds what travelled, which KMS encrypted.
    is_sealed: bool,
    /// Why it does not hold the whole session.
    lost: Option<String>,
    bytes: u64,
    blocks: u64,
    /// The hash over all blocks, hexadecimal.
    hash: String,
}

impl Operation for GetSessionRecording {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetSessionRecording";
    const ACCESS: Access<GetInput> = Access::Within {
        action: "ssm:GetSessionRecording",
    };
    type Input = GetInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: GetInput) -> Result<GetOutput, ApiError> {
        let session = demand_session(&call, "ssm:GetSessionRecording", &input.session_id).await?;
        let recording = recording_of(call, &session).await?;
        if recording.sealed && !input.accept_sealed {
            return Err(sealed(&session));
        }
        tracing::info!(
            session = session.session_id,
            by = call.caller.arn,
            "a recording is read"
        );
        let recordings = call.context.recordings.clone();
        let (id, token) = (session.session_id.clone(), input.next_token);
        let created = u64::try_from(session.created).unwrap_or(0);
        let sealed = recording.sealed;
        let page =
            spawn_blocking(move || recordings.page(&id, (created, sealed), token.as_deref()))
                .await
                .map_err(ApiError::internal)?
                .map_err(|error| match error {
                    PageError::Token => {
                        ApiError::new(Code::InvalidNextToken, "The specified token is not valid.")
                    }
                    PageError::File(error) => damaged(&session, &error.to_string()),
                })?;
        Ok(GetOutput {
            session_id: session.session_id,
            content: page.lines,
            is_sealed: sealed,
            target: session.node_id,
            next_token: page.next,
        })
    }
}

impl Operation for VerifySessionRecording {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "VerifySessionRecording";
    const ACCESS: Access<VerifyInput> = Access::Within {
        action: "ssm:VerifySessionRecording",
    };
    type Input = VerifyInput;
    type Output = VerifyOutput;

    async fn run(call: Call<'_>, input: VerifyInput) -> Result<VerifyOutput, ApiError> {
        let action = "ssm:VerifySessionRecording";
        let session = demand_session(&call, action, &input.session_id).await?;
        let row = recording_of(call, &session).await?;
        let (recordings, id) = (call.context.recordings.clone(), session.session_id.clone());
        let verified = spawn_blocking(move || recordings.verify(&id))
            .await
            .map_err(ApiError::internal)?;
        let mut output = VerifyOutput {
            session_id: session.session_id,
            is_intact: false,
            problem: None,
            is_finished: row.closed.is_some(),
            is_sealed: row.sealed,
            lost: row.lost,
            bytes: 0,
            blocks: 0,
            hash: String::new(),
        };
        match verified {
            // It is evidence that the file cannot be read.
            Err(error) => output.problem = Some(error.to_string()),
            Ok(found) => {
                output.bytes = found.head.offset;
                output.blocks = found.head.index;
                output.hash = hex::encode(found.head.hash);
                output.problem = match row.closed {
                    // A block that is being written is no damage.
                    None => found.problem.filter(|_| !found.is_torn),
                    Some(_) => found.problem.or_else(|| {
                        let is_the_one = row.head.as_deref() == Some(found.head.hash.as_slice());
                        (!is_the_one).then(|| {
                            "it does not end as the database says: blocks at its end were removed or added"
                                .to_owned()
                        })
                    }),
                };
                output.is_intact = output.problem.is_none();
            }
        }
        Ok(output)
    }
}

async fn recording_of(call: Call<'_>, session: &SessionRow) -> Result<RecordingRow, ApiError> {
    let row = call.context.store.recording(&session.session_id).await?;
    let none = |sentence| ApiError::new(Code::DoesNotExist, sentence);
    let id = &session.session_id;
    let row = row.ok_or_else(|| none(format!("Session {id} has no recording.")))?;
    let retention = call.context.config.recording_retention;
    match is_past(&row, retention, call.context.now()) {
        false => Ok(row),
        true => Err(none(format!(
            "The recording of session {id} is not kept any more: this server keeps recordings for a time only."
        ))),
    }
}

/// For readers that would take it for asciicast.
fn sealed(session: &SessionRow) -> ApiError {
    ApiError::new(
        Code::DoesNotExist,
        format!(
            "Session {} was encrypted with KMS, and so is its recording: usher play decrypts it for whoever may use the key.",
            session.session_id
        ),
    )
}

/// What was done to the file is the reader's business: the evidence is damaged.
fn damaged(session: &SessionRow, why: &str) -> ApiError {
    ApiError::new(
        Code::DoesNotExist,
        format!(
            "The recording of session {} is not whole: {why}.",
            session.session_id
        ),
    )
}
