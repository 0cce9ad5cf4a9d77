//! `Principal` of a trust policy: whom the role trusts.
//!
//! No wildcard reaches into a name: a principal is written out, or it is everybody (`"*"`).

use serde_json::Value;

use super::{PolicyError, texts};

/// One entry of the element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    /// `"*"`.
    Everybody,
    /// `123456789012` or `arn:aws:iam::123456789012:root`: whoever of that account its own policies allow.
    Account(String),
    /// A user, a role or a role's session, by ARN.
    Named(String),
    /// A service. None of the callers that sign is one.
    Service,
}

/// Reads the element.
pub(super) fn read(path: &str, value: &Value) -> Result<Vec<Principal>, PolicyError> {
    if let Value::String(text) = value {
        return match text.as_str() {
            "*" => Ok(vec![Principal::Everybody]),
            _ => Err(PolicyError::InvalidPrincipal(text.clone())),
        };
    }
    let kinds = super::object(path, value)?;
    if kinds.is_empty() {
        return Err(PolicyError::MissingElement {
            path: format!("{path}.AWS"),
        });
    }
    let mut principals = Vec::new();
    for (kind, value) in kinds {
        let read: fn(&str) -> Option<Principal> = match kind.as_str() {
            "AWS" => of_account,
            "Service" => service,
            // Federated and CanonicalUser name callers that cannot sign here.
            _ => return Err(PolicyError::InvalidPrincipal(kind.clone())),
        };
        for text in texts(&format!("{path}.{kind}"), value)? {
            let invalid = || PolicyError::InvalidPrincipal(format!("\"{kind}\":\"{text}\""));
            principals.push(read(text).ok_or_else(invalid)?);
        }
    }
    Ok(principals)
}

fn of_account(text: &str) -> Option<Principal> {
    if text == "*" {
        return Some(Principal::Everybody);
    }
    if is_account(text) {
        return Some(Principal::Account(text.to_owned()));
    }
    let mut parts = text.splitn(6, ':');
    let [
        Some("arn"),
        Some("aws"),
        Some(service),
        Some(""),
        Some(account),
        Some(resource),
    ] = std::array::from_fn(|_| parts.next())
    else {
        return None;
    };
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let in_name = |byte: u8| byte.is_ascii_graphic() && !b"*?:${}".contains(&byte);
    let is_named = !name.is_empty() && !name.ends_with('/') && name.bytes().all(in_name);
    match (service, kind) {
        _ if !is_account(account) => None,
        ("iam", "root") if resource == "root" => Some(Principal::Account(account.to_owned())),
        ("iam", "user" | "role") if is_named => Some(Principal::Named(text.to_owned())),
        ("sts", "assumed-role") if is_named && name.split('/').count() == 2 => {
            Some(Principal::Named(text.to_owned()))
        }
        _ => None,
    }
}

fn service(text: &str) -> Option<Principal> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (text.contains('.') && text.bytes().all(in_name)).then_some(Principal::Service)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
