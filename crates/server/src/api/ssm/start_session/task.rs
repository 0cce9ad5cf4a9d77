//! The start task for the node's agent, and for our own agent the grant and the session's credentials.
//!
//! The grant says what was decided here in a form that the node's root process checks by itself: this session, this
//! node, this login, this command or port, within a minute. Before changing it run
//! `cargo test -p usher-server --test it start_session`.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use usher_policy::{Platform, SessionProperties};
use usher_wire::grant::{Grant, GrantedLogin, LIFETIME_MS, SessionKind};
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::message::{NodeCredentials, SessionType, StartTask, TaskContent, UsherTask};
use uuid::Uuid;

use super::login::Login;
use super::plan::Plan;
use super::recorded;
use crate::api::Call;
use crate::error::ApiError;
use crate::identity::{NodeScope, issue_node_credentials};

/// How long a session's own keys live at least when its length has no limit; while it is active they stay good.
const SESSION_KEYS: Duration = Duration::from_secs(24 * 60 * 60);

/// Time beside a session's longest duration, for its log to be delivered.
const DELIVERY: Duration = Duration::from_secs(60 * 60);

/// Builds the task.
pub(super) async fn build(
    call: Call<'_>,
    id: &SessionId,
    node: &NodeId,
    plan: &Plan,
    login: &Login,
) -> Result<StartTask, ApiError> {
    let is_ours = call
        .context
        .gateway
        .connected_node(node)
        .is_some_and(|connected| connected.is_ours);
    let usher = if is_ours {
        Some(for_our_agent(call, id, node, plan, login).await?)
    } else {
        None
    };
    let content = TaskContent {
        document_name: plan.document_name.clone(),
        document_content: document_content(plan, login, recorded::is_agents_log(call, node, plan)),
        session_id: id.clone(),
        // Filled in here, so that nothing is left for the agent to interpolate.
        parameters: BTreeMap::new(),
        run_as_user: login.os_user().to_owned(),
        session_owner: call.caller.arn.clone(),
        usher,
    };
    StartTask::wrap(&content).map_err(ApiError::internal)
}

/// AWS's agent heeds the OS user only where `runAsEnabled` is true, and falls back to `ssm-user` where it is not; so
/// the decision itself is written here.
fn document_content(plan: &Plan, login: &Login, is_agents_log: bool) -> Value {
    let mut content = plan.document.start_content(&plan.preferences);
    if let Some(inputs) = content.get_mut("inputs").and_then(Value::as_object_mut) {
        inputs.insert(
            "runAsEnabled".to_owned(),
            json!(matches!(login, Login::As(_))),
        );
        if !is_agents_log {
            // The server makes it from its recording: what the node's agent wrote would be there a second time.
            inputs.insert("cloudWatchLogGroupName".to_owned(), json!(""));
            inputs.insert("s3BucketName".to_owned(), json!(""));
        }
    }
    content
}

async fn for_our_agent(
    call: Call<'_>,
    id: &SessionId,
    node: &NodeId,
    plan: &Plan,
    login: &Login,
) -> Result<UsherTask, ApiError> {
    let platform = platform(call, node).await?;
    let issued_ms = call.context.clock.now_ms();
    let grant = Grant {
        id: Uuid::new_v4().into_bytes(),
        session: id.clone(),
        node: node.clone(),
        kind: kind(plan.document.session_type()),
        login: match login {
            Login::SsmUser => GrantedLogin::SsmUser,
            Login::As(user) => GrantedLogin::OsUser(user.name().clone()),
        },
        subject_digest: subject_digest(plan.document.properties(), platform),
        issued_ms,
        expires_ms: issued_ms.saturating_add(LIFETIME_MS),
    };
    let most = plan
        .inputs
        .max_minutes
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let lifetime = most.unwrap_or(SESSION_KEYS) + DELIVERY;
    let scope = NodeScope {
        node: node.clone(),
        session: Some(id.clone()),
    };
    let issued = issue_node_credentials(call.context, &scope, lifetime).await?;
    Ok(UsherTask {
        grant: STANDARD.encode(grant.sign(&call.context.grant_key).as_bytes()),
        credentials: NodeCredentials {
            access_key_id: issued.access_key_id,
            secret_access_key: issued.secret_access_key.as_str().into(),
            session_token: issued.session_token.as_str().into(),
            expiration: issued.expires_ms as f64 / 1000.0,
        },
        terminal: None,
    })
}

/// What the node said that it runs on; Linux until it has said.
async fn platform(call: Call<'_>, node: &NodeId) -> Result<Platform, ApiError> {
    let row = call.context.store.node(node.as_str()).await?;
    Ok(
        match row.and_then(|row| row.report.platform_type).as_deref() {
            Some("MacOS") => Platform::MacOs,
            Some("Windows") => Platform::Windows,
            _ => Platform::Linux,
        },
    )
}

fn kind(session_type: SessionType) -> SessionKind {
    match session_type {
        SessionType::StandardStream => SessionKind::Shell,
        SessionType::InteractiveCommands | SessionType::NonInteractiveCommands => {
            SessionKind::Command
        }
        SessionType::Port => SessionKind::Port,
        SessionType::Copy => SessionKind::Copy,
    }
}

/// SHA-256 of the command that the platform runs, or of `host:port`; zeros for a shell and for files. A port of the node
/// itself is one of `localhost`.
fn subject_digest(properties: &SessionProperties, platform: Platform) -> [u8; 32] {
    let subject = match properties {
        SessionProperties::Shell | SessionProperties::Copy => return [0; 32],
        SessionProperties::Commands(commands) => commands
            .get(&platform)
            .map(|command| command.commands.clone()),
        SessionProperties::Port(port) if port.host.is_empty() => {
            Some(format!("localhost:{}", port.port))
        }
        SessionProperties::Port(port) => Some(format!("{}:{}", port.host, port.port)),
    };
    // SHA-256 has exactly these 32 bytes.
    digest(&SHA256, subject.unwrap_or_default().as_bytes())
        .as_ref()
        .try_into()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use usher_policy::{CommandProperties, PortProperties};

    use super::*;

    fn check(properties: &SessionProperties, platform: Platform, subject: &str) {
        assert_eq!(
            subject_digest(properties, platform),
            digest(&SHA256, subject.as_bytes()).as_ref()
        );
    }

    #[test]
    fn the_grant_binds_the_command_of_the_nodes_platform() {
        let command = |text: &str| CommandProperties {
            commands: text.into(),
            ..CommandProperties::default()
        };
        let commands = [
            (Platform::Linux, command("id")),
            (Platform::MacOs, command("whoami")),
        ]
        .into();
        let properties = SessionProperties::Commands(commands);
        check(&properties, Platform::Linux, "id");
        check(&properties, Platform::MacOs, "whoami");
        check(&properties, Platform::Windows, "");
    }

    #[test]
    fn the_grant_binds_host_and_port() {
        let port = |host: &str| {
            SessionProperties::Port(PortProperties {
                host: host.into(),
                port: 5432,
                ..PortProperties::default()
            })
        };
        check(&port("db.internal"), Platform::Linux, "db.internal:5432");
        check(&port(""), Platform::Linux, "localhost:5432");
        assert_eq!(
            subject_digest(&SessionProperties::Shell, Platform::Linux),
            [0; 32]
        );
    }
}
