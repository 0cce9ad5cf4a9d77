//! The four ways to name a key: its id, its ARN, an alias, the alias's ARN.

use uuid::Uuid;

use crate::identity::Scope;

/// What stands before an alias's own name.
pub(crate) const ALIAS: &str = "alias/";

/// A key as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyName {
    /// By its id.
    Id(Uuid),
    /// By an alias, `alias/…`.
    Alias(String),
}

/// Why a text names no key of this account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameError {
    /// It begins as an ARN and is none of a key or an alias of this account and region.
    Arn,
    /// It is neither a key id nor an alias.
    Malformed,
}

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    /// If it cannot name a key of this account and region.
    pub(crate) fn parse(text: &str, scope: Scope<'_>) -> Result<Self, NameError> {
        let own = scope.kms("");
        let name = match text.strip_prefix(&own) {
            Some(resource) => resource
                .strip_prefix("key/")
                .or_else(|| resource.starts_with(ALIAS).then_some(resource))
                .ok_or(NameError::Arn)?,
            None if text.starts_with("arn:") => return Err(NameError::Arn),
            None => text,
        };
        if name.starts_with(ALIAS) {
            return Ok(Self::Alias(name.to_owned()));
        }
        // Only the one spelling, so that one key has one name.
        match Uuid::try_parse(name) {
            Ok(id) if id.to_string() == name => Ok(Self::Id(id)),
            _ => Err(NameError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use usher_wire::ids::AccountId;

    use super::*;

    #[test]
    fn a_key_has_four_names_and_no_other() {
        let account = AccountId::parse("000000000000").unwrap();
        let scope = Scope {
            account: &account,
            region: "usher-1",
        };
        let id = "12345678-1234-4123-8123-123456789abc";
        let check = |text: &str, expected: Result<KeyName, NameError>| {
            assert_eq!(KeyName::parse(text, scope), expected, "{text}");
        };
        check(
            "arn:aws:kms:usher-1:111111111111:key/x",
            Err(NameError::Arn),
        );
        check(
            &format!("arn:aws:kms:usher-2:000000000000:key/{id}"),
            Err(NameError::Arn),
        );
        check("arn:aws:kms:usher-1:000000000000:x", Err(NameError::Arn));
        check("", Err(NameError::Malformed));
        check(&id.to_uppercase(), Err(NameError::Malformed));
        check(&format!("{{{id}}}"), Err(NameError::Malformed));
        check(&format!("key/{id}"), Err(NameError::Malformed));
        let by_id = Ok(KeyName::Id(id.parse().unwrap()));
        check(id, by_id.clone());
        check(&format!("arn:aws:kms:usher-1:000000000000:key/{id}"), by_id);
        let by_alias = Ok(KeyName::Alias("alias/sessions".to_owned()));
        check("alias/sessions", by_alias.clone());
        check("arn:aws:kms:usher-1:000000000000:alias/sessions", by_alias);
    }
}
