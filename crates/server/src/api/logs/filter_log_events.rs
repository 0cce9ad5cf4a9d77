//! `FilterLogEvents`: a group searched in the order of time. A call looks at a bounded part and says where to go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::found::{group, group_name, group_resource, invalid, stream};
use super::page_of_events::{measured, narrowed, opened, position, range};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::logs::{Filter, Position};
use crate::store::{EventRange, LogEventRow, LogGroupRow};

/// Events that one call answers at the most, looks at in one go, and how often it goes.
const MOST: usize = 10_000;
const AT_ONCE: i64 = 2000;
const ROUNDS: usize = 10;
/// Streams that a call may name.
const STREAMS: usize = 100;

pub(crate) struct FilterLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilteredEvent {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    events: Vec<FilteredEvent>,
    searched_log_streams: [(); 0],
    next_token: Option<String>,
}

/// What a call looks for.
struct Search {
    /// Names by id of the streams that are looked at.
    streams: BTreeMap<String, String>,
    filter: Filter,
    limit: usize,
    from: Option<Position>,
}

impl Search {
    async fn of(call: Call<'_>, group: &LogGroupRow, input: &Input) -> Result<Self, ApiError> {
        let limit @ 1..=MOST = input.limit.unwrap_or(MOST) else {
            return Err(invalid("limit must be between 1 and 10000."));
        };
        let from = match &input.next_token {
            None => None,
            Some(token) => Some(
                token
                    .parse()
                    .map_err(|_| invalid("The specified nextToken is invalid."))?,
            ),
        };
        let filter = Filter::parse(input.filter_pattern.as_deref().unwrap_or_default())
            .map_err(|error| invalid(error.to_string()))?;
        let streams = match (&input.log_stream_names, &input.log_stream_name_prefix) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "logStreamNames and logStreamNamePrefix are mutually exclusive.",
                ));
            }
            (Some(names), None) if (1..=STREAMS).contains(&names.len()) => {
                let mut streams = Vec::new();
                for name in names {
                    streams.push(stream(call, group, name).await?);
                }
                streams
            }
            (Some(_), None) => return Err(invalid("logStreamNames has 1 to 100 names.")),
            (None, prefix) => {
                let prefix = prefix.as_deref().unwrap_or_default();
                call.context
                    .store
                    .log_streams(&group.group_id, prefix)
                    .await?
            }
        };
        Ok(Self {
            streams: streams
                .into_iter()
                .map(|one| (one.stream_id, one.name))
                .collect(),
            filter,
            limit,
            from,
        })
    }

    fn matching(&self, event: &LogEventRow, message: String) -> Option<FilteredEvent> {
        let name = self.streams.get(&event.stream_id)?;
        self.filter.matches(&message).then(|| FilteredEvent {
            log_stream_name: name.clone(),
            timestamp: event.at,
            ingestion_time: event.ingested,
            event_id: position(event).to_string(),
            message,
        })
    }
}

impl Operation for FilterLogEvents {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "FilterLogEvents";
    const ACCESS: Access<Input> = Access::Within {
        action: "logs:FilterLogEvents",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let (name, arn) = (
            input.log_group_name.as_deref(),
            input.log_group_identifier.as_deref(),
        );
        let name = group_name(call, name, arn)?;
        call.demand("logs:FilterLogEvents", &group_resource(&name))
            .await?;
        let group = group(call, &name).await?;
        let search = Search::of(call, &group, &input).await?;
        // One stream has its own way through the database; several are told apart here.
        let one = match search.streams.len() {
            1 => search.streams.keys().next().map(String::as_str),
            _ => None,
        };
        let mut range = range(call, &group, one, input.start_time, input.end_time);
        if let Some(from) = search.from {
            range.after = (from.at, from.number);
        }
        let (events, next) = search_in(call, &group, &search, range).await?;
        Ok(Output {
            events,
            searched_log_streams: [],
            next_token: next.map(|next| next.to_string()),
        })
    }
}

/// What matches, and where to go on; nowhere at the end.
async fn search_in(
    call: Call<'_>,
    group: &LogGroupRow,
    search: &Search,
    mut range: EventRange<'_>,
) -> Result<(Vec<FilteredEvent>, Option<Position>), ApiError> {
    let store = &call.context.store;
    let mut found = Vec::new();
    let mut last = None;
    for _ in 0..ROUNDS {
        let places = store.first_event_places(&range, AT_ONCE).await?;
        let measured = measured(&places);
        let Some((near, far)) = measured.first().zip(measured.last()) else {
            return Ok((found, None));
        };
        let looked_at = narrowed(&range, near.place, far.place);
        range.after = far.place;
        let events = store.log_events(&looked_at).await?;
        for (event, message) in opened(call, group, events).await? {
            last = Some(position(&event));
            found.extend(search.matching(&event, message));
            if found.len() == search.limit {
                return Ok((found, last));
            }
        }
    }
    Ok((found, last))
}
