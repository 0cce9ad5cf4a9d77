//! The handshake's messages: what an agent asks, how a client answers, and what each learns. Pure functions; when they
//! are sent is the machine's affair.
//!
//! An answer always reports the action `SessionType`; what KMS has to do with it is in `key_agreement`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::event::{ClientHello, PeerError};
use crate::frame::PayloadType;
use crate::message::{
    ActionStatus, HandshakeComplete, HandshakeRequest, HandshakeResponse, KmsParameters, KmsResult,
    ProcessedAction, RequestedAction, SessionType, Terminal, USHER_VERSION, UsherRequest,
    UsherResponse, to_json,
};
use crate::version::AGENT_VERSION;

const SESSION_TYPE: &str = "SessionType";
const KMS_ENCRYPTION: &str = "KMSEncryption";
/// What people see when an encrypted session opens; AWS's words.
const ENCRYPTED: &str = "This session is encrypted using AWS KMS.";

/// What an agent learns from a response.
#[derive(Debug)]
pub(super) struct ClientAnswer {
    pub(super) client_version: String,
    pub(super) is_usher: bool,
    pub(super) terminal: Option<Terminal>,
    /// The data key, as the client got it from KMS.
    pub(super) key: Option<KmsResult>,
}

/// The encryption that a request asks for, and the place of that action among all.
#[derive(Debug)]
pub(super) struct KeyWish {
    pub(super) place: usize,
    pub(super) parameters: KmsParameters,
}

/// What a client learns from a request, and what becomes of each action.
#[derive(Debug)]
pub(super) struct AgentRequest {
    pub(super) agent_version: String,
    /// Whether the agent says `Usher`.
    pub(super) announced: bool,
    pub(super) session_type: Option<SessionType>,
    pub(super) properties: Value,
    /// What it did; an action that waits for KMS counts as failed until it has its key.
    pub(super) processed: Vec<ProcessedAction>,
    pub(super) key: Option<KeyWish>,
}

/// Agent: the first message of the stream. With `encryption` the client is asked for a data key.
pub(super) fn request(
    session_type: SessionType,
    properties: &Value,
    encryption: Option<&KmsParameters>,
) -> Bytes {
    let named = RequestedAction {
        action_type: SESSION_TYPE.to_owned(),
        action_parameters: json!({"SessionType": session_type.as_str(), "Properties": properties}),
    };
    let encrypted = encryption.map(|parameters| RequestedAction {
        action_type: KMS_ENCRYPTION.to_owned(),
        action_parameters: serde_json::to_value(parameters).unwrap_or_default(),
    });
    to_json(&HandshakeRequest {
        agent_version: AGENT_VERSION.to_owned(),
        requested_client_actions: std::iter::once(named).chain(encrypted).collect(),
        usher: Some(UsherRequest::default()),
    })
}

/// Agent: reads the client's response.
pub(super) fn read_response(payload: &[u8]) -> Result<ClientAnswer, PeerError> {
    let malformed = |_| PeerError::MalformedHandshake(PayloadType::HandshakeResponse);
    let response: HandshakeResponse = serde_json::from_slice(payload).map_err(malformed)?;
    let mut key = None;
    for action in response.processed_client_actions {
        let ProcessedAction {
            action_type,
            action_status,
            action_result,
            error,
        } = action;
        if action_status != ActionStatus::Success.number() {
            return Err(PeerError::ActionFailed {
                action: action_type,
                status: action_status,
                error,
            });
        }
        if action_type == KMS_ENCRYPTION {
            key = Some(serde_json::from_value(action_result).map_err(malformed)?);
        }
    }
    let usher = response
        .usher
        .filter(|usher| usher.version >= USHER_VERSION);
    Ok(ClientAnswer {
        client_version: response.client_version,
        is_usher: usher.is_some(),
        terminal: usher.and_then(|usher| usher.terminal),
        key,
    })
}

/// Agent: tells the client that the session starts.
pub(super) fn complete(elapsed: Duration, is_encrypted: bool) -> Bytes {
    to_json(&HandshakeComplete {
        handshake_time_to_complete: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        customer_message: if is_encrypted { ENCRYPTED } else { "" }.to_owned(),
    })
}

/// Client: reads the agent's request.
pub(super) fn answer(payload: &[u8]) -> Result<AgentRequest, PeerError> {
    let malformed = |_| PeerError::MalformedHandshake(PayloadType::HandshakeRequest);
    let request: HandshakeRequest = serde_json::from_slice(payload).map_err(malformed)?;
    let mut session_type = None;
    let mut properties = Value::Null;
    let mut processed = Vec::with_capacity(request.requested_client_actions.len());
    let mut key = None;
    for action in request.requested_client_actions {
        if action.action_type == SESSION_TYPE {
            let name = action
                .action_parameters
                .get("SessionType")
                .and_then(Value::as_str)
                .unwrap_or_default();
            session_type = SessionType::parse(name);
            properties = action
                .action_parameters
                .get("Properties")
                .cloned()
                .unwrap_or_default();
            let error = || (ActionStatus::Failed, format!("Unknown session type {name}"));
            let (status, error) =
                session_type.map_or_else(error, |_| (ActionStatus::Success, String::new()));
            processed.push(processed_action(action.action_type, status, error));
        } else if action.action_type == KMS_ENCRYPTION && key.is_none() {
            let parameters: KmsParameters =
                serde_json::from_value(action.action_parameters).map_err(malformed)?;
            key = Some(KeyWish {
                place: processed.len(),
                parameters,
            });
            let waits = "there is no key yet".to_owned();
            processed.push(processed_action(
                action.action_type,
                ActionStatus::Failed,
                waits,
            ));
        } else {
            let error = format!("Unsupported action {}", action.action_type);
            processed.push(processed_action(
                action.action_type,
                ActionStatus::Unsupported,
                error,
            ));
        }
    }
    Ok(AgentRequest {
        agent_version: request.agent_version,
        announced: request
            .usher
            .is_some_and(|usher| usher.version >= USHER_VERSION),
        session_type,
        properties,
        processed,
        key,
    })
}

