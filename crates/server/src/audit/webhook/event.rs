//! A record as EventBridge would send it: pure.
//!
//! The envelope is EventBridge's ("Events from AWS services via CloudTrail", event structure reference); the record is its
//! `detail`. Its id is the record's own, so that a receiver knows an event that it got before.

use serde_json::{Value, json};

/// An event that is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// The record's id.
    pub(super) id: String,
    /// The event, JSON.
    pub(super) body: String,
}

/// The event for the record of that text; none for what changed nothing and was served, which CloudTrail does not send
/// to EventBridge either, and for what is no record.
pub(super) fn event_of(text: &str) -> Option<Event> {
    let record: &Value = &serde_json::from_str(text).ok()?;
    let id = record["eventID"].as_str()?.to_owned();
    if record["readOnly"] == true && record["errorCode"].is_null() {
        return None;
    }
    let detail_type = match record["eventType"].as_str() {
        Some("AwsServiceEvent") => "AWS Service Event via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    };
    let service = record["eventSource"].as_str()?.split('.').next()?;
    let resources: Vec<&Value> = record["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|resource| &resource["ARN"])
        .collect();
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": format!("aws.{service}"),
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": resources,
        "detail": record,
    });
    Some(Event {
        body: event.to_string(),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(more: &Value) -> String {
        let mut record = json!({
            "eventID": "e-1", "eventName": "PutUserPolicy", "eventSource": "iam.amazonaws.com", "eventType": "AwsApiCall",
            "eventTime": "2026-11-22T08:51:16Z", "awsRegion": "usher-1", "recipientAccountId": "000000000000",
            "readOnly": false, "resources": [{"ARN": "arn:aws:iam::000000000000:user/a", "type": "AWS::IAM::User"}],
        });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        record.to_string()
    }

    #[test]
    fn what_changed_nothing_is_not_sent_unless_it_was_refused() {
        assert_eq!(event_of(&record(&json!({"readOnly": true}))), None);
        let refused = json!({"readOnly": true, "errorCode": "AccessDenied"});
        assert!(event_of(&record(&refused)).is_some());
    }

    #[test]
    fn what_is_no_record_is_not_sent() {
        for text in ["", "{", "[]", "{}"] {
            assert_eq!(event_of(text), None, "{text}");
        }
    }

    #[test]
    fn an_event_has_event_bridges_envelope_around_the_record() {
        let text = record(&json!({}));
        let event = event_of(&text).unwrap();
        let sent: Value = serde_json::from_str(&event.body).unwrap();
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            sent,
            json!({
                "version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam",
                "account": "000000000000", "time": "2026-11-22T08:51:16Z", "region": "usher-1",
                "resources": ["arn:aws:iam::000000000000:user/a"], "detail": record,
            })
        );
    }

    #[test]
    fn what_the_server_did_by_itself_is_a_service_event() {
        let text =
            record(&json!({"eventType": "AwsServiceEvent", "eventSource": "ssm.amazonaws.com"}));
        let sent: Value = serde_json::from_str(&event_of(&text).unwrap().body).unwrap();
        assert_eq!(sent["detail-type"], "AWS Service Event via CloudTrail");
        assert_eq!(sent["source"], "aws.ssm");
    }
}
