//! `ReportSessionLog`, which AWS does not have: a node's agent says how the log stands that it writes, since KMS hides the
//! session from the server.
//!
//! It is taken from the session's own credentials alone. What comes twice, or after the end of the log, changes nothing.

use serde::Deserialize;

use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::store::{DeliveryRow, DeliveryState};

/// Takes the word of an agent.
pub(crate) struct ReportSessionLog;

/// Characters that are kept of a sentence.
const LONGEST: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    session_id: String,
    /// `logs` or `s3`.
    sink: String,
    /// Why it cannot be written now; none: it can.
    problem: Option<String>,
    /// Everything is there.
    #[serde(default)]
    is_complete: bool,
}

impl Operation for ReportSessionLog {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "ReportSessionLog";
    const ACCESS: Access<Input> = Access::OwnSession {
        named: |input| &input.session_id,
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let store = &call.context.store;
        let rows = store.deliveries_of(&input.session_id).await?;
        let is_it = |row: &DeliveryRow| {
            row.sink.as_str() == input.sink && row.state == DeliveryState::ByNode
        };
        let Some(row) = rows.into_iter().find(is_it) else {
            return Ok(());
        };
        let problem = input.problem.map(|problem| shown(&problem));
        let row = DeliveryRow {
            state: match input.is_complete {
                true => DeliveryState::Waiting,
                false => DeliveryState::ByNode,
            },
            attempts: i64::from(problem.is_some()),
            problem,
            ..row
        };
        store.update_delivery(&row).await?;
        call.context.recordings.wake_delivery();
        Ok(())
    }
}

/// What may be kept of a node's sentence.
fn shown(problem: &str) -> String {
    let kept = problem.chars().filter(|letter| !letter.is_control());
    kept.take(LONGEST).collect()
}
