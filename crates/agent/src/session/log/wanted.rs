//! What a session's task says of its log.

use serde_json::Value;
use usher_wire::session_log::LogSubject;

use super::super::task::{SessionTask, kms_key};

/// Where a log is wanted, and what its events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Wanted {
    /// A bucket, and the prefix below which the log is.
    pub(super) s3: Option<(String, String)>,
    /// A log group.
    pub(super) group: Option<String>,
    /// Whether the group gets events of JSON.
    pub(super) streaming: bool,
    /// Whether a session whose log cannot be written ends.
    pub(super) ends: bool,
    /// Whose log it is.
    pub(super) subject: LogSubject,
}

impl Wanted {
    /// None where the service sees the session itself, or nobody wants a log.
    pub(in crate::session) fn of(task: &SessionTask) -> Option<Self> {
        kms_key(&task.content)?;
        let inputs = task.content.document_content.get("inputs")?;
        let text = |name: &str| {
            let text = inputs.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let prefix = text("s3KeyPrefix").unwrap_or_default();
        let s3 = text("s3BucketName").map(|bucket| (bucket, prefix));
        let group = text("cloudWatchLogGroupName");
        (s3.is_some() || group.is_some()).then(|| Self {
            s3,
            group,
            streaming: inputs.get("cloudWatchStreamingEnabled") != Some(&Value::Bool(false)),
            ends: inputs.get("usherLogFailure").and_then(Value::as_str) == Some("end"),
            subject: LogSubject {
                session: task.content.session_id.to_string(),
                node: task.node.to_string(),
                owner: task.content.session_owner.clone(),
                os_user: task.content.run_as_user.clone(),
                region: task.region.clone(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use usher_wire::ids::NodeId;

    use super::*;

    fn wanted(inputs: &str) -> Option<Wanted> {
        let content = format!(
            r#"{{"DocumentContent":{{"sessionType":"Standard_Stream","inputs":{inputs}}},"SessionId":"a-1"}}"#
        );
        Wanted::of(&SessionTask {
            endpoint: String::new(),
            region: "usher-1".to_owned(),
            authorities: None,
            node: NodeId::parse("mi-0123456789abcdef0").unwrap(),
            content: serde_json::from_str(&content).unwrap(),
        })
    }

    #[test]
    fn the_agent_writes_no_log_that_nobody_wants_or_that_the_service_makes() {
        assert_eq!(wanted(r#"{"kmsKeyId":"k"}"#), None);
        assert_eq!(wanted(r#"{"kmsKeyId":"k","s3BucketName":""}"#), None);
        assert_eq!(wanted(r#"{"kmsKeyId":"","s3BucketName":"b"}"#), None);
        assert_eq!(wanted(r#"{"s3BucketName":"b"}"#), None);
    }

    #[test]
    fn the_log_of_an_encrypted_session_goes_where_its_task_says() {
        let both = wanted(
            r#"{"kmsKeyId":"k","s3BucketName":"b","s3KeyPrefix":"p","cloudWatchLogGroupName":"g",
                "cloudWatchStreamingEnabled":false,"usherLogFailure":"end"}"#,
        )
        .unwrap();
        assert_eq!(both.s3, Some(("b".to_owned(), "p".to_owned())));
        assert_eq!(both.group.as_deref(), Some("g"));
        assert!(!both.streaming && both.ends);
        let one = wanted(r#"{"kmsKeyId":"k","cloudWatchLogGroupName":"g"}"#).unwrap();
        assert_eq!((one.s3, one.streaming, one.ends), (None, true, false));
    }
}
