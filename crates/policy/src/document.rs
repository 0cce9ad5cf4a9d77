//! Session documents, schema 1.0: read strictly when stored, bound to a session's parameters when started.
//!
//! Invariant: a [`BoundDocument`] has passed every rule with its parameters filled in, so nothing a caller supplies
//! reaches a node unchecked, and no caller's value reaches a key that decides who the session becomes.
//! Not here: the size limit of 64 KB, which belongs to whoever takes the text in.

mod allowed_pattern;
mod error;
pub(crate) mod fields;
mod filled;
mod parameters;
mod placeholder;
mod placeholder_rules;
mod properties;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use usher_wire::message::SessionType;

pub use allowed_pattern::AllowedPattern;
pub use error::{DocumentError, DocumentErrorCode, ParameterError};
pub use placeholder::refers_to_parameter_store;
pub use properties::{CommandProperties, Platform, PortProperties, SessionProperties};
pub use stored::{StoreReference, StoredValues};

use crate::strict_value;
use crate::{Preferences, RunAsInputs, SessionInputs};
use fields::{Fields, Rule, Stage};
use filled::{each_text, filled, refers_again};
use parameters::Parameter;

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

    /// What the document and these parameters ask of Parameter Store.
    #[must_use]
    pub fn references(&self, given: &BTreeMap<String, Vec<String>>) -> BTreeSet<StoreReference> {
        let mut found = BTreeSet::new();
        let mut note = |text: &str| stored::collect(text, &mut found);
        for value in self.inputs.iter().flat_map(Map::values) {
            each_text(value, &mut note);
        }
        if let Some(properties) = &self.properties {
            each_text(properties, &mut note);
        }
        for (name, parameter) in &self.parameters {
            let texts = parameter.texts(given.get(name));
            texts.into_iter().flatten().for_each(|text| note(text));
        }
        found
    }

    /// Fills in the parameters of a StartSession call, and what Parameter Store has for [`SessionDocument::references`].
    ///
    /// # Errors
    /// A parameter that is unknown, missing or refused by its declaration, or a document that breaks a rule once the
    /// values are in it.
    pub fn bind(
        &self,
        given: &BTreeMap<String, Vec<String>>,
        stored: &StoredValues,
    ) -> Result<BoundDocument, ParameterError> {
        let values = parameters::values(&self.parameters, given, stored)?;
        let fill = |value: &Value| {
            let filled = filled(value, &values, stored)?;
            if refers_again(&filled) {
                return Err(ParameterError::RefersAgain);
            }
            Ok(filled)
        };
        let inputs = match &self.inputs {
            Some(inputs) => {
                let filled = inputs
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), fill(value)?)))
                    .collect::<Result<Map<String, Value>, ParameterError>>()?;
                Some(SessionInputs::read(&filled, Stage::Bound)?)
            }
            None => None,
        };
        let properties = self.properties.as_ref().map(fill).transpose()?;
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
                    && self.parameters.is_empty()
                    && self.references(&BTreeMap::new()).is_empty() =>
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
