//! The `properties` of command and port documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use usher_wire::message::SessionType;

use super::DocumentError;
use super::fields::{Fields, Rule, Stage, whole_number};

/// A node's operating system as documents name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// `linux`.
    Linux,
    /// `macos`.
    MacOs,
    /// `windows`; carried, never run.
    Windows,
}

impl Platform {
    /// The key in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::MacOs => "macos",
            Self::Windows => "windows",
        }
    }
}

/// What a session does, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionProperties {
    /// A shell; there is nothing to say.
    Shell,
    /// A command, per platform.
    Commands(BTreeMap<Platform, CommandProperties>),
    /// A TCP stream.
    Port(PortProperties),
    /// Files; the client says which.
    Copy,
}

/// One platform's command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandProperties {
    /// The command line; a list's items are joined by newlines.
    pub commands: String,
    /// `runAsElevated`: as root. Run As and node policy have the last word.
    pub run_as_elevated: bool,
    /// `separateOutputStream`; only without a terminal.
    pub separate_output: bool,
    /// `stdOutSeparatorPrefix`.
    pub stdout_prefix: String,
    /// `stdErrSeparatorPrefix`.
    pub stderr_prefix: String,
}

/// Where a port session connects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortProperties {
    /// `host`; empty: the node itself.
    pub host: String,
    /// `portNumber`, 1 to 65535.
    pub port: u16,
    /// `type` is `LocalPortForwarding`; otherwise one plain stream, as for SSH.
    pub local_forwarding: bool,
    /// `localPortNumber`, for the client alone; empty: none given.
    pub local_port: String,
    /// `localConnectionType`, for the client alone.
    pub local_connection_type: String,
    /// `localUnixSocket`, for the client alone.
    pub local_unix_socket: String,
}

impl SessionProperties {
    /// Reads the value under the key `properties`.
    pub(super) fn read(
        session_type: SessionType,
        properties: Option<&Value>,
        stage: Stage,
    ) -> Result<Self, DocumentError> {
        let missing = || DocumentError::MissingKey {
            path: "properties".to_owned(),
        };
        let map = match (session_type, properties) {
            (SessionType::StandardStream, None) => return Ok(Self::Shell),
            (SessionType::Copy, None) => return Ok(Self::Copy),
            (SessionType::StandardStream | SessionType::Copy, Some(_)) => {
                return Err(DocumentError::UnknownKey {
                    path: "properties".to_owned(),
                });
            }
            (_, None) => return Err(missing()),
            (_, Some(Value::Object(map))) => map,
            (_, Some(_)) => {
                let rule = "must be a map".to_owned();
                return Err(DocumentError::RuleBroken {
                    path: "properties".to_owned(),
                    rule,
                });
            }
        };
        let fields = Fields::new("properties", map, stage);
        if session_type == SessionType::Port {
            return PortProperties::read(&fields).map(Self::Port);
        }
        let mut commands = BTreeMap::new();
        for (name, command) in fields.maps()? {
            let platform = match name {
                "linux" => Platform::Linux,
                "macos" => Platform::MacOs,
                "windows" => Platform::Windows,
                _ => {
                    return Err(DocumentError::UnknownKey {
                        path: fields.path_of(name),
                    });
                }
            };
            let with_streams = session_type == SessionType::NonInteractiveCommands;
            commands.insert(platform, CommandProperties::read(&command, with_streams)?);
        }
        if commands.is_empty() {
            Err(missing())
        } else {
            Ok(Self::Commands(commands))
        }
    }

    /// Whether only bytes pass that nobody sees, a connection's or a file's. Such sessions have no recordings, logs or
    /// KMS encryption: of ports AWS says so (control-plane.md 4), and copies are alike.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        matches!(self, Self::Port(_) | Self::Copy)
    }

    /// The `properties` of the start task.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Shell | Self::Copy => json!({}),
            Self::Commands(commands) => {
                let map: Map<String, Value> = commands
                    .iter()
                    .map(|(platform, command)| (platform.as_str().to_owned(), command.to_json()))
                    .collect();
                Value::Object(map)
            }
            Self::Port(port) => port.to_json(),
        }
    }
}

