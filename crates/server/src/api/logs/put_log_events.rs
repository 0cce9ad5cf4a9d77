//! `PutLogEvents`. Sequence tokens are given out and never asked for, as in AWS today, but of a node that writes the log of
//! an encrypted session: its tokens count its batches from 0, and one that was taken already is not taken again.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::LogsCode;
use super::found::{
    closed, encryption_of, group, invalid, own_stream_only, stream, stream_resource,
};
use super::streams::SEQUENCE_TOKEN;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::{Who, denied};
use crate::limits;
use crate::logs::{Event, GroupKey, Place, Rejected, judge_batch};
use crate::store::{DeliveryRow, DeliveryState, LogEventRow, Sink};

const ACTION: &str = "logs:PutLogEvents";

pub(crate) struct PutLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputEvent>,
    sequence_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct InputEvent {
    timestamp: i64,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    next_sequence_token: Cow<'static, str>,
    rejected_log_events_info: Option<RejectedInfo>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectedInfo {
    too_new_log_event_start_index: Option<usize>,
    too_old_log_event_end_index: Option<usize>,
    expired_log_event_end_index: Option<usize>,
}

impl RejectedInfo {
    fn of(rejected: Rejected) -> Option<Self> {
        (rejected != Rejected::default()).then_some(Self {
            too_new_log_event_start_index: rejected.too_new_from,
            too_old_log_event_end_index: rejected.too_old_before,
            expired_log_event_end_index: rejected.expired_before,
        })
    }
}

impl Operation for PutLogEvents {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "PutLogEvents";
    const ACCESS: Access<Input> = Access::Policy {
        action: ACTION,
        on: |input| stream_resource(&input.log_group_name, &input.log_stream_name),
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let (group, stream) = (&input.log_group_name, &input.log_stream_name);
        own_stream_only(call, ACTION, group, stream).await?;
        let delivery = match call.caller.who {
            Who::Node(_) => delivery_of(call, stream).await?,
            _ => None,
        };
        if delivery
            .as_ref()
            .is_some_and(|row| row.state != DeliveryState::ByNode)
        {
            let resource = call.context.config.scope().log_stream(group, stream);
            let why = "because the server writes the log of this session itself";
            return Err(denied(call.caller, ACTION, &resource, why));
        }
        let mut next = Cow::Borrowed(SEQUENCE_TOKEN);
        let mut after = None;
        if let Some((row, batch)) = delivery.zip(number(input.sequence_token.as_deref())) {
            if batch < number(Some(&row.place)).unwrap_or(0) {
                return Ok(Output {
                    next_sequence_token: row.place.into(),
                    rejected_log_events_info: None,
                });
            }
            let count = batch.saturating_add(1).to_string();
            after = Some(row.after(count.clone(), false));
            next = count.into();
        }
        let given = input.log_events.into_iter();
        let events: Vec<Event> = given
            .map(|event| Event {
                at: event.timestamp,
                message: event.message,
            })
            .collect();
        let rejected = put(call, group, stream, &events, after.as_ref()).await?;
        Ok(Output {
            next_sequence_token: next,
            rejected_log_events_info: RejectedInfo::of(rejected),
        })
    }
}

/// The same for events of a session's log, with times in milliseconds: how their delivery stands `after` it is stored
/// together with them. False if some were rejected.
pub(crate) async fn deliver(
    call: Call<'_>,
    events: &[(u64, String)],
    after: &DeliveryRow,
) -> Result<bool, ApiError> {
    let (group, stream) = (&after.container, &after.name);
    call.demand(ACTION, &stream_resource(group, stream)).await?;
    let events: Vec<Event> = events
        .iter()
        .map(|(at, message)| Event {
            at: i64::try_from(*at).unwrap_or(i64::MAX),
            message: message.clone(),
        })
        .collect();
    let rejected = put(call, group, stream, &events, Some(after)).await?;
    Ok(rejected == Rejected::default())
}

/// How the log of a session on its way to CloudWatch Logs stands.
async fn delivery_of(call: Call<'_>, session: &str) -> Result<Option<DeliveryRow>, ApiError> {
    let rows = call.context.store.deliveries_of(session).await?;
    Ok(rows.into_iter().find(|row| row.sink == Sink::Logs))
}

/// A token that counts batches.
fn number(token: Option<&str>) -> Option<u64> {
    token?.parse().ok()
}

async fn put(
    call: Call<'_>,
    group_name: &str,
    stream_name: &str,
    events: &[Event],
    delivery: Option<&DeliveryRow>,
) -> Result<Rejected, ApiError> {
    let context = call.context;
    let row = group(call, group_name).await?;
    let stream = stream(call, &row, stream_name).await?;
    let now = context.now();
    let accepted =
        judge_batch(events, row.retention_days, now).map_err(|error| invalid(error.to_string()))?;
    let taken = events.get(accepted.range).unwrap_or_default();
    let keys = context.store.group_keys(&row.group_id).await?;
    let data_key = keys
        .last()
        .ok_or_else(|| ApiError::internal("a log group has no key"))?;
    let encryption = encryption_of(call, &row.name)?;
    let key = GroupKey::open(context, data_key, &encryption)
        .await
        .map_err(closed)?;
    let count = i64::try_from(taken.len()).unwrap_or(i64::MAX);
    let first = context
        .store
        .take_event_numbers(&row.group_id, count)
        .await?;
    let rows = taken
        .iter()
        .zip(first..)
        .map(|(event, number)| {
            let place = Place {
                stream_id: &stream.stream_id,
                at: event.at,
                number,
            };
            Ok(LogEventRow {
                stream_id: stream.stream_id.clone(),
                at: event.at,
                number,
                ingested: now,
                bytes: i64::try_from(event.message.len())
                    .unwrap_or(i64::MAX)
                    .saturating_add(26),
                generation: data_key.generation,
                sealed: key.seal(place, &event.message).map_err(closed)?,
            })
        })
        .collect::<Result<Vec<_>, ApiError>>()?;
    if !context
        .store
        .insert_log_events(&stream, &rows, limits::LOG_BYTES, delivery)
        .await?
    {
        return Err(ApiError::new(
            Code::Logs(LogsCode::LimitExceeded),
            format!(
                "All log groups together have at most {} bytes.",
                limits::LOG_BYTES
            ),
        ));
    }
    Ok(accepted.rejected)
}
