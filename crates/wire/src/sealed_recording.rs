//! A recording of what travelled in a session that KMS encrypts: its lines, and who can read them.
//!
//! The gateway keeps payloads as it relays them and cannot read one. Whoever may have KMS decrypt the session's data key,
//! which the client offered in its handshake, opens them as the client did: each only as what it was sent as, each once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data_channel::Role;
use crate::encryption::{Binding, EncryptionError, NONCE_LEN, Opener, SessionKeys};
use crate::frame::PayloadType;
use crate::message::{HandshakeRequest, HandshakeResponse, KmsParameters, KmsResult, Size};

/// The action of a handshake that is about the key (agent.md 5.2).
const KMS_ENCRYPTION: &str = "KMSEncryption";

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The node's agent.
    Node,
    /// The person's client.
    Client,
}

/// A message as it travelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Who sent it.
    pub from: From,
    /// Its number in their stream.
    pub sequence: i64,
    /// The number of its payload's type.
    pub payload_type: u32,
    /// As it travelled.
    pub payload: Bytes,
}

/// One thing of such a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedMoment {
    /// A message.
    Message(Sealed),
    /// The recording ends before its session, for this reason.
    Lost(String),
    /// The session's end.
    End,
}

impl SealedMoment {
    /// The line for it, with its end; the time in milliseconds since the epoch.
    #[must_use]
    pub fn line(&self, at: u64) -> String {
        let line = match self {
            Self::Message(message) => json!({
                "at": at,
                "from": match message.from {
                    From::Node => "node",
                    From::Client => "client",
                },
                "number": message.sequence,
                "type": message.payload_type,
                "payload": STANDARD.encode(&message.payload),
            }),
            Self::Lost(why) => json!({"at": at, "lost": why}),
            Self::End => json!({"at": at, "end": true}),
        };
        format!("{line}\n")
    }

    /// Reads a line. None: it is no line of a sealed recording.
    #[must_use]
    pub fn parse(line: &str) -> Option<(u64, Self)> {
        let line: Value = serde_json::from_str(line).ok()?;
        let at = line.get("at")?.as_u64()?;
        if let Some(why) = line.get("lost") {
            return Some((at, Self::Lost(why.as_str()?.to_owned())));
        }
        if line.get("end").is_some() {
            return Some((at, Self::End));
        }
        let message = Sealed {
            from: match line.get("from")?.as_str()? {
                "node" => From::Node,
                "client" => From::Client,
                _ => return None,
            },
            sequence: line.get("number")?.as_i64()?,
            payload_type: line.get("type")?.as_u64()?.try_into().ok()?,
            payload: STANDARD.decode(line.get("payload")?.as_str()?).ok()?.into(),
        };
        Some((at, Self::Message(message)))
    }
}

/// What KMS is to decrypt before anything can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedKey {
    /// The KMS key, as the session's document named it.
    pub key_id: String,
    /// The encrypted data key.
    pub ciphertext: Vec<u8>,
    /// What the encryption context holds beside session and node, if anything.
    pub challenge: Option<String>,
}

/// What a message says to who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Bytes for the terminal.
    Output(Vec<u8>),
    /// The terminal's size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// KMS is to be asked; [`Unsealer::take_key`] takes the answer.
    Key(OfferedKey),
    /// Nothing.
    Nothing,
}

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It does not open under the session's key.
    #[error("message {sequence} of the {}: {cause}", name(*.from))]
    Message {
        /// Who sent it.
        from: From,
        /// Its number.
        sequence: i64,
        /// Why.
        cause: EncryptionError,
    },
    /// What KMS decrypted is no data key of a session.
    #[error("its key: {0}")]
    Key(EncryptionError),
    /// Output comes before any key was offered.
    #[error("the recording holds no key of its session")]
    NoKey,
}

fn name(from: From) -> &'static str {
    match from {
        From::Node => "node",
        From::Client => "client",
    }
}

/// Reads the messages of one recording, in their order.
#[derive(Default)]
pub struct Unsealer {
    request: Option<HandshakeRequest>,
    /// Whether both ends are Usher's: what they send is bound to its place, and sizes are sealed too.
    is_bound: bool,
    openers: Option<(Opener, Opener)>,
}

