//! A trial of what the preferences want: a line to each sink, on the way that sessions' logs take.

use serde_json::json;
use usher_policy::SessionInputs;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::session_log::time;

use super::demand::{Undeliverable, demand_of, invoke, rows};
use super::step::{ms, words};
use super::{to_logs, to_s3};
use crate::api::Call;
use crate::config::Recording;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Caller, NodeScope, node_caller};
use crate::objects::Draft;
use crate::store::{DeliveryRow, DeliveryState, Sink};

/// Tries each sink as if the node had a session of that name, which no session has. What comes back is not stored.
pub(crate) async fn try_out(
    context: &Context,
    node: &NodeId,
    name: &SessionId,
    inputs: &SessionInputs,
) -> Result<Vec<DeliveryRow>, ApiError> {
    let scope = NodeScope {
        node: node.clone(),
        session: Some(name.clone()),
    };
    let writer = node_caller(context, scope).await?;
    let mut tried = Vec::new();
    for row in rows(name, inputs) {
        let demanded = match context.config.recording {
            Recording::On => demand_of(context, &writer, &row, inputs).await?,
            Recording::Off => Err(Undeliverable::NoRecording),
        };
        let outcome = match demanded {
            Ok(()) => write(context, &writer, &row).await,
            Err(undeliverable) => Err(undeliverable.to_string()),
        };
        tried.push(DeliveryRow {
            state: match outcome {
                Ok(()) => DeliveryState::Done,
                Err(_) => DeliveryState::Failed,
            },
            problem: outcome.err(),
            ..row
        });
    }
    Ok(tried)
}

async fn write(context: &Context, writer: &Caller, row: &DeliveryRow) -> Result<(), String> {
    let now = context.now();
    let line = format!(
        "A trial of the delivery of session logs, on {}\n",
        time(ms(now))
    );
    match row.sink {
        Sink::S3 => {
            let mut draft = Draft::begin(context).await.map_err(words)?;
            draft.write(line.as_bytes()).await.map_err(words)?;
            to_s3::put(context, writer, &row.container, &row.name, draft).await
        }
        Sink::Logs => {
            let call = Call {
                context,
                caller: writer,
            };
            let (group, stream) = (&row.container, &row.name);
            to_logs::make_stream(call, group, stream).await?;
            let event = json!({"timestamp": now, "message": line});
            let input =
                json!({"logGroupName": group, "logStreamName": stream, "logEvents": [event]});
            let put = invoke(call, "PutLogEvents", &input).await;
            put.map(|_| ())
                .map_err(|error| to_logs::failed(call, "PutLogEvents", group, &error))
        }
    }
}
