//! What the control worker hands a session worker: where the service is, who the node is, and the
//! task as the service sent it.
//!
//! It travels in an anonymous file through the monitor, which passes it on unread: the task holds
//! the session's credentials.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use usher_aws::Credentials;
use usher_wire::ids::NodeId;
use usher_wire::message::{SessionType, TaskContent, UsherTask};

use crate::config::MAX_AUTHORITIES;

/// The longest task: what fits a control channel's frame, and room for our own members. PEM in JSON is longer than
/// itself by its line ends.
const MAX_TASK: usize = usher_wire::frame::MAX_FRAME + 2 * MAX_AUTHORITIES + 4096;

/// AWS's default for `idleSessionTimeout`, and the most it may be.
const DEFAULT_IDLE_MINUTES: u64 = 20;
const MOST_IDLE_MINUTES: u64 = 60;

/// The longest command: it travels in one message between two of our processes.
const MAX_COMMAND: usize = 60 * 1024;

/// This system's name in documents.
#[cfg(target_os = "macos")]
const PLATFORM: &str = "macos";
#[cfg(not(target_os = "macos"))]
const PLATFORM: &str = "linux";

/// What the server signs for a port of the node itself.
const THIS_NODE: &str = "localhost";

/// What a session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Shell,
    /// Text for the system's shell.
    OnTerminal {
        command: String,
    },
    /// Words, executed as they are.
    OnPipes {
        command: String,
        /// Standard error apart from standard output.
        separate: bool,
        /// Before each line of standard output.
        output_prefix: String,
        /// Before each line of standard error.
        errors_prefix: String,
    },
    /// Connections to one place.
    Port {
        host: String,
        port: u16,
        /// Of many connections, or one at a time; otherwise there is one, as for SSH.
        forwarding: bool,
    },
    /// Files, as the client asks for them.
    Copy,
}

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct SessionTask {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    /// PEM of the only authorities that count for the service.
    pub(crate) authorities: Option<String>,
    pub(crate) node: NodeId,
    pub(crate) content: TaskContent,
}

