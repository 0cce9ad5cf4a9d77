//! What was said, and where: the file's values, overridden by the variables'.
//!
//! Only names and shapes are judged here; what a value may be is for `check`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;

use super::SettingsError;
use super::keys::{self, Form, KEYS, Key, VARIABLE_PREFIX};

/// Where a value stands: what an operator has to open to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A key of the file.
    Key {
        /// Its name.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// An environment variable.
    Variable(String),
    /// Nowhere: what holds while nothing is said of this key.
    Default(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { key, path } => write!(f, "{key} in {}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Default(key) => write!(f, "the default of {key}"),
        }
    }
}

/// Everything that was said.
#[derive(Debug)]
pub(super) struct Given {
    path: PathBuf,
    values: BTreeMap<&'static str, Said>,
}

#[derive(Debug)]
struct Said {
    /// One for a key that is a text.
    values: Vec<String>,
    place: Place,
}

impl Given {
    /// Takes the keys of `text`, which the file `path` holds, then the variables.
    pub(super) fn read(
        path: &Path,
        text: &str,
        environment: &[(OsString, OsString)],
    ) -> Result<Self, SettingsError> {
        let mut given = Self {
            path: path.to_owned(),
            values: KEYS.iter().filter_map(default).collect(),
        };
        given.take_file(text)?;
        for (name, value) in environment {
            if name
                .as_encoded_bytes()
                .starts_with(VARIABLE_PREFIX.as_bytes())
            {
                given.take_variable(&name.to_string_lossy(), value)?;
            }
        }
        Ok(given)
    }

    /// The file, for sentences about what it does not say.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The value of a key that is a text.
    pub(super) fn text(&self, key: &str) -> Option<(&str, &Place)> {
        let said = self.values.get(key)?;
        Some((said.values.first()?, &said.place))
    }

    /// The values of a key that is a list: none if nothing was said.
    pub(super) fn list(&self, key: &str) -> impl Iterator<Item = (&str, &Place)> {
        let said = self.values.get(key).into_iter();
        said.flat_map(|said| {
            said.values
                .iter()
                .map(|value| (value.as_str(), &said.place))
        })
    }

    fn take_file(&mut self, text: &str) -> Result<(), SettingsError> {
        let table = text
            .parse::<toml::Table>()
            .map_err(|error| SettingsError::NotToml {
                path: self.path.clone(),
                line: line(text, error.span().map_or(0, |span| span.start)),
                cause: error.message().to_owned(),
            })?;
        for (name, value) in table {
            let Some(known) = KEYS.iter().find(|known| known.name == name) else {
                return Err(SettingsError::UnknownKey {
                    key: name,
                    path: self.path.clone(),
                });
            };
            let place = Place::Key {
                key: known.name,
                path: self.path.clone(),
            };
            let Some(values) = of_form(known.form, value) else {
                return Err(SettingsError::WrongForm {
                    place,
                    expected: match known.form {
                        Form::Text => "a string in quotes",
                        Form::List => "a list of strings, such as [\"one\", \"two\"]",
                    },
                });
            };
            self.values.insert(known.name, Said { values, place });
        }
        Ok(())
    }

    fn take_variable(&mut self, name: &str, value: &OsString) -> Result<(), SettingsError> {
        let Some(known) = KEYS.iter().find(|known| keys::variable(known.name) == name) else {
            return Err(SettingsError::UnknownVariable {
                name: name.to_owned(),
            });
        };
        let place = Place::Variable(name.to_owned());
        let Some(value) = value.to_str() else {
            return Err(SettingsError::WrongForm {
                place,
                expected: "UTF-8 text",
            });
        };
        let values = match known.form {
            Form::Text => vec![value.to_owned()],
            Form::List => value
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        self.values.insert(known.name, Said { values, place });
        Ok(())
    }
}

fn default(key: &Key) -> Option<(&'static str, Said)> {
    let said = Said {
        values: vec![key.default?.to_owned()],
        place: Place::Default(key.name),
    };
    Some((key.name, said))
}

fn of_form(form: Form, value: Value) -> Option<Vec<String>> {
    let text = |value| match value {
        Value::String(text) => Some(text),
        _ => None,
    };
    match (form, value) {
        (Form::Text, value) => text(value).map(|text| vec![text]),
        (Form::List, Value::Array(items)) => items.into_iter().map(text).collect(),
        (Form::List, _) => None,
    }
}

/// The number of the line that holds the byte at `offset`.
fn line(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
        + 1
}
