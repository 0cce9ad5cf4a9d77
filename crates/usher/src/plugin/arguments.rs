//! The words the `aws` command starts the plugin with, and the StartSession answer in them or in the environment.
//! Pure, but for the one variable that a word names.

use serde_json::Value;
use usher_wire::secret::Secret;

use crate::error::Error;

/// A first word that begins so names the variable that holds the answer, to keep the token out of `ps`.
const RESPONSE_VARIABLE: &str = "AWS_SSM_START_SESSION_RESPONSE";

/// The one operation.
const START_SESSION: &str = "StartSession";

/// What the plugin was started for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Invocation {
    /// No words: somebody checks the installation.
    Bare,
    /// `--version`.
    Version,
    /// Too few words to be a session.
    UnknownOperation(String),
    /// Enough words, and not for StartSession.
    InvalidOperation,
    /// A session.
    Start(Started),
}

/// The words of a session.
#[derive(PartialEq, Eq)]
pub(super) struct Started {
    /// The answer, or the variable that holds it.
    first: String,
    /// Never empty.
    pub(super) region: Option<String>,
    /// Never empty.
    pub(super) profile: Option<String>,
    /// The node, as it stands in the parameters of StartSession. A part of a data key's encryption context.
    pub(super) target: Option<String>,
    /// Where ResumeSession goes. Never empty.
    pub(super) endpoint_url: Option<String>,
}

impl std::fmt::Debug for Started {
    /// Leaves the answer out: it holds the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What opens the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartSessionResponse {
    pub(super) session_id: String,
    pub(super) stream_url: String,
    pub(super) token_value: Secret,
}

impl Invocation {
    /// Reads the words after the program's name, in the order of AWS's plugin: answer, region, operation, profile,
    /// parameters of StartSession, endpoint.
    pub(super) fn parse(words: &[String]) -> Self {
        let word = |index: usize| words.get(index).filter(|word| !word.is_empty()).cloned();
        match words {
            [] => Self::Bare,
            [only] if only == "--version" => Self::Version,
            [first] | [first, _] => Self::UnknownOperation(first.clone()),
            [_, _, operation, ..] if operation != START_SESSION => Self::InvalidOperation,
            [first, ..] => Self::Start(Started {
                first: first.clone(),
                region: word(1),
                profile: word(3),
                target: word(4).and_then(|parameters| target_in(&parameters)),
                endpoint_url: word(5),
            }),
        }
    }
}

impl Started {
    /// The answer, from the words or from the environment. The variable stays set: we start no other program, and
    /// changing the environment of a process with threads is not safe.
    pub(super) fn response(&self) -> Result<StartSessionResponse, Error> {
        if self.first.starts_with(RESPONSE_VARIABLE) {
            read(&std::env::var(&self.first).unwrap_or_default())
        } else {
            read(&self.first)
        }
    }
}

fn target_in(parameters: &str) -> Option<String> {
    let value: Value = serde_json::from_str(parameters).ok()?;
    value.get("Target")?.as_str().map(str::to_owned)
}

/// Members are matched as Go does, without regard to case.
fn read(json: &str) -> Result<StartSessionResponse, Error> {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let member = |name: &'static str| {
        let members = value.as_object().into_iter().flatten();
        let mut found = members
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .filter_map(|(_, v)| v.as_str());
        found
            .next()
            .filter(|text| !text.is_empty())
            .ok_or(Error::IncompleteResponse(name))
    };
    Ok(StartSessionResponse {
        session_id: member("SessionId")?.to_owned(),
        stream_url: member("StreamUrl")?.to_owned(),
        token_value: member("TokenValue")?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &str =
        r#"{"SessionId": "alice-1", "TokenValue": "secret", "StreamUrl": "ws://h/"}"#;

    fn parse(words: &[&str]) -> Invocation {
        Invocation::parse(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn one_or_two_words_are_no_session() {
        assert_eq!(
            parse(&["version"]),
            Invocation::UnknownOperation("version".to_owned())
        );
        assert_eq!(
            parse(&["--version", "x"]),
            Invocation::UnknownOperation("--version".to_owned())
        );
    }

    #[test]
    fn only_start_session_is_an_operation() {
        assert_eq!(
            parse(&[RESPONSE, "usher-1", "ResumeSession"]),
            Invocation::InvalidOperation
        );
        assert_eq!(
            parse(&[RESPONSE, "usher-1", "startsession"]),
            Invocation::InvalidOperation
        );
    }

    #[test]
    fn a_missing_member_is_named() {
        for (json, name) in [
            ("", "SessionId"),
            ("[]", "SessionId"),
            (r#"{"SessionId":"s","StreamUrl":"u"}"#, "TokenValue"),
            (
                r#"{"SessionId":"s","StreamUrl":7,"TokenValue":"t"}"#,
                "StreamUrl",
            ),
            (
                r#"{"SessionId":"s","StreamUrl":"u","TokenValue":""}"#,
                "TokenValue",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(
                matches!(error, Error::IncompleteResponse(missing) if missing == name),
                "{json}: {error}"
            );
        }
    }

    #[test]
    fn no_words_and_version_are_understood() {
        assert_eq!(parse(&[]), Invocation::Bare);
        assert_eq!(parse(&["--version"]), Invocation::Version);
    }

    #[test]
    fn the_forms_of_old_and_new_commands_are_read() {
        let old = parse(&[RESPONSE, "usher-1", "StartSession"]);
        let Invocation::Start(started) = old else {
            panic!("{old:?}")
        };
        assert_eq!(
            (started.profile.as_ref(), started.endpoint_url.as_ref()),
            (None, None)
        );
        assert_eq!(started.response().unwrap().session_id, "alice-1");

        let new = parse(&[
            RESPONSE,
            "usher-1",
            "StartSession",
            "",
            "{}",
            "http://127.0.0.1:8480",
        ]);
        let Invocation::Start(started) = new else {
            panic!("{new:?}")
        };
        assert_eq!(started.region.as_deref(), Some("usher-1"));
        assert_eq!(started.profile, None);
        assert_eq!(
            started.endpoint_url.as_deref(),
            Some("http://127.0.0.1:8480")
        );
    }

    #[test]
    fn members_are_matched_as_go_does() {
        let response =
            read(r#"{"sessionid":"s","STREAMURL":"u","tokenValue":"t","Other":1}"#).unwrap();
        assert_eq!(response.stream_url, "u");
        assert_eq!(response.token_value.expose(), "t");
    }

    #[test]
    fn the_token_is_never_printed() {
        let Invocation::Start(started) = parse(&[RESPONSE, "usher-1", "StartSession"]) else {
            panic!()
        };
        assert!(!format!("{started:?} {:?}", started.response()).contains("secret"));
    }
}
