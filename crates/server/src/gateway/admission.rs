//! Who may take which seat of which session: the checks between an open message and the relay.
//!
//! An [`Admitted`] is made here only. Every refusal of a client is a sentence, because AWS's plugin shows nothing
//! else: an HTTP error or a silent close looks like a hang (client.md, trap 2). This is the one place of a data
//! channel that reads the database.

use std::sync::Arc;

use usher_wire::ids::SessionId;
use usher_wire::message::OpenDataChannel;

use super::Gateway;
use super::broker::Side;
use super::live::{Attachment, LiveSession};
use super::token;
use crate::error::ApiError;
use crate::identity::{Caller, NodeScope, Who, digest};
use crate::store::{SessionRow, SessionState, StoreError, TokenSide};

/// Letters of a client's id; AWS's are UUIDs.
const CLIENT_ID_LETTERS: usize = 128;

/// A connection that may take a seat.
#[derive(Debug)]
pub(crate) struct Admitted {
    session: Arc<LiveSession>,
    side: Side,
}

impl Admitted {
    /// Takes the seat; a connection that has it now loses it.
    pub(crate) fn attach(self) -> Attachment {
        self.session.attach(self.side)
    }
}

/// Why a connection gets no seat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Unknown, expired, replaced, or for another session or side.
    #[error(
        "The token is not valid for this session: it is unknown, has expired or was replaced by a newer one. \
         Start or resume the session again."
    )]
    TokenNotValid,
    /// The upgrade was signed, and the signature does not verify.
    #[error("The signature of this connection could not be verified: {0}")]
    SignatureNotValid(String),
    /// The upgrade was signed by somebody else.
    #[error("This connection is signed by {0}, but the session belongs to another identity.")]
    NotTheOwner(String),
    /// A second client.
    #[error(
        "This session is open in another client. Taking it over from there is a new start: reattaching needs Usher's client."
    )]
    AnotherClient,
    /// Longer than a client id can be.
    #[error("The client id is longer than {CLIENT_ID_LETTERS} characters.")]
    ClientIdTooLong,
    /// Over, by a failure or in the ordinary way.
    #[error("{0}")]
    SessionIsOver(String),
    /// Not this node's session, or the keys are for another one.
    #[error("{0} may not open the node's side of this session.")]
    NotTheNode(String),
    /// Our fault; the log has the cause.
    #[error("The server could not check this connection. Try again.")]
    Internal,
}

impl Refusal {
    /// Whether an agent that is refused for this must end its session, instead of asking for a new token.
    pub(crate) fn ends_the_session(&self) -> bool {
        matches!(self, Self::SessionIsOver(_))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a data channel could not be checked");
        Self::Internal
    }
}

/// The client's side: the token is the authority, a signature can only narrow it.
pub(crate) async fn admit_client(
    gateway: &Gateway,
    session_id: &str,
    open: &OpenDataChannel,
    signer: Result<Option<Caller>, ApiError>,
) -> Result<Admitted, Refusal> {
    let signer = signer.map_err(|error| Refusal::SignatureNotValid(error.message().to_owned()))?;
    let store = gateway.store();
    let hash = digest(open.token_value.expose());
    let holder = store
        .token_holder(&hash, TokenSide::Client, session_id, gateway.now())
        .await?
        .ok_or(Refusal::TokenNotValid)?;
    if let Some(signer) = signer.filter(|signer| signer.origin != holder) {
        return Err(Refusal::NotTheOwner(signer.arn));
    }
    if open.client_id.len() > CLIENT_ID_LETTERS {
        return Err(Refusal::ClientIdTooLong);
    }
    let row = store
        .session(session_id)
        .await?
        .ok_or(Refusal::TokenNotValid)?;
    if row.owner_id != holder {
        return Err(Refusal::TokenNotValid);
    }
    let live = SessionId::parse(session_id)
        .ok()
        .and_then(|id| gateway.live(&id));
    // A session that has just ended may still hold output for its client.
    let session = live.ok_or_else(|| over(&row))?;
    let bound = match row.client_id {
        Some(bound) => Some(bound),
        None => store.bind_client(session_id, &open.client_id).await?,
    };
    match bound {
        Some(bound) if bound == open.client_id => Ok(Admitted {
            session,
            side: Side::Client,
        }),
        _ => Err(Refusal::AnotherClient),
    }
}

/// The agent's side: signed by the session's node, or by keys for just this session, and with a token that nobody
/// used before.
pub(crate) async fn admit_agent(
    gateway: &Gateway,
    session_id: &str,
    open: &OpenDataChannel,
    signer: &Caller,
) -> Result<Admitted, Refusal> {
    let store = gateway.store();
    let row = store
        .session(session_id)
        .await?
        .ok_or_else(|| Refusal::NotTheNode(signer.arn.clone()))?;
    check_node(&row, signer)?;
    if open
        .client_instance_id
        .as_deref()
        .is_some_and(|named| named != row.node_id)
    {
        return Err(Refusal::NotTheNode(signer.arn.clone()));
    }
    let token = token::presented(
        open.token_value.expose(),
        TokenSide::Agent,
        session_id,
        &row.node_id,
    );
    // Of a session that lives here the process knows more than the database: a completion may be
    // stored while its agent is still on the way with the output.
    let live = SessionId::parse(session_id)
        .ok()
        .and_then(|id| gateway.live(&id))
        .filter(|session| !session.has_ended());
    let session = live.ok_or_else(|| over(&row))?;
    if !store.spend_token(&token, gateway.now()).await? {
        return Err(Refusal::TokenNotValid);
    }
    Ok(Admitted {
        session,
        side: Side::Agent,
    })
}

/// Whether the signer is the session's node, with keys that are not for another session.
pub(crate) fn check_node(row: &SessionRow, signer: &Caller) -> Result<(), Refusal> {
    let is_the_node = match &signer.who {
        Who::Node(NodeScope { node, session }) => {
            node.as_str() == row.node_id
                && session
                    .as_ref()
                    .is_none_or(|session| session.as_str() == row.session_id)
        }
        _ => false,
    };
    if is_the_node {
        Ok(())
    } else {
        Err(Refusal::NotTheNode(signer.arn.clone()))
    }
}

fn over(row: &SessionRow) -> Refusal {
    let details = row.details.clone().unwrap_or_default();
    Refusal::SessionIsOver(match row.state {
        // The person reads the reason; an ordinary end needs no words.
        SessionState::Failed if details.is_empty() => "The session has failed.".to_owned(),
        _ => details,
    })
}
