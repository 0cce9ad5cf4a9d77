//! What the operations on an existing session share: finding it behind its permission, and its address.

use usher_policy::Context as Keys;

use crate::api::Call;
use crate::config::Config;
use crate::error::{ApiError, Code};
use crate::identity::{Resource, Verdict, judge};
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
    // Tags that the system itself puts on a session (control-plane.md 3.1); AWS's sample policies let
    // people end their own sessions by the first.
    let tags = Keys::default()
        .with("ssm:resourceTag/aws:ssmmessages:session-id", owner)
        .with("ssm:resourceTag/aws:ssmmessages:target-id", target)
        .with("aws:ResourceTag/aws:ssmmessages:session-id", owner)
        .with("aws:ResourceTag/aws:ssmmessages:target-id", target);
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

/// Where a client opens the session's data channel. It holds nothing secret and stays the same for the session's
/// life: older plugins dial the first one again (client.md section 9).
pub(super) fn stream_url(config: &Config, session_id: &str) -> String {
    let base = config.public_url.trim_end_matches('/');
    let base = match base.strip_prefix("http") {
        // http becomes ws and https wss.
        Some(rest) => format!("ws{rest}"),
        None => base.to_owned(),
    };
    format!("{base}/v1/data-channel/{session_id}?role=publish_subscribe")
}
