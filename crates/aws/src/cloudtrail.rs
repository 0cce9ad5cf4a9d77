//! LookupEvents of CloudTrail: the records of a server's audit trail.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{CallError, JsonClient, Service};
use crate::signing::Identity;

/// How the service is called (control-plane.md 1).
const CLOUD_TRAIL: Service = Service {
    signing_name: "cloudtrail",
    target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
};

/// More pages than these are not read, at 50 events each: a service that never ends them must not hold us.
const MAX_PAGES: usize = 10_000;

/// What to look up.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// One attribute and its value, such as `EventName` and `StartSession`.
    pub attribute: Option<(String, String)>,
    /// Not before, epoch seconds.
    pub from: Option<i64>,
    /// Not after, epoch seconds.
    pub to: Option<i64>,
    /// Not more than so many.
    pub limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    events: Vec<Event>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    cloud_trail_event: String,
}

/// The records that fit, newest first, in CloudTrail's shape.
///
/// # Errors
/// `AccessDeniedException` where looking up is not allowed, or what kept the service from answering.
pub async fn look_up_events(
    client: &JsonClient,
    identity: Identity<'_>,
    query: &EventQuery,
) -> Result<Vec<Value>, CallError> {
    let attribute = query
        .attribute
        .as_ref()
        .map(|(key, value)| json!({"AttributeKey": key, "AttributeValue": value}));
    let mut input = json!({
        "LookupAttributes": attribute.into_iter().collect::<Vec<_>>(),
        "StartTime": query.from,
        "EndTime": query.to,
    });
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut records = Vec::new();
    for _ in 0..MAX_PAGES {
        let page: Page = client
            .call_service(CLOUD_TRAIL, identity, "LookupEvents", &input)
            .await?;
        for event in page.events {
            let record = serde_json::from_str(&event.cloud_trail_event);
            records.push(record.map_err(|_| client.senseless("an event is no JSON"))?);
        }
        match page.next_token.filter(|_| records.len() < limit) {
            Some(token) => {
                if let Some(members) = input.as_object_mut() {
                    members.insert("NextToken".to_owned(), token.into());
                }
            }
            None => {
                records.truncate(limit);
                return Ok(records);
            }
        }
    }
    Err(client.senseless("the list of events does not end"))
}
