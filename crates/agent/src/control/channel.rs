//! The control channel: tasks in, completions out.
//!
//! Owns that whatever the service sends is parsed here, within bounds, and nowhere nearer to root;
//! a task that cannot be served is answered with a sentence, not dropped as AWS's agent does.

use std::collections::VecDeque;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep_until;
use usher_aws::{Credentials, JsonClient, wall_ms};
use usher_wire::frame::{Frame, MessageType};
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::message::{
    ChannelClosed, Explain, Explained, StartTask, TaskAcknowledge, TaskContent, to_json,
};
use uuid::Uuid;

use super::ControlError;
use super::completions::Completions;
use crate::ipc::{AsyncLink, LinkError, Outcome, ToControl, ToMonitor};
use crate::session::{SessionTask, TaskError, purpose, usher_member};
use crate::transport::{Opening, Purpose, Sight, Transport, control_text};

/// Answers to questions that may wait for room on the channel; further ones are dropped, and who asked gives up.
const EXPLAINED: usize = 16;

/// Bytes of the longest id of a question.
const REQUEST_ID: usize = 64;

/// Serves the channel until the monitor is gone.
pub(super) async fn serve(
    client: &JsonClient,
    authorities: Option<String>,
    node: &NodeId,
    credentials: watch::Receiver<Option<Credentials>>,
    monitor: AsyncLink,
) -> Result<(), ControlError> {
    let mut control = Control {
        transport: Transport::new(Opening {
            client: client.clone(),
            purpose: Purpose::Control(node.clone()),
            credentials,
            first_text: control_text,
            node: node.clone(),
        }),
        monitor,
        completions: Completions::default(),
        explained: VecDeque::new(),
        endpoint: client.endpoint().to_string(),
        region: client.region().to_owned(),
        authorities,
        node: node.clone(),
    };
    loop {
        control.transmit();
        match control.wait().await {
            Happened::Transport(sight) => control.on_transport(sight).await?,
            Happened::Monitor(said) => control.on_monitor(said?),
            Happened::Time => {}
        }
    }
}

struct Control {
    transport: Transport,
    monitor: AsyncLink,
    completions: Completions,
    /// Answers that wait for room; who asked gives up when the channel is lost.
    explained: VecDeque<Bytes>,
    endpoint: String,
    region: String,
    authorities: Option<String>,
    node: NodeId,
}

enum Happened {
    Transport(Sight),
    Monitor(Result<ToControl, LinkError>),
    Time,
}

impl Control {
    fn transmit(&mut self) {
        while self.transport.has_room()
            && let Some(frame) = self.completions.take_due(Instant::now(), wall_ms())
        {
            self.transport.feed(frame);
        }
        while self.transport.has_room()
            && let Some(frame) = self.explained.pop_front()
        {
            self.transport.feed(frame);
        }
    }

