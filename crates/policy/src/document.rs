//! Session documents, schema 1.0: read strictly when stored, bound to a session's parameters when started.
//!
//! Invariant: a [`BoundDocument`] has passed every rule with its parameters filled in, so nothing a caller supplies
//! reaches a node unchecked, and no caller's value reaches a key that decides who the session becomes.
//! Not here: the size limit of 64 KB, which belongs to whoever takes the text in.

mod error;
pub(crate) mod fields;
mod parameters;
mod placeholder;
mod properties;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use usher_wire::message::SessionType;

pub use error::{DocumentError, DocumentErrorCode, ParameterError};
pub use properties::{CommandProperties, Platform, PortProperties, SessionProperties};

use crate::strict_value;
use crate::{Preferences, RunAsInputs, SessionInputs};
use fields::{Fields, Rule, Stage};
use parameters::Parameter;
use placeholder::{Piece, pieces};

/// The text form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFormat {
    /// `JSON`.
    Json,
    /// `YAML`.
    Yaml,
}

/// A document as stored: placeholders still in place.
#[derive(Debug, Clone)]
pub struct SessionDocument {
    session_type: SessionType,
    description: String,
    parameters: BTreeMap<String, Parameter>,
    inputs: Option<Map<String, Value>>,
    properties: Option<Value>,
}

/// A document with its parameters filled in and every rule checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundDocument {
    session_type: SessionType,
    description: String,
    inputs: Option<SessionInputs>,
    properties: SessionProperties,
}

impl SessionDocument {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// The first key that breaks a rule, with AWS's code for it.
    pub fn parse(text: &str, format: DocumentFormat) -> Result<Self, DocumentError> {
        let (name, value) = match format {
            DocumentFormat::Json => ("JSON", strict_value::from_json(text)),
            DocumentFormat::Yaml => ("YAML", strict_value::from_yaml(text)),
        };
        let value = value.map_err(|reason| DocumentError::Unreadable {
            format: name,
            reason,
        })?;
        let Value::Object(map) = value else {
            return Err(DocumentError::NotAMap);
        };

        let fields = Fields::new("", &map, Stage::Stored);
        if fields.value("schemaVersion").and_then(Value::as_str) != Some("1.0") {
            return Err(DocumentError::SchemaVersion);
        }
        fields.only(&[
            "schemaVersion",
            "description",
            "sessionType",
            "inputs",
            "parameters",
            "properties",
        ])?;
        let session_type = SessionType::parse(&fields.required_text("sessionType", &Rule::ANY)?)
            .ok_or_else(|| {
                let types =
                    "must be Standard_Stream, InteractiveCommands, NonInteractiveCommands, Port or Copy";
                fields.broken("sessionType", types)
            })?;
        let parameters = match fields.map("parameters")? {
            Some(declared) => parameters::read(&declared)?,
            None => BTreeMap::new(),
        };
        let inputs = match fields.value("inputs") {
            Some(Value::Object(inputs)) => Some(inputs.clone()),
            Some(_) => return Err(fields.broken("inputs", "must be a map")),
            None if session_type == SessionType::StandardStream => {
                return Err(DocumentError::MissingKey {
                    path: "inputs".to_owned(),
                });
            }
            None => None,
        };
        let description = fields.text("description")?.unwrap_or_default().to_owned();
        let properties = fields.value("properties").cloned();
        let document = Self {
            session_type,
            description,
            parameters,
            inputs,
            properties,
        };
        document.check_placeholders()?;
        document.check_rules()?;
        Ok(document)
    }

    /// The document's session type.
    #[must_use]
    pub fn session_type(&self) -> SessionType {
        self.session_type
    }

    /// What this document says of Run As, where it has inputs: the same for every session, whatever its parameters.
    ///
    /// # Errors
    /// A key that breaks a rule, which a stored document has none of.
    pub fn run_as(&self) -> Result<Option<RunAsInputs>, DocumentError> {
        self.inputs.as_ref().map(RunAsInputs::read).transpose()
    }

