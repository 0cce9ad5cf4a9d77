//! What the IAM operations share: finding a user, checking names, listing by `Marker`.

use serde::Deserialize;

use crate::api::Call;
use crate::api::page::{self, Page};
use crate::codec::integer;
use crate::error::{ApiError, Code};
use crate::identity::NODE_ROLE_ID;
use crate::store::{RoleRow, UserRow};

/// Items on a page unless the caller says otherwise, as in AWS.
const DEFAULT_ITEMS: usize = 100;
const MAX_ITEMS: usize = 1000;

/// `Marker` and `MaxItems` of every list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paging {
    marker: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    max_items: Option<i64>,
}

impl Paging {
    /// How many items go on a page.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        match self.max_items.map(usize::try_from) {
            None => Ok(DEFAULT_ITEMS),
            Some(Ok(items @ 1..=MAX_ITEMS)) => Ok(items),
            Some(_) => Err(ApiError::constraint(
                "maxItems",
                "Member must be between 1 and 1000",
            )),
        }
    }

    /// The key of the last item on the page before; empty for the first page.
    pub(super) fn after(&self) -> Result<String, ApiError> {
        match &self.marker {
            None => Ok(String::new()),
            Some(marker) => page::key_of(marker).ok_or_else(|| {
                ApiError::new(
                    Code::Validation,
                    "The Marker is not one that this operation returned.",
                )
            }),
        }
    }

    /// The page of `all`, which is sorted by `key`.
    pub(super) fn page<T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<Page<T>, ApiError> {
        let after = self.after()?;
        let rest = all
            .into_iter()
            .filter(|item| key(item) > after.as_str())
            .collect();
        Ok(page::cut(rest, self.limit()?, key))
    }
}

/// The user of that name.
pub(super) async fn user(call: Call<'_>, name: &str) -> Result<UserRow, ApiError> {
    check_name("userName", name, 128)?;
    call.context.store.user_named(name).await?.ok_or_else(|| {
        ApiError::new(
            Code::NoSuchEntity,
            format!("The user with name {name} cannot be found."),
        )
    })
}

/// The user of that name, or the calling user where none is named.
pub(super) async fn user_or_caller(
    call: Call<'_>,
    name: Option<&str>,
) -> Result<UserRow, ApiError> {
    match name {
        Some(name) => user(call, name).await,
        None => match &call.caller.who {
            crate::identity::Who::User { .. } => user(call, &call.caller.name).await,
            _ => Err(ApiError::new(
                Code::Validation,
                "Must specify userName when calling with non-User credentials",
            )),
        },
    }
}

/// The role of that name.
pub(super) async fn role(call: Call<'_>, name: &str) -> Result<RoleRow, ApiError> {
    check_name("roleName", name, 64)?;
    call.context.store.role_named(name).await?.ok_or_else(|| {
        ApiError::new(
            Code::NoSuchEntity,
            format!("The role with name {name} cannot be found."),
        )
    })
}

/// The role of that name, if people may change it: the role of the nodes is what the server makes of it.
pub(super) async fn modifiable_role(call: Call<'_>, name: &str) -> Result<RoleRow, ApiError> {
    let role = role(call, name).await?;
    if role.role_id != NODE_ROLE_ID {
        return Ok(role);
    }
    Err(ApiError::new(
        Code::UnmodifiableEntity,
        format!(
            "Cannot perform the operation on the protected role '{}': it comes with the service.",
            role.name
        ),
    ))
}

/// IAM's names: `[\w+=,.@-]`, ASCII.
pub(crate) fn check_name(member: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=longest).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(ApiError::constraint(
        member,
        &format!(
            "Member must have 1 to {longest} characters and satisfy regular expression pattern: [\\w+=,.@-]+"
        ),
    ))
}

/// `/`, or printable ASCII between two of them.
pub(super) fn check_path(member: &str, path: &str) -> Result<(), ApiError> {
    let ends = path.starts_with('/') && path.ends_with('/');
    if ends && path.len() <= 512 && path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Ok(());
    }
    Err(ApiError::constraint(
        member,
        "Member must begin and end with / and have at most 512 printable characters",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_other_characters_are_refused() {
        for name in ["", "a b", "a/b", "ä", "a*", "a:b", &"a".repeat(65)] {
            assert!(check_name("userName", name, 64).is_err(), "{name}");
        }
        for name in ["alice", "a.b+c=d,e@f-g_h", &"a".repeat(64)] {
            assert!(check_name("userName", name, 64).is_ok(), "{name}");
        }
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        for path in ["", "team", "/team", "team/", "/a b/"] {
            assert!(check_path("path", path).is_err(), "{path}");
        }
        for path in ["/", "/team/", "/team/web/"] {
            assert!(check_path("path", path).is_ok(), "{path}");
        }
    }
}
