//! Ends the live sessions of who may no longer be in them (design section 7).
//!
//! Owns the promise that a session does not outlive by more than `Config::identity_check` the user, the access key or
//! the role that it was started with, nor the sign-in at a provider, nor the permission to resume it. Every change in IAM,
//! and every sign-out, is a reason to look at once;
//! the timer finds what changes by itself, such as conditions on the time. Must not know frames: the gateway ends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use usher_wire::ids::SessionId;

use crate::api::Call;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::{Arrival, Bearer, Caller, Gone, Resource, Verdict, judge, of_session};
use crate::limits;
use crate::store::SessionRow;

const RESUME: &str = "ssm:ResumeSession";

/// Says that identities or their policies have changed.
#[derive(Debug, Default)]
pub(crate) struct Standing(Notify);

impl Standing {
    /// Something in IAM changed.
    pub(crate) fn identities_changed(&self) {
        self.0.notify_one();
    }
}

/// As whom a session was started.
#[derive(Debug, Serialize, Deserialize)]
struct StartedBy {
    bearer: Bearer,
    arrival: Arrival,
    /// Whether the caller could have resumed it then. Who never could loses nothing when that stays so.
    may_resume: bool,
}

/// Why a session must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withdrawn {
    Identity,
    SignedOut,
    Permission,
}

impl Withdrawn {
    /// What the person reads.
    fn sentence(self) -> &'static str {
        match self {
            Self::Identity => {
                "The session was ended: the user, the access key or the role that it was started with was deleted or \
                 switched off."
            }
            Self::SignedOut => {
                "The session was ended: you were signed out at the identity provider that it was started with."
            }
            Self::Permission => {
                "The session was ended: you are no longer allowed to perform ssm:ResumeSession on it."
            }
        }
    }
}

/// What to remember of who starts this session.
pub(crate) async fn started_by(
    call: Call<'_>,
    session_id: &SessionId,
    node_id: &str,
) -> Result<String, ApiError> {
    let Some(bearer) = call.caller.bearer.clone() else {
        return Err(ApiError::internal("a session is started by nobody"));
    };
    let owner = &call.caller.user_id;
    let started_by = StartedBy {
        bearer,
        arrival: call.caller.arrival,
        may_resume: matches!(
            resume_verdict(
                call.context,
                call.caller,
                session_id.as_str(),
                owner,
                node_id
            )
            .await?,
            Verdict::Allowed
        ),
    };
    serde_json::to_string(&started_by).map_err(ApiError::internal)
}

/// Looks whenever there is a reason to, until `stop`.
pub(crate) async fn watch(context: Arc<Context>, stop: CancellationToken) {
    loop {
        if let Err(error) = look(&context).await {
            tracing::error!(%error, inside = error.inside(), "live sessions could not be checked");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(context.config.identity_check) => {}
            () = context.standing.0.notified() => {
                // One look serves all the changes that come together.
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(limits::IDENTITY_CHECK_PAUSE) => {}
                }
            }
        }
    }
}

/// Ends every live session whose owner may no longer be in it. What cannot be judged now is left for the next look.
async fn look(context: &Context) -> Result<(), ApiError> {
    for row in context.store.unended_sessions().await? {
        if !row.state.is_active() {
            continue;
        }
        let withdrawn = match withdrawn(context, &row).await {
            Ok(withdrawn) => withdrawn,
            Err(error) => {
                tracing::error!(session = row.session_id, %error, inside = error.inside(), "a live session could not be checked");
                continue;
            }
        };
        if let (Some(why), Ok(id)) = (withdrawn, SessionId::parse(&row.session_id)) {
            tracing::warn!(session = %id, owner = row.owner_arn, ?why, "a live session is ended");
            context.gateway.terminate(&id, why.sentence()).await?;
        }
    }
    Ok(())
}

/// What the owner of this session has lost since it began, if it is a reason to end it.
async fn withdrawn(context: &Context, row: &SessionRow) -> Result<Option<Withdrawn>, ApiError> {
    if row.started_by.is_empty() {
        // An earlier release kept only the person.
        let user = context.store.entity_with_id(&row.owner_id).await?;
        return Ok(user.is_none().then_some(Withdrawn::Identity));
    }
    let started_by: StartedBy =
        serde_json::from_str(&row.started_by).map_err(ApiError::internal)?;
    let caller = match started_by.bearer.caller(context).await? {
        Ok(caller) => caller,
        Err(Gone::Removed) => return Ok(Some(Withdrawn::Identity)),
        Err(Gone::SignedOut) => return Ok(Some(Withdrawn::SignedOut)),
    };
    let caller = Caller {
        arrival: started_by.arrival,
        ..caller
    };
    let (session, owner, node) = (&row.session_id, &row.owner_userid, &row.node_id);
    let verdict = resume_verdict(context, &caller, session, owner, node).await?;
    Ok(match verdict {
        Verdict::Allowed => None,
        Verdict::Denied(_) => Some(Withdrawn::Permission),
        Verdict::NotAllowed(_) => started_by.may_resume.then_some(Withdrawn::Permission),
    })
}

async fn resume_verdict(
    context: &Context,
    caller: &Caller,
    session_id: &str,
    owner_user_id: &str,
    node_id: &str,
) -> Result<Verdict, ApiError> {
    let resource = Resource::Session {
        id: session_id.to_owned(),
        owner_user_id: owner_user_id.to_owned(),
    };
    let keys = of_session(owner_user_id, node_id);
    judge(context, caller, RESUME, &resource, &keys).await
}