    /// Fills in the parameters of a StartSession call.
    ///
    /// # Errors
    /// A parameter that is unknown, missing or refused by its declaration, or a document that breaks a rule once the
    /// values are in it.
    pub fn bind(
        &self,
        given: &BTreeMap<String, Vec<String>>,
    ) -> Result<BoundDocument, ParameterError> {
        let values = parameters::values(&self.parameters, given)?;
        let inputs = match &self.inputs {
            Some(inputs) => {
                let filled: Map<String, Value> = inputs
                    .iter()
                    .map(|(key, value)| (key.clone(), filled(value, &values)))
                    .collect();
                Some(SessionInputs::read(&filled, Stage::Bound)?)
            }
            None => None,
        };
        let properties = self
            .properties
            .as_ref()
            .map(|properties| filled(properties, &values));
        Ok(BoundDocument {
            session_type: self.session_type,
            description: self.description.clone(),
            inputs,
            properties: SessionProperties::read(
                self.session_type,
                properties.as_ref(),
                Stage::Bound,
            )?,
        })
    }

    /// The inputs, if this document can be the account's preferences.
    pub(crate) fn preferences_inputs(&self) -> Result<SessionInputs, DocumentError> {
        match &self.inputs {
            Some(inputs)
                if self.session_type == SessionType::StandardStream
                    && self.parameters.is_empty() =>
            {
                SessionInputs::read(inputs, Stage::Bound)
            }
            _ => Err(DocumentError::NotPreferences),
        }
    }

    fn check_rules(&self) -> Result<(), DocumentError> {
        if let Some(inputs) = &self.inputs {
            SessionInputs::read(inputs, Stage::Stored)?;
        }
        SessionProperties::read(self.session_type, self.properties.as_ref(), Stage::Stored)
            .map(drop)
    }

    fn check_placeholders(&self) -> Result<(), DocumentError> {
        for (key, value) in self.inputs.iter().flatten() {
            self.check_placeholders_of(value, &format!("inputs.{key}"))?;
        }
        self.properties.as_ref().map_or(Ok(()), |properties| {
            self.check_placeholders_of(properties, "properties")
        })
    }

    fn check_placeholders_of(&self, value: &Value, path: &str) -> Result<(), DocumentError> {
        match value {
            Value::String(text) => pieces(text).into_iter().try_for_each(|piece| match piece {
                Piece::Name(name) if !self.parameters.contains_key(name) => {
                    Err(DocumentError::UndeclaredParameter {
                        path: path.to_owned(),
                        name: name.to_owned(),
                    })
                }
                Piece::ParameterStore => Err(DocumentError::ParameterStoreRefused {
                    path: path.to_owned(),
                }),
                Piece::Name(_) | Piece::Text(_) => Ok(()),
            }),
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.check_placeholders_of(item, path)),
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.check_placeholders_of(value, &format!("{path}.{key}"))
            }),
            _ => Ok(()),
        }
    }
}

impl BoundDocument {
    /// The session's type.
    #[must_use]
    pub fn session_type(&self) -> SessionType {
        self.session_type
    }

    /// The document's own inputs; command and port documents may have none.
    #[must_use]
    pub fn inputs(&self) -> Option<&SessionInputs> {
        self.inputs.as_ref()
    }

    /// What the session does.
    #[must_use]
    pub fn properties(&self) -> &SessionProperties {
        &self.properties
    }

    /// `DocumentContent` of the start task: the effective inputs under these preferences, every key present, and nothing
    /// left for the agent to fill in.
    #[must_use]
    pub fn start_content(&self, preferences: &Preferences) -> Value {
        json!({
            "schemaVersion": "1.0",
            "description": self.description,
            "sessionType": self.session_type.as_str(),
            "inputs": preferences.effective(self.inputs()).to_json(),
            "properties": self.properties.to_json(),
        })
    }
}

/// `value` with every placeholder replaced.
fn filled(value: &Value, values: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let pieces = pieces(text).into_iter().map(|piece| match piece {
                Piece::Text(text) => text,
                // Declared, or the document would not have been stored.
                Piece::Name(name) => values.get(name).map_or("", String::as_str),
                Piece::ParameterStore => "",
            });
            Value::String(pieces.collect())
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| filled(item, values)).collect())
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), filled(value, values)))
                .collect(),
        ),
        other => other.clone(),
    }
}
