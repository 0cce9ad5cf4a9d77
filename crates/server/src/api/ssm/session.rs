//! What the operations on sessions share: finding one behind its permission, its address, and as whom it runs.

use serde_json::json;
use usher_policy::{Preferences, RunAs, RunAsInputs, resolve_run_as};

use crate::api::Call;
use crate::audit;
use crate::config::{Config, StreamUrl};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, Verdict, judge, of_session};
use crate::store::SessionRow;

/// The session, if policy allows the caller `action` on it. Permission is judged first, so that nobody
/// learns from the answer which sessions exist.
pub(super) async fn demand_session(
    call: &Call<'_>,
    action: &str,
    session_id: &str,
) -> Result<SessionRow, ApiError> {
    let row = call.context.store.session(session_id).await?;
    let (owner, target) = row
        .as_ref()
        .map_or(("", ""), |row| (&row.owner_userid, &row.node_id));
    let resource = Resource::Session {
        id: session_id.to_owned(),
        owner_user_id: owner.to_owned(),
    };
    let tags = of_session(owner, target);
    match judge(call.context, call.caller, action, &resource, &tags).await? {
        Verdict::Allowed => row.ok_or_else(|| unknown_session(session_id)),
        Verdict::Denied(refusal) | Verdict::NotAllowed(refusal) => Err(refusal),
    }
}

/// AWS's answer for a session that does not exist.
pub(super) fn unknown_session(session_id: &str) -> ApiError {
    ApiError::new(
        Code::DoesNotExist,
        format!("Session {} does not exist.", session_id.escape_debug()),
    )
}

/// As whom the caller's sessions run under these preferences and what their document says of Run As. Asked when a
/// session starts, and again when it is resumed. The trail is told.
pub(super) fn run_as_of_caller(
    call: Call<'_>,
    preferences: &Preferences,
    document: Option<&RunAsInputs>,
) -> RunAs {
    let run_as = resolve_run_as(
        &call.caller.tags,
        &call.caller.session_tags,
        preferences,
        document,
        &call.context.config.extra_refused_os_users,
    );
    let (os_user, refusal) = match &run_as {
        RunAs::Off => (None, None),
        RunAs::As(user) => (Some(user.name().as_str()), None),
        RunAs::Refused(refusal) => (None, Some(refusal.to_string())),
    };
    let decided = json!({"rule": run_as.rule().as_str(), "osUser": os_user, "refusal": refusal});
    audit::note("runAs", decided);
    run_as
}

/// Where a client opens the session's data channel. It holds nothing secret and stays the same for the session's
/// life: older plugins dial the first one again (client.md section 9).
pub(super) fn stream_url(config: &Config, session_id: &str) -> String {
    let path = format!("/v1/data-channel/{session_id}?role=publish_subscribe");
    if config.stream_url == StreamUrl::AwsShaped {
        return format!("wss://ssmmessages.{}.amazonaws.com{path}", config.region);
    }
    let base = config.public_url.trim_end_matches('/');
    let base = match base.strip_prefix("http") {
        // http becomes ws and https wss.
        Some(rest) => format!("ws{rest}"),
        None => base.to_owned(),
    };
    format!("{base}{path}")
}
