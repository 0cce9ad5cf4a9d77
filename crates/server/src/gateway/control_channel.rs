//! `GET /v1/control-channel/{node}`: the one line to a node's agent, for start tasks, endings and completions.
//!
//! Invariants: only the node itself opens it, and of two the newest counts. Messages lost while it was down are sent
//! again when it is back: tasks that wait for their agent, and endings that the agent has not confirmed
//! (agent.md 3.4). It knows no stream data.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc;
use usher_wire::frame::{Frame, MessageType};
use usher_wire::ids::NodeId;
use usher_wire::message::OpenControlChannel;

use super::limits::{AGENT_SETTLES, RECLOSE_MS, RECLOSE_SESSIONS};
use super::nodes::ConnectedNode;
use super::opening::open_message;
use super::socket::{Inbound, Outbound, PeerGone, Received};
use super::upgrade::Upgrade;
use super::{Gateway, completion, outgoing, token};
use crate::bus::{Message, Topic};
use crate::context::Context;
use crate::error::{ApiError, Code, Protocol};
use crate::http::{RequestId, error_response};
use crate::identity::{Signature, authenticate};
use crate::per_address::Place;
use crate::store::TokenSide;

/// Receipts that may wait for the socket; more make us stop reading.
const RECEIPTS: usize = 16;

/// Upgrades and serves the connection of the node that signed for it.
pub(crate) async fn open(
    State(context): State<Arc<Context>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let refused = |error: &ApiError| error_response(Protocol::Query, error, &RequestId::fresh());
    let node = match authenticate(
        &context,
        &parts,
        &Bytes::new(),
        "ssmmessages",
        Signature::SigV4,
    )
    .await
    {
        Err(error) => return refused(&error),
        Ok(caller) => match caller.whole_node() {
            Ok(node) if node.as_str() == id => node.clone(),
            Ok(_) => {
                return refused(&ApiError::new(
                    Code::AccessDenied,
                    "A node opens only its own control channel.",
                ));
            }
            Err(error) => return refused(&error),
        },
    };
    match Upgrade::check(&context.gateway, &mut parts) {
        Err(refused) => refused.into_response(),
        Ok(upgrade) => {
            let gateway = context.gateway.clone();
            upgrade.answer(&context, move |outbound, inbound, opening| {
                serve(gateway, node, outbound, inbound, opening)
            })
        }
    }
}

async fn serve(
    gateway: Gateway,
    node: NodeId,
    mut outbound: Outbound,
    mut inbound: Inbound,
    opening: Place,
) {
    let open: OpenControlChannel = match open_message(&mut inbound).await {
        Ok(open) => open,
        Err(error) => return tracing::info!(%node, %error, "a control channel was not opened"),
    };
    drop(opening);
    let token = token::presented(
        open.token_value.expose(),
        TokenSide::Control,
        node.as_str(),
        node.as_str(),
    );
    match gateway.store().spend_token(&token, gateway.now()).await {
        Ok(true) => {}
        Ok(false) => {
            return tracing::warn!(%node, "a control channel was refused: its token is not valid");
        }
        Err(error) => {
            return tracing::error!(%node, %error, "a control channel could not be checked");
        }
    }
    let is_ours = open.usher.is_some();
    tracing::info!(%node, is_ours, agent_version = %open.agent_version.escape_debug(), "control channel opened");
    let (receipts, to_send) = mpsc::channel(RECEIPTS);
    tokio::select! {
        () = read(&gateway, &node, &mut inbound, receipts) => {}
        _ = write(&gateway, &node, is_ours, &mut outbound, to_send) => {}
    }
    tracing::info!(%node, "control channel closed");
}

async fn read(
    gateway: &Gateway,
    node: &NodeId,
    inbound: &mut Inbound,
    receipts: mpsc::Sender<Bytes>,
) {
    while let Ok(received) = inbound.next().await {
        let bytes = match received {
            Received::Binary(bytes) => bytes,
            Received::Text(text) => Bytes::from(text),
        };
        // Telemetry and what cannot be read are of no use, and do no harm.
        let Ok(frame) = Frame::decode(bytes) else {
            continue;
        };
        match frame.message_type {
            MessageType::AgentTaskComplete => {}
            MessageType::UsherExplained => {
                gateway.explained(node, &frame);
                continue;
            }
            _ => continue,
        }
        if let Some(receipt) = completion::take(gateway, node, &frame).await
            && receipts.send(receipt).await.is_err()
        {
            return;
        }
    }
}

async fn write(
    gateway: &Gateway,
    node: &NodeId,
    is_ours: bool,
    outbound: &mut Outbound,
    mut receipts: mpsc::Receiver<Bytes>,
) -> Result<(), PeerGone> {
    if !is_ours {
        tokio::time::sleep(AGENT_SETTLES).await;
    }
    // From here on the node counts as connected.
    let mut subscription = gateway.0.bus.subscribe(Topic::Node(node.clone()));
    let _presence = gateway
        .0
        .nodes
        .enter(node.clone(), ConnectedNode { is_ours });
    if subscription.displaced {
        tracing::warn!(%node, "a new control channel displaced one that was still open");
    }
    for frame in missed(gateway, node).await {
        outbound.feed(frame).await?;
    }
    outbound.flush().await?;
    loop {
        tokio::select! {
            message = subscription.recv() => match message {
                Some(Message::Frame(frame)) => outbound.feed(frame).await?,
                Some(Message::Completed { .. }) => {}
                Some(Message::End { .. }) | None => return outbound.close().await,
            },
            Some(receipt) = receipts.recv() => outbound.feed(receipt).await?,
            () = outbound.heartbeat_due() => outbound.beat().await?,
        }
        outbound.flush().await?;
    }
}

/// What the node may not have heard while it had no control channel.
async fn missed(gateway: &Gateway, node: &NodeId) -> Vec<Bytes> {
    let mut frames = gateway.waiting_tasks(node);
    let since = gateway.now().saturating_sub(RECLOSE_MS);
    match gateway
        .store()
        .sessions_to_close(node.as_str(), since, RECLOSE_SESSIONS)
        .await
    {
        Ok(sessions) => {
            let now = gateway.0.clock.now_ms();
            frames.extend(
                sessions
                    .iter()
                    .map(|session| outgoing::channel_closed(now, node.as_str(), session, "")),
            );
        }
        Err(error) => tracing::error!(%node, %error, "ended sessions could not be looked up"),
    }
    frames
}