impl std::fmt::Debug for Unsealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unsealer(…)")
    }
}

impl Unsealer {
    /// Takes the next message.
    ///
    /// # Errors
    /// If it is not what was sent under the session's key.
    pub fn take(&mut self, message: &Sealed) -> Result<Said, UnsealError> {
        let payload_type = PayloadType::from_number(message.payload_type);
        match (message.from, payload_type) {
            (From::Node, PayloadType::HandshakeRequest) => {
                self.request = serde_json::from_slice(&message.payload).ok();
                Ok(Said::Nothing)
            }
            (From::Client, PayloadType::HandshakeResponse) => Ok(self.answered(&message.payload)),
            (From::Node, PayloadType::Output | PayloadType::StdErr) => {
                Ok(Said::Output(self.open(message, payload_type)?))
            }
            (From::Client, PayloadType::Size) => {
                let payload = match self.is_bound {
                    true => self.open(message, payload_type)?,
                    false => message.payload.to_vec(),
                };
                Ok(match serde_json::from_slice::<Size>(&payload) {
                    Ok(size) => Said::Size {
                        columns: size.cols,
                        rows: size.rows,
                    },
                    Err(_) => Said::Nothing,
                })
            }
            _ => Ok(Said::Nothing),
        }
    }

    /// Takes the plaintext of the data key that was offered.
    ///
    /// # Errors
    /// If it has not the length of one.
    pub fn take_key(&mut self, data_key: &[u8]) -> Result<(), UnsealError> {
        // Nothing is sealed here, so the nonces to come do not matter.
        let opener = |role| match SessionKeys::new(role, data_key, [0; NONCE_LEN]) {
            Ok(keys) => Ok(keys.opener),
            Err(cause) => Err(UnsealError::Key(cause)),
        };
        self.openers = Some((opener(Role::Client)?, opener(Role::Agent)?));
        Ok(())
    }

    fn answered(&mut self, payload: &[u8]) -> Said {
        let response = serde_json::from_slice::<HandshakeResponse>(payload).ok();
        let (Some(request), Some(response)) = (&self.request, response) else {
            return Said::Nothing;
        };
        self.is_bound = request.usher.is_some() && response.usher.is_some();
        let mut asked = request.requested_client_actions.iter();
        let asked = asked.find(|action| action.action_type == KMS_ENCRYPTION);
        let mut done = response.processed_client_actions.into_iter();
        let done = done.find(|action| action.action_type == KMS_ENCRYPTION);
        let (Some(asked), Some(done)) = (asked, done) else {
            return Said::Nothing;
        };
        let parameters = KmsParameters::deserialize(&asked.action_parameters);
        let result = serde_json::from_value::<KmsResult>(done.action_result);
        let (Ok(parameters), Ok(result)) = (parameters, result) else {
            return Said::Nothing;
        };
        let Some(ciphertext) = result.ciphertext() else {
            return Said::Nothing;
        };
        Said::Key(OfferedKey {
            key_id: parameters.key_id,
            ciphertext,
            challenge: parameters
                .challenge
                .filter(|_| result.acknowledges_challenge),
        })
    }

