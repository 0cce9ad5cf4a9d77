//! `CreateLogStream`, `DescribeLogStreams`, `DeleteLogStream`.

use serde::{Deserialize, Serialize};

use super::LogsCode;
use super::found::{
    group, group_name, group_resource, invalid, own_stream_only, stream, stream_resource,
};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::fresh_id;
use crate::limits;
use crate::logs::check_stream_name;
use crate::store::LogStreamRow;

/// Streams on a page, as in AWS.
const PAGE: usize = 50;

pub(crate) struct CreateLogStream;
pub(crate) struct DescribeLogStreams;
pub(crate) struct DeleteLogStream;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NameInput {
    log_group_name: String,
    log_stream_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogStream {
    log_stream_name: String,
    creation_time: i64,
    first_event_timestamp: Option<i64>,
    last_event_timestamp: Option<i64>,
    last_ingestion_time: Option<i64>,
    upload_sequence_token: &'static str,
    arn: String,
    stored_bytes: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeOutput {
    log_streams: Vec<LogStream>,
    next_token: Option<String>,
}

/// What old agents send with their next batch; it is never looked at.
pub(super) const SEQUENCE_TOKEN: &str = "49039859623105640000000000000000000000000000000000000000";

impl Operation for CreateLogStream {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "CreateLogStream";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "logs:CreateLogStream",
        on: |input| stream_resource(&input.log_group_name, &input.log_stream_name),
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let (group_name, name) = (&input.log_group_name, input.log_stream_name);
        own_stream_only(call, "logs:CreateLogStream", group_name, &name).await?;
        let row = group(call, group_name).await?;
        if !check_stream_name(&name) {
            return Err(invalid(
                "A log stream name has 1 to 512 characters, none of them : or * or a control character.",
            ));
        }
        let store = &call.context.store;
        if store.count_log_streams(&row.group_id).await? >= limits::LOG_STREAMS {
            return Err(ApiError::new(
                Code::Logs(LogsCode::LimitExceeded),
                format!("A log group has at most {} streams.", limits::LOG_STREAMS),
            ));
        }
        let stream = LogStreamRow {
            stream_id: fresh_id("LSTR", 16)?,
            group_id: row.group_id,
            name,
            created: call.context.now(),
            span: None,
            last_ingestion: None,
        };
        match store.insert_log_stream(&stream).await? {
            true => Ok(()),
            false => Err(ApiError::new(
                Code::Logs(LogsCode::ResourceAlreadyExists),
                "The specified log stream already exists",
            )),
        }
    }
}

impl Operation for DescribeLogStreams {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DescribeLogStreams";
    const ACCESS: Access<DescribeInput> = Access::Within {
        action: "logs:DescribeLogStreams",
    };
    type Input = DescribeInput;
    type Output = DescribeOutput;

    async fn run(call: Call<'_>, input: DescribeInput) -> Result<DescribeOutput, ApiError> {
        let (name, arn) = (
            input.log_group_name.as_deref(),
            input.log_group_identifier.as_deref(),
        );
        let name = group_name(call, name, arn)?;
        call.demand("logs:DescribeLogStreams", &group_resource(&name))
            .await?;
        let prefix = input.log_stream_name_prefix.clone().unwrap_or_default();
        own_stream_only(call, "logs:DescribeLogStreams", &name, &prefix).await?;
        let limit = input.limit.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&limit) {
            return Err(invalid("limit must be between 1 and 50."));
        }
        let by_time = match input.order_by.as_deref() {
            None | Some("LogStreamName") => false,
            Some("LastEventTime") if input.log_stream_name_prefix.is_none() => true,
            Some("LastEventTime") => {
                return Err(invalid(
                    "Cannot order by LastEventTime with a logStreamNamePrefix.",
                ));
            }
            Some(_) => return Err(invalid("orderBy must be LogStreamName or LastEventTime.")),
        };
        let row = group(call, &name).await?;
        let streams = call
            .context
            .store
            .log_streams(&row.group_id, &prefix)
            .await?;
        let mut keyed: Vec<_> = streams
            .into_iter()
            .map(|one| (order_key(&one, by_time), one))
            .collect();
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        if input.descending == Some(true) {
            keyed.reverse();
        }
        if let Some(token) = &input.next_token {
            let last = page::key_of(token);
            let last = last.ok_or_else(|| invalid("The specified nextToken is invalid."))?;
            let passed = |key: &String| match input.descending {
                Some(true) => *key >= last,
                _ => *key <= last,
            };
            keyed.retain(|(key, _)| !passed(key));
        }
        let page = page::cut(keyed, limit, |(key, _)| key);
        let scope = call.context.config.scope();
        let described = |(_, one): (String, LogStreamRow)| LogStream {
            arn: scope.log_stream(&name, &one.name),
            log_stream_name: one.name,
            creation_time: one.created,
            first_event_timestamp: one.span.map(|(first, _)| first),
            last_event_timestamp: one.span.map(|(_, last)| last),
            last_ingestion_time: one.last_ingestion,
            upload_sequence_token: SEQUENCE_TOKEN,
            // AWS has told 0 here since 2019; the group's is true.
            stored_bytes: 0,
        };
        Ok(DescribeOutput {
            log_streams: page.items.into_iter().map(described).collect(),
            next_token: page.next,
        })
    }
}

/// What streams are sorted by; the name makes it unique.
fn order_key(stream: &LogStreamRow, by_time: bool) -> String {
    match by_time {
        true => format!(
            "{:020}{}",
            stream.span.map_or(0, |(_, last)| last),
            stream.name
        ),
        false => stream.name.clone(),
    }
}

impl Operation for DeleteLogStream {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DeleteLogStream";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "logs:DeleteLogStream",
        on: |input| stream_resource(&input.log_group_name, &input.log_stream_name),
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let row = group(call, &input.log_group_name).await?;
        let found = stream(call, &row, &input.log_stream_name).await?;
        Ok(call.context.store.delete_log_stream(&found).await?)
    }
}