impl CommandProperties {
    fn read(fields: &Fields<'_>, with_streams: bool) -> Result<Self, DocumentError> {
        let streams = [
            "separateOutputStream",
            "stdOutSeparatorPrefix",
            "stdErrSeparatorPrefix",
        ];
        let known = ["commands", "runAsElevated"]
            .into_iter()
            .chain(streams.into_iter().filter(|_| with_streams));
        fields.only(&known.collect::<Vec<_>>())?;
        fields.fixed("runAsElevated")?;
        Ok(Self {
            commands: commands(fields)?,
            run_as_elevated: fields.flag("runAsElevated")?.unwrap_or(false),
            separate_output: fields
                .flag_of_any_case("separateOutputStream")?
                .unwrap_or(false),
            stdout_prefix: fields.text_or_empty("stdOutSeparatorPrefix", &STREAM_PREFIX)?,
            stderr_prefix: fields.text_or_empty("stdErrSeparatorPrefix", &STREAM_PREFIX)?,
        })
    }

    fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("commands".to_owned(), json!(self.commands));
        map.insert("runAsElevated".to_owned(), json!(self.run_as_elevated));
        if self.separate_output {
            map.insert("separateOutputStream".to_owned(), json!(true));
            map.insert(
                "stdOutSeparatorPrefix".to_owned(),
                json!(self.stdout_prefix),
            );
            map.insert(
                "stdErrSeparatorPrefix".to_owned(),
                json!(self.stderr_prefix),
            );
        }
        Value::Object(map)
    }
}

impl PortProperties {
    fn read(fields: &Fields<'_>) -> Result<Self, DocumentError> {
        fields.only(&[
            "portNumber",
            "type",
            "host",
            "localPortNumber",
            "localConnectionType",
            "localUnixSocket",
        ])?;
        let port = fields.required_text("portNumber", &PORT)?;
        let local_forwarding = match fields.text("type")? {
            None | Some("") => false,
            Some("LocalPortForwarding") => true,
            Some(_) => return Err(fields.broken("type", "must be LocalPortForwarding or absent")),
        };
        Ok(Self {
            host: fields.text_or_empty("host", &HOST)?,
            // A placeholder has no number yet.
            port: whole_number(&port).unwrap_or(0),
            local_forwarding,
            local_port: fields.text_or_empty("localPortNumber", &LOCAL_PORT)?,
            local_connection_type: fields.text_or_empty("localConnectionType", &Rule::ANY)?,
            local_unix_socket: fields.text_or_empty("localUnixSocket", &Rule::ANY)?,
        })
    }

    /// All texts: AWS's agent takes no numbers here.
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("portNumber".to_owned(), json!(self.port.to_string()));
        let kind = if self.local_forwarding {
            "LocalPortForwarding"
        } else {
            ""
        };
        for (key, value) in [
            ("type", kind),
            ("host", &self.host),
            ("localPortNumber", &self.local_port),
            ("localConnectionType", &self.local_connection_type),
            ("localUnixSocket", &self.local_unix_socket),
        ] {
            if !value.is_empty() {
                map.insert(key.to_owned(), json!(value));
            }
        }
        Value::Object(map)
    }
}

/// A text, or a list of texts.
fn commands(fields: &Fields<'_>) -> Result<String, DocumentError> {
    let rule = || fields.broken("commands", "must be text or a list of texts");
    let text = match fields.value("commands") {
        None => {
            return Err(DocumentError::MissingKey {
                path: fields.path_of("commands"),
            });
        }
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            lines.ok_or_else(rule)?.join("\n")
        }
        Some(_) => return Err(rule()),
    };
    if text.trim().is_empty() || text.contains('\0') {
        return Err(fields.broken("commands", "must not be empty or hold a zero byte"));
    }
    Ok(text)
}

const PORT: Rule = Rule {
    accepts: |text| whole_number(text).is_some_and(|port| port > 0),
    says: "must be a port number from 1 to 65535, written as text",
};

const LOCAL_PORT: Rule = Rule {
    accepts: |text| whole_number(text).is_some(),
    says: "must be a port number from 0 to 65535, written as text",
};

const HOST: Rule = Rule {
    accepts: |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        text.len() <= 253 && text.bytes().all(allowed)
    },
    says: "must be a host name or an address",
};

/// As AWS's agent has it (amazon-ssm-agent, non-interactive commands).
const STREAM_PREFIX: Rule = Rule {
    accepts: |text| {
        text.len() <= 30
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"\r\n_:-".contains(&byte))
    },
    says: "must be at most 30 letters, digits, line ends or any of _ : -",
};
