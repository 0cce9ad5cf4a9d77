//! Finding groups and streams by name, and what a node may do with them: only what belongs to its own sessions.

use super::LogsCode;
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{NodeScope, Resource, Who, denied};
use crate::keys::EncryptionContext;
use crate::logs::GroupKeyError;
use crate::store::{LogGroupRow, LogStreamRow};

/// What a call about a group is judged by.
pub(super) fn group_resource(group: &str) -> Resource {
    stream_resource(group, "")
}

/// What a call about a stream is judged by.
pub(super) fn stream_resource(group: &str, stream: &str) -> Resource {
    Resource::LogStream {
        group: group.to_owned(),
        stream: stream.to_owned(),
    }
}

/// A member that breaks a rule.
pub(super) fn invalid(sentence: impl Into<String>) -> ApiError {
    ApiError::new(Code::Logs(LogsCode::InvalidParameter), sentence)
}

/// The group of that name.
pub(super) async fn group(call: Call<'_>, name: &str) -> Result<LogGroupRow, ApiError> {
    call.context.store.log_group(name).await?.ok_or_else(|| {
        ApiError::new(
            Code::Logs(LogsCode::ResourceNotFound),
            "The specified log group does not exist.",
        )
    })
}

/// The stream of that name in a group.
pub(super) async fn stream(
    call: Call<'_>,
    group: &LogGroupRow,
    name: &str,
) -> Result<LogStreamRow, ApiError> {
    let found = call.context.store.log_stream(&group.group_id, name).await?;
    found.ok_or_else(|| {
        ApiError::new(
            Code::Logs(LogsCode::ResourceNotFound),
            "The specified log stream does not exist.",
        )
    })
}

/// The name in a group's name or ARN, which calls give as `logGroupIdentifier`.
pub(super) fn group_name(
    call: Call<'_>,
    name: Option<&str>,
    identifier: Option<&str>,
) -> Result<String, ApiError> {
    let given = match (name, identifier) {
        (Some(name), None) => name,
        (None, Some(identifier)) => {
            let own = call.context.config.scope().log_group("");
            let name = identifier.strip_prefix(&own).unwrap_or(identifier);
            name.strip_suffix(":*").unwrap_or(name)
        }
        (Some(_), Some(_)) => {
            return Err(invalid(
                "Only one of logGroupName and logGroupIdentifier may be given.",
            ));
        }
        (None, None) => return Err(invalid("logGroupName or logGroupIdentifier is needed.")),
    };
    Ok(given.to_owned())
}

/// Refuses a node that names another stream than one of its own sessions. Whatever its role allows.
pub(super) async fn own_stream_only(
    call: Call<'_>,
    action: &str,
    group: &str,
    stream: &str,
) -> Result<(), ApiError> {
    let Who::Node(NodeScope { node, session }) = &call.caller.who else {
        return Ok(());
    };
    let is_own = match session {
        Some(session) => session.as_str() == stream,
        None => {
            let session = call.context.store.session(stream).await?;
            session.is_some_and(|session| session.node_id == node.as_str())
        }
    };
    if is_own {
        return Ok(());
    }
    let resource = call.context.config.scope().log_stream(group, stream);
    let why = "because a node's credentials reach only the log streams named by its own sessions";
    Err(denied(call.caller, action, &resource, why))
}

/// What a group's data key is bound to.
pub(super) fn encryption_of(call: Call<'_>, name: &str) -> Result<EncryptionContext, ApiError> {
    let arn = call.context.config.scope().log_group(name);
    EncryptionContext::new([("aws:logs:arn".to_owned(), arn)].into()).map_err(ApiError::internal)
}

/// Why messages are not sealed or opened, to the caller.
pub(super) fn closed(error: GroupKeyError) -> ApiError {
    match error {
        GroupKeyError::KeyUnusable(_) => ApiError::new(Code::AccessDenied, error.to_string()),
        GroupKeyError::Damaged => ApiError::internal(error),
        GroupKeyError::Internal(error) => error,
    }
}
