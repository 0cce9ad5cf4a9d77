//! The REST calls before an agent's WebSocket: they answer 201 and XML although the request is JSON
//! (seen with amazon-ssm-agent 3.3.0.0, which takes any other status as an error).

use http::StatusCode;
use usher_wire::ids::{NodeId, SessionId};
use usher_wire::secret::Secret;

use crate::call::refusal;
use crate::{CallError, Identity, JsonClient};

/// Which channel is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Channel<'a> {
    /// The node's own, one at a time.
    Control(&'a NodeId),
    /// The node's side of one session.
    Data(&'a SessionId),
}

impl Channel<'_> {
    fn path(self) -> String {
        match self {
            Self::Control(node) => format!("/v1/control-channel/{}", escaped(node.as_str())),
            Self::Data(session) => format!("/v1/data-channel/{}", escaped(session.as_str())),
        }
    }

    /// Path and query of the WebSocket that the token opens.
    #[must_use]
    pub fn websocket_path(self) -> String {
        let role = match self {
            Self::Control(_) => "role=subscribe&stream=input",
            Self::Data(_) => "role=publish_subscribe",
        };
        format!("{}?{role}", self.path())
    }
}

/// Session ids may hold `@`, `=`, `,` and `+`, which must not reach a signed path unescaped.
fn escaped(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Asks for the token that opens `channel`. `request_id` is a fresh UUID; `client_id` belongs to data channels.
///
/// # Errors
/// The service's refusal, or what kept it from answering.
pub async fn create_channel(
    client: &JsonClient,
    identity: Identity<'_>,
    channel: Channel<'_>,
    request_id: &str,
    client_id: &str,
) -> Result<Secret, CallError> {
    let body = match channel {
        Channel::Control(_) => {
            serde_json::json!({"MessageSchemaVersion": "1.0", "RequestId": request_id})
        }
        Channel::Data(_) => {
            serde_json::json!({"MessageSchemaVersion": "1.0", "RequestId": request_id, "ClientId": client_id})
        }
    };
    let headers = [("content-type", "application/json")];
    let body = body.to_string().into_bytes();
    let answer = client
        .post(identity, "ssmmessages", &channel.path(), &headers, body)
        .await?;
    if answer.status != StatusCode::CREATED {
        return Err(CallError::Refused(refusal(
            answer.status,
            &answer.headers,
            &answer.body,
        )));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| client.senseless("it is no text"))?;
    token_value(text).ok_or_else(|| client.senseless("it holds no TokenValue"))
}

/// The content of the first `TokenValue` element, whatever the root is called.
fn token_value(xml: &str) -> Option<Secret> {
    let (_, rest) = xml.split_once("<TokenValue>")?;
    let (value, _) = rest.split_once("</TokenValue>")?;
    let plain = value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    (!plain.is_empty()).then(|| Secret::from(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_token_is_refused() {
        for xml in [
            "",
            "{}",
            "<A><TokenValue></TokenValue></A>",
            "<A><TokenValue>x</A>",
        ] {
            assert!(token_value(xml).is_none(), "{xml}");
        }
    }

    #[test]
    fn the_token_is_found_under_any_root_and_unescaped() {
        let xml = "<Any><MessageSchemaVersion>1.0</MessageSchemaVersion>\n<TokenValue>a&amp;lt;b</TokenValue></Any>";
        assert_eq!(token_value(xml).unwrap().expose(), "a&lt;b");
    }

    #[test]
    fn session_ids_are_escaped_in_paths() {
        assert_eq!(
            escaped("alice@example.com-0a=b+c"),
            "alice%40example.com-0a%3Db%2Bc"
        );
    }
}