/// Client: the answer.
pub(super) fn response(hello: &ClientHello, processed: Vec<ProcessedAction>) -> Bytes {
    let errors: Vec<String> = processed
        .iter()
        .filter(|action| !action.error.is_empty())
        .map(|action| action.error.clone())
        .collect();
    to_json(&HandshakeResponse {
        client_version: hello.client_version.clone(),
        processed_client_actions: processed,
        errors: (!errors.is_empty()).then_some(errors),
        usher: hello.terminal.as_ref().map(|terminal| UsherResponse {
            version: USHER_VERSION,
            terminal: Some(terminal.clone()),
        }),
    })
}

/// Client: the line for the person in the agent's last handshake message.
pub(super) fn read_complete(payload: &[u8]) -> Result<String, PeerError> {
    serde_json::from_slice::<HandshakeComplete>(payload)
        .map(|complete| complete.customer_message)
        .map_err(|_| PeerError::MalformedHandshake(PayloadType::HandshakeComplete))
}

fn processed_action(action_type: String, status: ActionStatus, error: String) -> ProcessedAction {
    ProcessedAction {
        action_type,
        action_status: status.number(),
        action_result: Value::Null,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(terminal: Option<Terminal>) -> ClientHello {
        ClientHello {
            client_version: "1.2.0.0".to_owned(),
            terminal,
        }
    }

    fn text(payload: &Bytes) -> &str {
        std::str::from_utf8(payload).unwrap()
    }

    // The request is as captured from the AWS agent 3.3.0.0, the response from the AWS plugin 1.2.0.0.
    const PORT_REQUEST: &[u8] = br#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"localPortNumber":"49667","portNumber":"39547","type":"LocalPortForwarding"}}}]}"#;
    const PLUGIN_RESPONSE: &str = r#"{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}"#;

    #[test]
    fn junk_is_malformed_in_either_direction() {
        let request = PeerError::MalformedHandshake(PayloadType::HandshakeRequest);
        assert_eq!(answer(b"junk").unwrap_err(), request);
        let response = PeerError::MalformedHandshake(PayloadType::HandshakeResponse);
        assert_eq!(read_response(b"{").unwrap_err(), response);
        assert!(read_complete(b"null").is_err());
    }

    #[test]
    fn an_action_that_failed_on_the_client_ends_the_session_with_the_agents_words() {
        let payload = br#"{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"KMSEncryption","ActionStatus":2,"ActionResult":null,"Error":"no key"}],"Errors":["no key"]}"#;
        let error = read_response(payload).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Encountered error while initiating handshake. KMSEncryption failed on client with status 2 error: no key"
        );
    }

    #[test]
    fn an_action_unknown_to_the_aws_plugin_counts_as_failed() {
        let payload = br#"{"ClientVersion":"1.2.0.0","ProcessedClientActions":[{"ActionType":"X","ActionStatus":0,"ActionResult":3,"Error":"Unsupported action X"}],"Errors":null}"#;
        assert!(matches!(
            read_response(payload),
            Err(PeerError::ActionFailed { status: 0, .. })
        ));
    }

    #[test]
    fn encryption_whose_parameters_cannot_be_read_is_no_request() {
        let request = br#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"Key":"k"}}]}"#;
        let malformed = PeerError::MalformedHandshake(PayloadType::HandshakeRequest);
        assert_eq!(answer(request).unwrap_err(), malformed);
    }

    #[test]
    fn encryption_counts_as_failed_until_there_is_a_key() {
        let request = br#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k"}},{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream","Properties":null}}]}"#;
        let answered = answer(request).unwrap();
        let wish = answered.key.unwrap();
        assert_eq!((wish.place, wish.parameters.key_id.as_str()), (0, "k"));
        let error = read_response(&response(&hello(None), answered.processed)).unwrap_err();
        assert!(
            matches!(error, PeerError::ActionFailed { status: 2, .. }),
            "{error:?}"
        );
    }

    #[test]
    fn without_a_terminal_the_answer_is_that_of_the_aws_plugin() {
        let answered = answer(PORT_REQUEST).unwrap();
        assert_eq!(answered.session_type, Some(SessionType::Port));
        assert_eq!(answered.properties["portNumber"], "39547");
        assert!(!answered.announced);
        let response = response(&hello(None), answered.processed);
        assert_eq!(text(&response), PLUGIN_RESPONSE);
    }

    #[test]
    fn each_end_announces_usher_in_a_member_of_its_own() {
        let ours = answer(&request(SessionType::StandardStream, &Value::Null, None)).unwrap();
        assert!(ours.announced);
        let terminal = Terminal {
            cols: 80,
            rows: 24,
            ..Terminal::default()
        };
        let learned = read_response(&response(&hello(Some(terminal)), ours.processed)).unwrap();
        assert!(learned.is_usher && learned.key.is_none());
        assert_eq!(
            learned
                .terminal
                .map(|terminal| (terminal.cols, terminal.rows)),
            Some((80, 24))
        );
    }

    #[test]
    fn a_session_type_that_no_client_knows_is_answered_as_failed() {
        let request = br#"{"AgentVersion":"9","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Video"}}]}"#;
        let answered = answer(request).unwrap();
        assert_eq!(answered.session_type, None);
        assert!(matches!(
            read_response(&response(&hello(None), answered.processed)),
            Err(PeerError::ActionFailed { status: 2, .. })
        ));
    }
}
