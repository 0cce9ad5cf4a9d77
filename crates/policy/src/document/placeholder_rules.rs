//! Where in a document placeholders may stand, checked when it is stored.
//!
//! Owns the rule that Parameter Store feeds what a session does, and never what protects it: of the inputs, its values
//! reach the shell profile alone.

use serde_json::Value;

use super::placeholder::{Piece, pieces};
use super::{DocumentError, SessionDocument};

/// The one key of `inputs` that only says what the shell is fed.
const SHELL_PROFILE: &str = "inputs.shellProfile.";

impl SessionDocument {
    /// Refuses placeholders that name nothing, or that stand where their value may not go.
    pub(super) fn check_placeholders(&self) -> Result<(), DocumentError> {
        for (key, value) in self.inputs.iter().flatten() {
            self.check_placeholders_of(value, &format!("inputs.{key}"))?;
        }
        self.properties.as_ref().map_or(Ok(()), |properties| {
            self.check_placeholders_of(properties, "properties")
        })
    }

    /// Refuses a command that its caller could make any command.
    ///
    /// # Errors
    /// The first place where `commands` has a parameter of type String or StringList with neither `allowedValues` nor
    /// `allowedPattern`.
    pub fn check_commands(&self) -> Result<(), DocumentError> {
        let platforms = self.properties.as_ref().and_then(Value::as_object);
        for (platform, properties) in platforms.into_iter().flatten() {
            let Some(commands) = properties.get("commands") else {
                continue;
            };
            let mut found = None;
            super::each_text(commands, &mut |text| {
                for piece in pieces(text) {
                    let Piece::Name(name) = piece else { continue };
                    if self
                        .parameters
                        .get(name)
                        .is_some_and(super::Parameter::is_unconstrained)
                    {
                        found.get_or_insert_with(|| name.to_owned());
                    }
                }
            });
            if let Some(name) = found {
                return Err(DocumentError::UnconstrainedCommand {
                    path: format!("properties.{platform}.commands"),
                    name,
                });
            }
        }
        Ok(())
    }

    fn check_placeholders_of(&self, value: &Value, path: &str) -> Result<(), DocumentError> {
        match value {
            Value::String(text) => {
                let pieces = pieces(text);
                let stands_alone = pieces.len() == 1 && path.ends_with(".commands");
                pieces
                    .into_iter()
                    .try_for_each(|piece| self.check_piece(piece, path, stands_alone))
            }
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.check_placeholders_of(item, path)),
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.check_placeholders_of(value, &format!("{path}.{key}"))
            }),
            _ => Ok(()),
        }
    }

    fn check_piece(
        &self,
        piece: Piece<'_>,
        path: &str,
        stands_alone: bool,
    ) -> Result<(), DocumentError> {
        let path = path.to_owned();
        match piece {
            Piece::Text(_) => Ok(()),
            Piece::Unresolvable => Err(DocumentError::UnresolvableReference { path }),
            Piece::Stored(..)
                if path.starts_with("inputs.") && !path.starts_with(SHELL_PROFILE) =>
            {
                Err(DocumentError::StoredValueRefused { path })
            }
            Piece::Stored(..) => Ok(()),
            Piece::Name(name) => match self.parameters.get(name) {
                None => Err(DocumentError::UndeclaredParameter {
                    path,
                    name: name.to_owned(),
                }),
                Some(parameter) if parameter.is_list() && !stands_alone => {
                    Err(DocumentError::ListWithinText {
                        path,
                        name: name.to_owned(),
                    })
                }
                Some(_) => Ok(()),
            },
        }
    }
}