    fn open(
        &mut self,
        message: &Sealed,
        payload_type: PayloadType,
    ) -> Result<Vec<u8>, UnsealError> {
        let (of_node, of_client) = self.openers.as_mut().ok_or(UnsealError::NoKey)?;
        let opener = match message.from {
            From::Node => of_node,
            From::Client => of_client,
        };
        let binding = self.is_bound.then_some(Binding {
            payload_type,
            sequence: message.sequence,
        });
        let opened = opener.open(&message.payload, binding);
        opened.map_err(|cause| UnsealError::Message {
            from: message.from,
            sequence: message.sequence,
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::DATA_KEY_LEN;

    const KEY: [u8; DATA_KEY_LEN] = [7; DATA_KEY_LEN];

    fn message(from: From, sequence: i64, payload_type: PayloadType, payload: &[u8]) -> Sealed {
        Sealed {
            from,
            sequence,
            payload_type: payload_type.number(),
            payload: Bytes::copy_from_slice(payload),
        }
    }

    /// A reader that has seen a handshake of these ends and has the key.
    fn reader(usher: &str) -> Unsealer {
        let request = format!(
            r#"{{"AgentVersion":"1.0.0","RequestedClientActions":[{{"ActionType":"KMSEncryption",
                "ActionParameters":{{"KMSKeyId":"alias/k","Challenge":"c"}}}}]{usher}}}"#
        );
        let response = format!(
            r#"{{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{{"ActionType":"KMSEncryption","ActionStatus":1,
                "ActionResult":{{"KMSCipherTextKey":"AAEC","ChallengeAcknowledgement":true}},"Error":""}}]{usher}}}"#
        );
        let mut reader = Unsealer::default();
        let asked = message(
            From::Node,
            0,
            PayloadType::HandshakeRequest,
            request.as_bytes(),
        );
        assert_eq!(reader.take(&asked), Ok(Said::Nothing));
        let answer = message(
            From::Client,
            0,
            PayloadType::HandshakeResponse,
            response.as_bytes(),
        );
        let offered = OfferedKey {
            key_id: "alias/k".to_owned(),
            ciphertext: vec![0, 1, 2],
            challenge: Some("c".to_owned()),
        };
        assert_eq!(reader.take(&answer), Ok(Said::Key(offered)));
        reader.take_key(&KEY).unwrap();
        reader
    }

    fn sealed(sequence: i64, is_bound: bool, text: &[u8]) -> Sealed {
        let mut keys = SessionKeys::new(Role::Agent, &KEY, [1; NONCE_LEN]).unwrap();
        let binding = is_bound.then_some(Binding {
            payload_type: PayloadType::Output,
            sequence,
        });
        let payload = keys.sealer.seal(text, binding).unwrap();
        message(From::Node, sequence, PayloadType::Output, &payload)
    }

    #[test]
    fn nothing_is_read_without_the_key_nor_with_another() {
        let mut reader = Unsealer::default();
        assert_eq!(
            reader.take(&sealed(1, false, b"x")),
            Err(UnsealError::NoKey)
        );
        reader.take_key(&[8; DATA_KEY_LEN]).unwrap();
        assert!(matches!(
            reader.take(&sealed(1, false, b"x")),
            Err(UnsealError::Message {
                cause: EncryptionError::Forged,
                ..
            })
        ));
        assert!(reader.take_key(b"short").is_err());
    }

    #[test]
    fn what_was_moved_or_repeated_is_not_read() {
        let mut reader = reader(r#","Usher":{"Version":1}"#);
        let moved = Sealed {
            sequence: 6,
            ..sealed(5, true, b"x")
        };
        assert!(reader.take(&moved).is_err());
        let once = sealed(5, true, b"x");
        assert_eq!(reader.take(&once), Ok(Said::Output(b"x".to_vec())));
        assert!(reader.take(&once).is_err());
    }

    #[test]
    fn awss_ends_are_read_without_a_binding_and_with_sizes_in_the_open() {
        let mut reader = reader("");
        assert_eq!(
            reader.take(&sealed(5, false, b"x")),
            Ok(Said::Output(b"x".to_vec()))
        );
        let size = message(
            From::Client,
            1,
            PayloadType::Size,
            br#"{"cols":80,"rows":24}"#,
        );
        let expected = Said::Size {
            columns: 80,
            rows: 24,
        };
        assert_eq!(reader.take(&size), Ok(expected));
    }

    #[test]
    fn lines_are_read_as_they_were_written_and_others_are_none() {
        for moment in [
            SealedMoment::Message(message(From::Client, 3, PayloadType::Size, b"\x00\xff")),
            SealedMoment::Lost("full".to_owned()),
            SealedMoment::End,
        ] {
            assert_eq!(SealedMoment::parse(&moment.line(9)), Some((9, moment)));
        }
        for line in [
            "",
            "{}",
            r#"{"at":1}"#,
            r#"{"version":2}"#,
            "[1,\"o\",\"x\"]",
        ] {
            assert_eq!(SealedMoment::parse(line), None, "{line}");
        }
    }
}
