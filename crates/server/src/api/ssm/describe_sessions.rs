//! DescribeSessions: live sessions or history, newest first, a page at a time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::api::{Access, Call, Operation, Service};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::{SessionRow, SessionSelection, SessionState};

/// Sessions of a page when the caller does not say.
const PAGE: i64 = 50;
/// The most that the model allows.
const LARGEST_PAGE: i64 = 200;
/// Filters that the model allows.
const FILTERS: usize = 6;

/// The operation.
pub(crate) struct DescribeSessions;

/// Its input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    state: String,
    max_results: Option<i64>,
    next_token: Option<String>,
    #[serde(default)]
    filters: Vec<Filter>,
}

/// Unlike everywhere else, these two names are in lower case.
#[derive(Debug, Deserialize)]
struct Filter {
    key: String,
    value: String,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    sessions: Vec<Session>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Session {
    session_id: String,
    target: String,
    status: &'static str,
    start_date: EpochSeconds,
    end_date: Option<EpochSeconds>,
    document_name: String,
    owner: String,
    reason: Option<String>,
    details: Option<String>,
    output_url: Option<OutputUrl>,
    max_session_duration: Option<String>,
    access_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutputUrl {
    s3_output_url: Option<String>,
    cloud_watch_output_url: Option<String>,
}

impl Operation for DescribeSessions {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DescribeSessions";
    const ACCESS: Access<Input> = Access::Policy {
        action: "ssm:DescribeSessions",
        on: |_| Resource::Any,
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let size = page_size(input.max_results)?;
        let Some(selection) = selection(&input)? else {
            return Ok(Output {
                sessions: Vec::new(),
                next_token: None,
            });
        };
        let mut rows = call
            .context
            .store
            .select_sessions(&selection, size + 1)
            .await?;
        let page = usize::try_from(size).unwrap_or(usize::MAX);
        let is_last = rows.len() <= page;
        rows.truncate(page);
        let next_token = rows.last().filter(|_| !is_last).map(next_token);
        Ok(Output {
            sessions: rows.into_iter().map(shown).collect(),
            next_token,
        })
    }
}

fn page_size(asked: Option<i64>) -> Result<i64, ApiError> {
    match asked.unwrap_or(PAGE) {
        size @ 1..=LARGEST_PAGE => Ok(size),
        _ => Err(ApiError::constraint(
            "maxResults",
            "Member must have value between 1 and 200",
        )),
    }
}

/// What to select; nothing when no session can match.
fn selection(input: &Input) -> Result<Option<SessionSelection>, ApiError> {
    let active = match input.state.as_str() {
        "Active" => true,
        "History" => false,
        _ => {
            return Err(ApiError::constraint(
                "state",
                "Member must satisfy enum value set: [Active, History]",
            ));
        }
    };
    if input.filters.len() > FILTERS {
        return Err(ApiError::constraint(
            "filters",
            "Member must have length less than or equal to 6",
        ));
    }
    let mut selection = SessionSelection {
        active,
        after: i64::MIN,
        before: i64::MAX,
        target: String::new(),
        owner: String::new(),
        state: String::new(),
        session_id: String::new(),
        cursor: input
            .next_token
            .as_deref()
            .map_or(Ok((SessionSelection::FIRST_PAGE, String::new())), cursor)?,
    };
    let mut can_match = true;
    for Filter { key, value } in &input.filters {
        let exact = match key.as_str() {
            "InvokedAfter" => {
                selection.after = selection.after.max(time(value)?);
                continue;
            }
            "InvokedBefore" => {
                selection.before = selection.before.min(time(value)?);
                continue;
            }
            // Just-in-time access is not served, so every session is of the standard kind.
            "AccessType" => {
                can_match &= value == "Standard";
                continue;
            }
            "Target" => &mut selection.target,
            "Owner" => &mut selection.owner,
            "Status" if SessionState::parse(value).is_some() => &mut selection.state,
            "Status" => {
                return Err(ApiError::constraint(
                    "filters",
                    "Status must be the name of a session status",
                ));
            }
            "SessionId" => &mut selection.session_id,
            _ => {
                return Err(ApiError::new(
                    Code::InvalidFilterKey,
                    format!("{} is not a filter key.", key.escape_debug()),
                ));
            }
        };
        if value.is_empty() {
            return Err(ApiError::constraint(
                "filters",
                "Member must have length greater than or equal to 1",
            ));
        }
        // All filters must hold, so two different values of one key match nothing.
        can_match &= exact.is_empty() || exact == value;
        exact.clone_from(value);
    }
    Ok(can_match.then_some(selection))
}

fn time(text: &str) -> Result<i64, ApiError> {
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_millisecond)
        .map_err(|_| {
            ApiError::constraint(
                "filters",
                "times must be ISO 8601, such as 2026-11-22T08:00:00Z",
            )
        })
}

/// Names the last session of a page. It is no secret and gives no right: the filters and the permission are judged
/// again for each page.
fn next_token(last: &SessionRow) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", last.created, last.session_id))
}

