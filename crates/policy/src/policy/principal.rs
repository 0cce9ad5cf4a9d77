//! `Principal` and `NotPrincipal` of a trust policy: whom a statement means.
//!
//! No wildcard reaches into a name: a principal is written out, or it is everybody (`"*"`). `NotPrincipal` stands in
//! denials only, where whoever is not named is denied: an Allow with it would trust everybody else.

use serde_json::{Map, Value};

use super::{PolicyError, TrustedAs, texts};

/// The elements read here.
pub(super) const ELEMENTS: [&str; 2] = ["Principal", "NotPrincipal"];

/// Whom a statement means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principals {
    Any(Vec<Principal>),
    AllBut(Vec<Principal>),
}

/// How closely a caller is meant, the closest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    /// As one of the account, or of everybody.
    AmongOthers,
    /// As whoever has assumed the role.
    ByRole,
    /// By its own ARN.
    ByName,
}

/// One entry of the element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    /// `"*"`.
    Everybody,
    /// `123456789012` or `arn:aws:iam::123456789012:root`: whoever of that account its own policies allow.
    Account(String),
    /// A user, a role, a role's session or an identity provider, by ARN.
    Named(String),
    /// A service. None of the callers that sign is one.
    Service,
}

/// Whether callers may be meant for whom an identity provider vouches. They have no ARN of their own before they have
/// assumed a role, so only a role can trust them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Federation {
    Trusted,
    Unknown,
}

impl Principals {
    /// Reads whichever of the two a statement has.
    pub(super) fn read(
        path: &str,
        map: &Map<String, Value>,
        federation: Federation,
    ) -> Result<Self, PolicyError> {
        let read = |path: &str, value: &Value| read(path, value, federation);
        let (given, excluded) = (map.get("Principal"), map.get("NotPrincipal"));
        match (given, excluded) {
            (Some(value), None) => Ok(Self::Any(read(&format!("{path}.Principal"), value)?)),
            (None, Some(_)) if map.get("Effect") != Some(&Value::from("Deny")) => {
                Err(PolicyError::NotPrincipal {
                    path: format!("{path}.NotPrincipal"),
                })
            }
            (None, Some(value)) => Ok(Self::AllBut(read(&format!("{path}.NotPrincipal"), value)?)),
            (Some(_), Some(_)) => Err(PolicyError::Contradiction {
                path: path.to_owned(),
                one: "Principal",
                other: "NotPrincipal",
            }),
            (None, None) => Err(PolicyError::MissingElement {
                path: format!("{path}.Principal"),
            }),
        }
    }

    /// The accounts and ARNs it names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let (Self::Any(list) | Self::AllBut(list)) = self;
        list.iter().filter_map(|principal| match principal {
            Principal::Account(name) | Principal::Named(name) => Some(name.as_str()),
            Principal::Everybody | Principal::Service => None,
        })
    }

    /// Whether the caller is meant, and how closely.
    pub(super) fn mean(&self, caller: TrustedAs<'_>) -> Option<Meant> {
        match self {
            Self::Any(list) => list.iter().filter_map(|one| one.means(caller)).max(),
            Self::AllBut(list) => (!is_excepted(list, caller)).then_some(Meant::AmongOthers),
        }
    }
}

/// Whether a list excepts the caller: it has everybody, or names the caller and also the account. AWS asks for the
/// account too.
fn is_excepted(list: &[Principal], caller: TrustedAs<'_>) -> bool {
    let has_account = list
        .iter()
        .any(|one| matches!(one, Principal::Account(account) if account == caller.account));
    let has = |arn: &String| {
        list.iter()
            .any(|one| matches!(one, Principal::Named(named) if named == arn))
    };
    list.contains(&Principal::Everybody) || (has_account && caller.arns.iter().any(has))
}

impl Principal {
    fn means(&self, caller: TrustedAs<'_>) -> Option<Meant> {
        match self {
            Self::Everybody => Some(Meant::AmongOthers),
            Self::Account(account) if account == caller.account => Some(Meant::AmongOthers),
            Self::Named(arn) if caller.arns.contains(arn) => Some(if is_role(arn) {
                Meant::ByRole
            } else {
                Meant::ByName
            }),
            Self::Account(_) | Self::Named(_) | Self::Service => None,
        }
    }
}

/// Whether an ARN is that of a role, not of a session of it.
fn is_role(arn: &str) -> bool {
    arn.splitn(6, ':')
        .nth(5)
        .is_some_and(|resource| resource.starts_with("role/"))
}

/// Reads the element.
fn read(path: &str, value: &Value, federation: Federation) -> Result<Vec<Principal>, PolicyError> {
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
            "Federated" if federation == Federation::Trusted => provider,
            // CanonicalUser names callers that cannot sign here.
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

/// An OpenID Connect provider: `arn:aws:iam::123456789012:oidc-provider/id.example.com/realm`.
fn provider(text: &str) -> Option<Principal> {
    let (account, url) = text
        .strip_prefix("arn:aws:iam::")?
        .split_once(":oidc-provider/")?;
    let in_url = |byte: u8| byte.is_ascii_graphic() && !b"*?${}".contains(&byte);
    (is_account(account) && !url.is_empty() && url.bytes().all(in_url))
        .then(|| Principal::Named(text.to_owned()))
}

fn service(text: &str) -> Option<Principal> {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (text.contains('.') && text.bytes().all(in_name)).then_some(Principal::Service)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
