//! The two operations of CloudWatch Logs that an agent needs: a stream for its session, and events for it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Service;
use crate::{CallError, Identity, JsonClient};

/// How the service is called (control-plane.md 1).
const LOGS: Service = Service {
    signing_name: "logs",
    target: "Logs_20140328",
};

/// CloudWatch Logs at one endpoint.
#[derive(Debug, Clone)]
pub struct Logs {
    client: JsonClient,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    next_sequence_token: Option<String>,
}

impl Logs {
    /// CloudWatch Logs through `client`.
    #[must_use]
    pub fn new(client: JsonClient) -> Self {
        Self { client }
    }

    /// Makes the stream; that there is one already is no error.
    ///
    /// # Errors
    /// `ResourceNotFoundException` where there is no such group, or what kept the service from answering.
    pub async fn create_stream(
        &self,
        identity: Identity<'_>,
        stream: &LogStream,
    ) -> Result<(), CallError> {
        let input = json!({"logGroupName": stream.group, "logStreamName": stream.name});
        let made: Result<Value, CallError> = self
            .client
            .call_service(LOGS, identity, "CreateLogStream", &input)
            .await;
        match made {
            Err(error) if error.code() != Some("ResourceAlreadyExistsException") => Err(error),
            _ => Ok(()),
        }
    }

    /// Puts events, each with its time in milliseconds since the epoch, in order; at most what one call may hold. Hands
    /// back the token for the next call.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, or what kept the service from answering: then the events may be there or not.
    pub async fn put_events(
        &self,
        identity: Identity<'_>,
        stream: &LogStream,
        token: Option<&str>,
        events: &[(u64, String)],
    ) -> Result<Option<String>, CallError> {
        let events: Vec<Value> = events
            .iter()
            .map(|(at, message)| json!({"timestamp": at, "message": message}))
            .collect();
        let input = json!({
            "logGroupName": stream.group, "logStreamName": stream.name,
            "logEvents": events, "sequenceToken": token,
        });
        let put: Put = self
            .client
            .call_service(LOGS, identity, "PutLogEvents", &input)
            .await?;
        Ok(put.next_sequence_token)
    }
}
