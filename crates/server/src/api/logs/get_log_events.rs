//! `GetLogEvents`: one stream, page by page, forward and backward. The token that was given comes back at the end.

use serde::{Deserialize, Serialize};

use super::found::{group, group_name, invalid, stream, stream_resource};
use super::page_of_events::{measured, narrowed, opened, position, range};
use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::logs::{Direction, Position, Token};
use crate::store::EventRange;

/// Events on a page.
const MOST: i64 = 10_000;

pub(crate) struct GetLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputEvent {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    events: Vec<OutputEvent>,
    next_forward_token: String,
    next_backward_token: String,
}

impl Input {
    fn limit(&self) -> Result<i64, ApiError> {
        match self.limit.unwrap_or(MOST) {
            limit @ 1..=MOST => Ok(limit),
            _ => Err(invalid("limit must be between 1 and 10000.")),
        }
    }

    /// Where to read from, and which way.
    fn start(&self) -> Result<(Direction, Option<Position>), ApiError> {
        let Some(token) = &self.next_token else {
            return Ok(match self.start_from_head {
                Some(true) => (Direction::Forward, None),
                _ => (Direction::Backward, None),
            });
        };
        let token: Token = token
            .parse()
            .map_err(|_| invalid("The specified nextToken is invalid."))?;
        Ok((token.direction, Some(token.from)))
    }
}

impl Operation for GetLogEvents {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "GetLogEvents";
    const ACCESS: Access<Input> = Access::Within {
        action: "logs:GetLogEvents",
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let (name, arn) = (
            input.log_group_name.as_deref(),
            input.log_group_identifier.as_deref(),
        );
        let name = group_name(call, name, arn)?;
        let resource = stream_resource(&name, &input.log_stream_name);
        call.demand("logs:GetLogEvents", &resource).await?;
        let (limit, (direction, from)) = (input.limit()?, input.start()?);
        let group = group(call, &name).await?;
        let stream = stream(call, &group, &input.log_stream_name).await?;
        let all = range(
            call,
            &group,
            Some(&stream.stream_id),
            input.start_time,
            input.end_time,
        );
        let found = page(call, all, direction, from, limit).await?;
        let events = match found {
            Some(range) => call.context.store.log_events(&range).await?,
            None => Vec::new(),
        };
        let here = from.unwrap_or_default();
        let first = events.first().map_or(here, position);
        let last = events.last().map_or(here, position);
        let token = |direction, from| Token { direction, from }.to_string();
        let opened = opened(call, &group, events).await?;
        let event = |(row, message): (crate::store::LogEventRow, String)| OutputEvent {
            timestamp: row.at,
            message,
            ingestion_time: row.ingested,
        };
        Ok(Output {
            events: opened.into_iter().map(event).collect(),
            next_forward_token: token(Direction::Forward, last),
            next_backward_token: token(Direction::Backward, first),
        })
    }
}

/// The range that one page has; none where there is nothing.
async fn page<'a>(
    call: Call<'_>,
    all: EventRange<'a>,
    direction: Direction,
    from: Option<Position>,
    limit: i64,
) -> Result<Option<EventRange<'a>>, ApiError> {
    let store = &call.context.store;
    let at = from.map(|from| (from.at, from.number));
    let range = match direction {
        Direction::Forward => EventRange {
            after: at.unwrap_or(all.after),
            ..all
        },
        Direction::Backward => EventRange {
            before: at.unwrap_or(all.before),
            ..all
        },
    };
    let places = match direction {
        Direction::Forward => store.first_event_places(&range, limit).await?,
        Direction::Backward => store.last_event_places(&range, limit).await?,
    };
    let measured = measured(&places);
    let (near, far) = (measured.first(), measured.last());
    Ok(near.zip(far).map(|(near, far)| match direction {
        Direction::Forward => narrowed(&range, near.place, far.place),
        Direction::Backward => narrowed(&range, far.place, near.place),
    }))
}