/// Why a task is none this agent can serve. Each is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    #[error("The session's task came without a grant, so nobody can be logged in by it.")]
    NoGrant,
    #[error("The session document names no session type this agent serves: {0}.")]
    SessionType(String),
    #[error("The session document has no command for this node's system ({PLATFORM}).")]
    NoCommand,
    #[error("The session document has no port number.")]
    NoPort,
    #[error("The command of the session has {0} bytes; this agent takes at most {MAX_COMMAND}.")]
    CommandTooLong(usize),
    #[error(
        "The session document asks to run its command as root (runAsElevated), which this agent never does. Use a \
         document without runAsElevated, and sudo in its command."
    )]
    Elevated,
    #[error("The session's task could not be handed on: {0}.")]
    File(#[from] io::Error),
    #[error("The session's task is not readable.")]
    Json(#[from] serde_json::Error),
}

impl SessionTask {
    /// The file for a session worker.
    pub(crate) fn to_file(&self) -> Result<OwnedFd, TaskError> {
        Ok(usher_sys::anonymous_file(&serde_json::to_vec(self)?)?)
    }

    pub(crate) fn from_file(file: OwnedFd) -> Result<Self, TaskError> {
        let json = usher_sys::read_anonymous_file(file, MAX_TASK)?;
        Ok(serde_json::from_slice(&json)?)
    }
}

/// The document's session type, if this agent serves it.
pub(crate) fn served_type(content: &TaskContent) -> Result<SessionType, TaskError> {
    let named = content
        .document_content
        .get("sessionType")
        .and_then(|name| name.as_str())
        .unwrap_or_default();
    match SessionType::parse(named) {
        Some(served) => Ok(served),
        None => Err(TaskError::SessionType(named.escape_debug().to_string())),
    }
}

/// What the document wants run on this node.
pub(crate) fn purpose(content: &TaskContent) -> Result<Purpose, TaskError> {
    let session_type = served_type(content)?;
    let properties = content.document_content.get("properties");
    let properties = match session_type {
        SessionType::StandardStream => return Ok(Purpose::Shell),
        SessionType::Copy => return Ok(Purpose::Copy),
        SessionType::Port => return port(properties.ok_or(TaskError::NoPort)?),
        SessionType::InteractiveCommands | SessionType::NonInteractiveCommands => properties
            .and_then(|properties| properties.get(PLATFORM))
            .ok_or(TaskError::NoCommand)?,
    };
    let text = |key: &str| {
        let value = properties.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let flag = |key: &str| properties.get(key).is_some_and(is_true);
    let command = text("commands");
    if command.trim().is_empty() {
        return Err(TaskError::NoCommand);
    }
    if command.len() > MAX_COMMAND {
        return Err(TaskError::CommandTooLong(command.len()));
    }
    if flag("runAsElevated") {
        return Err(TaskError::Elevated);
    }
    if session_type == SessionType::InteractiveCommands {
        return Ok(Purpose::OnTerminal { command });
    }
    Ok(Purpose::OnPipes {
        command,
        separate: flag("separateOutputStream"),
        output_prefix: text("stdOutSeparatorPrefix"),
        errors_prefix: text("stdErrSeparatorPrefix"),
    })
}

/// Documents write numbers as texts; a port of the node itself has no host.
fn port(properties: &Value) -> Result<Purpose, TaskError> {
    let text = |key: &str| properties.get(key).and_then(Value::as_str);
    let port = text("portNumber").and_then(|number| number.parse().ok());
    let host = text("host").filter(|host| !host.is_empty());
    Ok(Purpose::Port {
        host: host.unwrap_or(THIS_NODE).to_owned(),
        port: port.filter(|port| *port > 0).ok_or(TaskError::NoPort)?,
        forwarding: text("type") == Some("LocalPortForwarding"),
    })
}

/// Documents write flags as JSON has them and as texts.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// What the client is told of the session: for ports where they lead and how, otherwise nothing.
pub(super) fn properties(content: &TaskContent) -> Value {
    match (
        served_type(content),
        content.document_content.get("properties"),
    ) {
        (Ok(SessionType::Port), Some(properties)) => properties.clone(),
        _ => Value::Null,
    }
}

/// The KMS key that is to encrypt the session; ports are never encrypted (agent.md 5.1), nor are copies.
pub(super) fn kms_key(content: &TaskContent) -> Option<&str> {
    let key = content
        .document_content
        .pointer("/inputs/kmsKeyId")
        .and_then(Value::as_str)
        .filter(|key| !key.is_empty())?;
    let is_plain = matches!(
        served_type(content),
        Ok(SessionType::Port | SessionType::Copy)
    );
    (!is_plain).then_some(key)
}

/// What the document wants run in the shell before the person's first key, as typed input; on every system, as AWS's
/// agent takes it (agent.md 6.1).
pub(super) fn shell_profile(content: &TaskContent) -> Bytes {
    let profile = content
        .document_content
        .pointer("/inputs/shellProfile/linux");
    match profile.and_then(|profile| profile.as_str()) {
        None | Some("") => Bytes::new(),
        Some(profile) => Bytes::from(format!("{profile}\n")),
    }
}

/// How long the service keeps the session without traffic.
pub(super) fn idle_limit(content: &TaskContent) -> Duration {
    let minutes = content
        .document_content
        .pointer("/inputs/idleSessionTimeout")
        .and_then(|minutes| minutes.as_str()?.parse().ok())
        .unwrap_or(DEFAULT_IDLE_MINUTES);
    Duration::from_secs(minutes.min(MOST_IDLE_MINUTES) * 60)
}

/// Our member of the task.
pub(crate) fn usher_member(content: &TaskContent) -> Result<&UsherTask, TaskError> {
    content.usher.as_ref().ok_or(TaskError::NoGrant)
}

/// The session's own credentials.
pub(crate) fn credentials(task: &UsherTask) -> Credentials {
    let keys = &task.credentials;
    // An end that is no time at all is taken as the distant past: the service will say no.
    let lives = Duration::try_from_secs_f64(keys.expiration).unwrap_or_default();
    Credentials::temporary(
        &keys.access_key_id,
        keys.secret_access_key.expose(),
        keys.session_token.expose(),
        UNIX_EPOCH.checked_add(lives).unwrap_or(UNIX_EPOCH),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> TaskContent {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn session_types_that_are_not_served_are_named() {
        let task = content(r#"{"DocumentContent":{"sessionType":"Video"},"SessionId":"a-1"}"#);
        assert!(
            served_type(&task)
                .unwrap_err()
                .to_string()
                .contains("Video")
        );
        let task = content(r#"{"DocumentContent":{},"SessionId":"a-1"}"#);
        assert!(served_type(&task).is_err());
    }

    fn command(session_type: &str, properties: &str) -> Result<Purpose, TaskError> {
        purpose(&content(&format!(
            r#"{{"DocumentContent":{{"sessionType":"{session_type}","properties":{properties}}},"SessionId":"a-1"}}"#
        )))
    }

    #[test]
    fn a_document_without_a_usable_command_is_refused_in_words() {
        let refusals = [
            ("null", "has no command"),
            (r#"{"windows":{"commands":"dir"}}"#, "has no command"),
            (
                r#"{"linux":{"commands":"  "},"macos":{"commands":""}}"#,
                "has no command",
            ),
        ];
        for (properties, reason) in refusals {
            for session_type in ["InteractiveCommands", "NonInteractiveCommands"] {
                let refused = command(session_type, properties).unwrap_err().to_string();
                assert!(refused.contains(reason), "{properties}: {refused}");
            }
        }
    }

    #[test]
    fn a_command_is_never_run_as_root() {
        for elevated in ["true", r#""true""#, r#""True""#] {
            let properties =
                format!(r#"{{"{PLATFORM}":{{"commands":"id","runAsElevated":{elevated}}}}}"#);
            let refused = command("InteractiveCommands", &properties);
            assert!(matches!(refused, Err(TaskError::Elevated)), "{elevated}");
        }
    }

    #[test]
    fn a_command_too_long_to_pass_on_is_refused_with_its_length() {
        let long = "x".repeat(MAX_COMMAND + 1);
        let properties = format!(r#"{{"{PLATFORM}":{{"commands":"{long}"}}}}"#);
        let refused = command("InteractiveCommands", &properties);
        assert!(matches!(refused, Err(TaskError::CommandTooLong(length)) if length == long.len()));
    }

    #[test]
    fn a_document_without_a_usable_port_is_refused() {
        for properties in [
            "null",
            "{}",
            r#"{"portNumber":22}"#,
            r#"{"portNumber":"0"}"#,
            r#"{"portNumber":"65536"}"#,
        ] {
            assert!(
                matches!(command("Port", properties), Err(TaskError::NoPort)),
                "{properties}"
            );
        }
    }

    #[test]
    fn a_port_without_a_host_is_one_of_this_node() {
        let port = |host: &str, forwarding| Purpose::Port {
            host: host.to_owned(),
            port: 22,
            forwarding,
        };
        assert_eq!(
            command("Port", r#"{"portNumber":"22"}"#).unwrap(),
            port("localhost", false)
        );
        let remote = r#"{"portNumber":"22","host":"db","type":"LocalPortForwarding"}"#;
        assert_eq!(command("Port", remote).unwrap(), port("db", true));
    }

    #[test]
    fn commands_keep_their_type_and_their_streams() {
        let properties = format!(
            r#"{{"{PLATFORM}":{{"commands":"id -un","runAsElevated":false,"separateOutputStream":"True","stdErrSeparatorPrefix":"E:"}}}}"#
        );
        let id = || "id -un".to_owned();
        assert_eq!(
            command("InteractiveCommands", &properties).unwrap(),
            Purpose::OnTerminal { command: id() }
        );
        assert_eq!(
            command("NonInteractiveCommands", &properties).unwrap(),
            Purpose::OnPipes {
                command: id(),
                separate: true,
                output_prefix: String::new(),
                errors_prefix: "E:".to_owned()
            }
        );
    }

    #[test]
    fn ports_and_copies_are_never_encrypted_and_an_empty_key_is_none() {
        let key = |session_type: &str, key: &str| {
            let json = format!(
                r#"{{"DocumentContent":{{"sessionType":"{session_type}","inputs":{{"kmsKeyId":"{key}"}}}},"SessionId":"a-1"}}"#
            );
            kms_key(&content(&json)).map(str::to_owned)
        };
        assert_eq!(key("Port", "alias/k"), None);
        assert_eq!(key("Copy", "alias/k"), None);
        assert_eq!(key("Standard_Stream", ""), None);
        for session_type in [
            "Standard_Stream",
            "InteractiveCommands",
            "NonInteractiveCommands",
        ] {
            assert_eq!(key(session_type, "alias/k").as_deref(), Some("alias/k"));
        }
    }

    #[test]
    fn inputs_that_say_nothing_usable_run_no_profile_and_keep_the_default_limit() {
        for inputs in [
            "{}",
            r#"{"shellProfile":{"linux":""},"idleSessionTimeout":""}"#,
        ] {
            let json = format!(r#"{{"DocumentContent":{{"inputs":{inputs}}},"SessionId":"a-1"}}"#);
            let task = content(&json);
            assert_eq!(shell_profile(&task), "");
            assert_eq!(idle_limit(&task), Duration::from_secs(20 * 60));
        }
    }

    #[test]
    fn a_profile_is_typed_as_one_line_more() {
        let inputs = r#"{"shellProfile":{"linux":"cd /\numask 7"},"idleSessionTimeout":"3"}"#;
        let json = format!(r#"{{"DocumentContent":{{"inputs":{inputs}}},"SessionId":"a-1"}}"#);
        let task = content(&json);
        assert_eq!(shell_profile(&task), "cd /\numask 7\n");
        assert_eq!(idle_limit(&task), Duration::from_secs(180));
    }

    #[test]
    fn a_task_without_a_grant_logs_nobody_in() {
        let task = content(r#"{"DocumentContent":{},"SessionId":"a-1","RunAsUser":"alice"}"#);
        let refusal = usher_member(&task).unwrap_err().to_string();
        assert!(refusal.contains("without a grant"), "{refusal}");
    }

    #[test]
    fn a_task_is_read_as_it_was_written() {
        let task = SessionTask {
            endpoint: "http://127.0.0.1:8480".to_owned(),
            region: "usher-1".to_owned(),
            authorities: Some("PEM".to_owned()),
            node: NodeId::parse("mi-0123456789abcdef0").unwrap(),
            content: content(
                r#"{"DocumentContent":{"sessionType":"Standard_Stream"},"SessionId":"a-1"}"#,
            ),
        };
        let read = SessionTask::from_file(task.to_file().unwrap()).unwrap();
        assert_eq!(read.content, task.content);
        assert_eq!(read.authorities, task.authorities);
        assert_eq!(
            served_type(&read.content).unwrap(),
            SessionType::StandardStream
        );
    }
}
