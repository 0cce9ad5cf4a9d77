//! LookupEvents: records of the audit trail by one attribute and by time, newest first.
//!
//! The attributes, their number and the errors are those of CloudTrail's model; unlike there, records do not end after
//! 90 days.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::{AuditKey, AuditRow, AuditSelection};

/// Events of a page, and the most there may be.
const PAGE: i64 = 50;

/// The operation.
pub(crate) struct LookupEvents;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    events: Vec<Event>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    event_id: String,
    event_name: String,
    read_only: String,
    access_key_id: Option<String>,
    event_time: EpochSeconds,
    event_source: String,
    username: Option<String>,
    resources: Vec<EventResource>,
    cloud_trail_event: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventResource {
    resource_type: String,
    resource_name: String,
}

impl Operation for LookupEvents {
    const SERVICE: Service = Service::CloudTrail;
    const NAME: &'static str = "LookupEvents";
    const ACCESS: Access<Input> = Access::Policy {
        action: "cloudtrail:LookupEvents",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let limit = page_size(input.max_results)?;
        let nothing = match input.event_category.as_deref() {
            None => false,
            Some("insight") => true,
            Some(_) => {
                return Err(ApiError::new(
                    Code::InvalidEventCategory,
                    "The event category is not valid: it can only be insight.",
                ));
            }
        };
        let selection = selection(&input)?;
        let mut rows = match nothing {
            true => Vec::new(),
            false => {
                call.context
                    .store
                    .select_audit(&selection, limit + 1)
                    .await?
            }
        };
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more).map(|row| row.number);
        Ok(Output {
            next_token: last.map(|number| URL_SAFE_NO_PAD.encode(number.to_string())),
            events: rows.into_iter().map(event).collect(),
        })
    }
}

fn page_size(asked: Option<i64>) -> Result<i64, ApiError> {
    match asked.unwrap_or(PAGE) {
        size @ 1..=PAGE => Ok(size),
        _ => Err(ApiError::new(
            Code::InvalidMaxResults,
            "A page has from 1 to 50 events.",
        )),
    }
}

fn selection(input: &Input) -> Result<AuditSelection, ApiError> {
    let by = match input.lookup_attributes.as_slice() {
        [] => None,
        [only] => Some((key(&only.attribute_key)?, only.attribute_value.clone())),
        _ => {
            return Err(invalid_attributes(
                "Events are looked up by one attribute at most.",
            ));
        }
    };
    let (from, to) = (
        input.start_time.map_or(i64::MIN, milliseconds),
        input.end_time.map_or(i64::MAX, milliseconds),
    );
    if to < from {
        return Err(ApiError::new(
            Code::InvalidTimeRange,
            "The end time is before the start time.",
        ));
    }
    let before = match &input.next_token {
        None => i64::MAX,
        Some(token) => numbered(token).ok_or_else(|| {
            ApiError::new(
                Code::InvalidLookupToken,
                "The specified token is not valid.",
            )
        })?,
    };
    Ok(AuditSelection {
        by,
        from,
        to,
        before,
    })
}

fn key(name: &str) -> Result<AuditKey, ApiError> {
    Ok(match name {
        "EventId" => AuditKey::EventId,
        "EventName" => AuditKey::EventName,
        "ReadOnly" => AuditKey::ReadOnly,
        "Username" => AuditKey::Username,
        "ResourceType" => AuditKey::ResourceType,
        "ResourceName" => AuditKey::ResourceName,
        "EventSource" => AuditKey::EventSource,
        "AccessKeyId" => AuditKey::AccessKeyId,
        _ => {
            return Err(invalid_attributes(&format!(
                "{} is no attribute of events.",
                name.escape_debug()
            )));
        }
    })
}

fn invalid_attributes(why: &str) -> ApiError {
    ApiError::new(Code::InvalidLookupAttributes, why)
}

/// Seconds to milliseconds; what is out of bounds is the bound.
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

/// The token is no secret and gives no right: the permission is judged again for each page.
fn numbered(token: &str) -> Option<i64> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?)
        .ok()?
        .parse()
        .ok()
}

fn event(row: AuditRow) -> Event {
    let entry = row.entry;
    let some = |text: String| (!text.is_empty()).then_some(text);
    let resources = entry.subjects.into_iter().map(|subject| EventResource {
        resource_type: subject.kind,
        resource_name: subject.name,
    });
    Event {
        event_id: entry.event_id,
        event_name: entry.event_name,
        read_only: entry.read_only,
        access_key_id: some(entry.access_key_id),
        event_time: EpochSeconds(entry.event_time),
        event_source: entry.event_source,
        username: some(entry.username),
        resources: resources.collect(),
        cloud_trail_event: entry.record,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(members: &str) -> Input {
        serde_json::from_str(members).unwrap()
    }

    #[test]
    fn what_the_model_forbids_is_refused() {
        let refused = |members: &str, code: Code| {
            let error = selection(&input(members)).unwrap_err();
            assert_eq!(error.code(), code, "{members}");
        };
        refused(
            r#"{"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":"a"},{"AttributeKey":"EventName","AttributeValue":"b"}]}"#,
            Code::InvalidLookupAttributes,
        );
        refused(
            r#"{"LookupAttributes":[{"AttributeKey":"Colour","AttributeValue":"a"}]}"#,
            Code::InvalidLookupAttributes,
        );
        refused(r#"{"StartTime":2,"EndTime":1}"#, Code::InvalidTimeRange);
        refused(r#"{"NextToken":"!"}"#, Code::InvalidLookupToken);
        for size in [0, 51] {
            assert_eq!(
                page_size(Some(size)).unwrap_err().code(),
                Code::InvalidMaxResults
            );
        }
    }

    #[test]
    fn times_are_seconds_with_a_fraction() {
        let selected = selection(&input(r#"{"StartTime":1795337476.25}"#)).unwrap();
        assert_eq!((selected.from, selected.to), (1_795_337_476_250, i64::MAX));
    }
}