fn cursor(token: &str) -> Result<(i64, String), ApiError> {
    let decode = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (created, session_id) = text.split_once(' ')?;
        Some((created.parse().ok()?, session_id.to_owned()))
    };
    decode()
        .ok_or_else(|| ApiError::new(Code::InvalidNextToken, "The specified token is not valid."))
}

fn shown(row: SessionRow) -> Session {
    let has_output = row.s3_output.is_some() || row.logs_output.is_some();
    Session {
        session_id: row.session_id,
        target: row.node_id,
        status: row.state.as_str(),
        start_date: EpochSeconds(row.created),
        end_date: row.ended.map(EpochSeconds),
        document_name: row.document_name,
        owner: row.owner_arn,
        reason: row.reason,
        details: row.details,
        output_url: has_output.then_some(OutputUrl {
            s3_output_url: row.s3_output,
            cloud_watch_output_url: row.logs_output,
        }),
        max_session_duration: row.max_minutes.map(|minutes| minutes.to_string()),
        access_type: "Standard",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(filters: &[(&str, &str)]) -> Input {
        let filters = filters
            .iter()
            .map(|(key, value)| Filter {
                key: (*key).into(),
                value: (*value).into(),
            })
            .collect();
        Input {
            state: "Active".into(),
            max_results: None,
            next_token: None,
            filters,
        }
    }

    #[test]
    fn unknown_keys_values_and_tokens_are_refused_by_name() {
        let check = |filters: &[(&str, &str)], code| {
            let refused = selection(&input(filters)).unwrap_err();
            assert_eq!(refused.code(), code, "{filters:?}");
        };
        check(&[("Colour", "red")], Code::InvalidFilterKey);
        check(&[("InvokedAfter", "yesterday")], Code::Validation);
        check(&[("Status", "Sleeping")], Code::Validation);
        check(&[("Target", "")], Code::Validation);
        check(&[("Target", "mi-1"); 7], Code::Validation);
        assert_eq!(
            selection(&Input {
                state: "All".into(),
                ..input(&[])
            })
            .unwrap_err()
            .code(),
            Code::Validation
        );
        for token in ["", "!", "AAAA", &URL_SAFE_NO_PAD.encode("x y")] {
            let refused = selection(&Input {
                next_token: Some(token.into()),
                ..input(&[])
            });
            assert_eq!(
                refused.unwrap_err().code(),
                Code::InvalidNextToken,
                "{token}"
            );
        }
        assert!(page_size(Some(0)).is_err());
        assert!(page_size(Some(201)).is_err());
    }

    #[test]
    fn contradicting_filters_match_nothing() {
        assert_eq!(
            selection(&input(&[("Target", "mi-1"), ("Target", "mi-2")])).unwrap(),
            None
        );
        assert_eq!(
            selection(&input(&[("AccessType", "JustInTime")])).unwrap(),
            None
        );
    }

    #[test]
    fn filters_narrow_the_selection() {
        let filters = [
            ("Target", "mi-1"),
            ("Status", "Failed"),
            ("InvokedAfter", "1970-01-01T00:00:01Z"),
            ("AccessType", "Standard"),
        ];
        let selection = selection(&input(&filters)).unwrap().unwrap();
        assert_eq!(
            (
                selection.target.as_str(),
                selection.state.as_str(),
                selection.after
            ),
            ("mi-1", "Failed", 1000)
        );
    }
}