    async fn wait(&mut self) -> Happened {
        // Without a channel nothing can be repeated: the channel's return makes everything due.
        let due = self.completions.due().filter(|_| self.transport.has_room());
        let repeat = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            sight = self.transport.next() => Happened::Transport(sight),
            said = self.monitor.next() => Happened::Monitor(said),
            () = repeat => Happened::Time,
        }
    }

    async fn on_transport(&mut self, sight: Sight) -> Result<(), ControlError> {
        match sight {
            Sight::Up => {
                tracing::info!(node = %self.node, "the control channel is open");
                self.completions.repeat_all(Instant::now());
            }
            Sight::Down => {
                self.explained.clear();
                tracing::warn!("the control channel is lost; it is opened again");
            }
            Sight::Failed(error) => tracing::warn!("the control channel is tried again: {error}"),
            Sight::Message(message) => {
                // Until the monitor has room nothing more is taken from the channel.
                if let Some(asked) = self.on_message(message) {
                    self.monitor.send_when_room(&asked).await?;
                }
            }
            Sight::Room => {}
        }
        Ok(())
    }

    fn on_monitor(&mut self, said: ToControl) {
        match said {
            ToControl::Ended { session, outcome } => {
                self.completions
                    .add(&self.node, session, outcome, Instant::now());
            }
            ToControl::Explained { request, refusal } => self.on_explained(request, refusal),
            ToControl::Configure { .. } => {}
        }
    }

    fn on_explained(&mut self, request_id: String, refusal: Option<String>) {
        if self.explained.len() >= EXPLAINED {
            return;
        }
        let answer = to_json(&Explained {
            request_id,
            refusal,
        });
        let id = Uuid::new_v4();
        let frame =
            Frame::unsequenced(MessageType::UsherExplained, 0, id, wall_ms(), answer).encode();
        self.explained.push_back(frame);
    }

    fn on_explain(&mut self, asked: Explain) -> Option<ToMonitor> {
        if asked.request_id.len() > REQUEST_ID {
            tracing::warn!("a question with an overlong id is ignored");
            return None;
        }
        if asked.elevated {
            let refusal = TaskError::Elevated.to_string();
            self.on_explained(asked.request_id, Some(refusal));
            return None;
        }
        Some(ToMonitor::Explain {
            request: asked.request_id,
            user: asked.os_user,
        })
    }

    /// What the monitor is asked for. What cannot be read is logged and ignored: the channel is the node's lifeline.
    fn on_message(&mut self, message: Bytes) -> Option<ToMonitor> {
        let frame = match Frame::decode(message) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::warn!("a frame of the control channel is ignored: {error}");
                return None;
            }
        };
        let payload = &frame.payload;
        let read = match frame.message_type {
            MessageType::InteractiveShell => {
                serde_json::from_slice(payload).map(|task: StartTask| self.on_start(&task))
            }
            MessageType::ChannelClosed => {
                serde_json::from_slice(payload).map(|closed: ChannelClosed| on_closed(&closed))
            }
            MessageType::AgentTaskAcknowledge => serde_json::from_slice(payload)
                .map(|receipt: TaskAcknowledge| self.on_receipt(&receipt)),
            MessageType::UsherExplain => {
                serde_json::from_slice(payload).map(|asked: Explain| self.on_explain(asked))
            }
            other => {
                tracing::debug!("a message of type {other} is ignored");
                return None;
            }
        };
        match read {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!("a {} is not readable: {error}", frame.message_type);
                None
            }
        }
    }

    fn on_start(&mut self, task: &StartTask) -> Option<ToMonitor> {
        let content = match task.unwrap_content() {
            Ok(content) => content,
            Err(error) => {
                tracing::warn!("a task is not readable: {error}");
                return None;
            }
        };
        let session = content.session_id.clone();
        tracing::info!(%session, "the service starts a session");
        match self.prepare(content) {
            Ok(start) => Some(start),
            Err(refusal) => {
                let refused = Outcome::Failed(refusal.to_string());
                self.completions
                    .add(&self.node, session, refused, Instant::now());
                None
            }
        }
    }

    fn prepare(&self, content: TaskContent) -> Result<ToMonitor, TaskError> {
        purpose(&content)?;
        let grant = STANDARD
            .decode(&usher_member(&content)?.grant)
            .map_err(|_| TaskError::NoGrant)?;
        let session = content.session_id.clone();
        let task = SessionTask {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            authorities: self.authorities.clone(),
            node: self.node.clone(),
            content,
        };
        Ok(ToMonitor::Start {
            session,
            grant,
            task: task.to_file()?,
        })
    }

    fn on_receipt(&mut self, receipt: &TaskAcknowledge) -> Option<ToMonitor> {
        let session = self.completions.acknowledge(receipt)?;
        Some(ToMonitor::Reported { session })
    }
}

fn on_closed(closed: &ChannelClosed) -> Option<ToMonitor> {
    match SessionId::parse(&closed.session_id) {
        Ok(session) => Some(ToMonitor::End { session }),
        Err(error) => {
            tracing::warn!("a session to close is ignored: {error}");
            None
        }
    }
}
