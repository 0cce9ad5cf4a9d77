//! Names of parameters in Parameter Store: what one may be, and how calls and policies spell it.
//!
//! Owns one rule: a name means one parameter, whether it was given plainly, with a version, or as an ARN. Knows neither
//! values nor callers.

use crate::identity::Scope;

/// Levels of a path, at most (AWS: "a maximum depth of fifteen levels").
const LEVELS: usize = 15;
/// Characters of a name together with the rest of its ARN, at most.
const LONGEST: usize = 1011;

/// A parameter as a call names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its plain name.
    pub(crate) name: String,
    /// What stands behind it, from the colon on: `:3`, `:label`.
    pub(crate) selector: Option<String>,
}

/// Why a name is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// Empty, too long, or with a character that names do not have.
    #[error("Parameter name must have 1 to 1011 letters, digits and any of . _ - / only.")]
    Characters,
    /// A path that does not begin with a slash, or with an empty level.
    #[error(
        "Parameter name must be a fully qualified name: a path begins with a slash, and no level of it is empty."
    )]
    Path,
    /// More than fifteen levels.
    #[error("A hierarchy can have at most 15 levels.")]
    Levels,
    /// A prefix that AWS keeps for itself.
    #[error("Parameter name must not begin with aws or ssm: these prefixes are reserved.")]
    Reserved,
}

impl Named {
    /// Reads a name, a name with a selector, or the ARN of one of ours; none if it is somebody else's.
    pub(crate) fn parse(scope: Scope<'_>, given: &str) -> Option<Self> {
        let plain = match given.strip_prefix("arn:") {
            None => given.to_owned(),
            Some(_) => {
                let path = given.strip_prefix(&scope.parameter(""))?;
                // The ARN of a name without a path has no slash of its own.
                match path.split(':').next().unwrap_or_default().contains('/') {
                    true => format!("/{path}"),
                    false => path.to_owned(),
                }
            }
        };
        let (name, selector) = match plain.split_once(':') {
            Some((name, selector)) => (name.to_owned(), Some(format!(":{selector}"))),
            None => (plain, None),
        };
        Some(Self { name, selector })
    }

    /// The version that the selector asks for, where no selector asks for the latest (`Some(None)`). None if it asks
    /// for what cannot be there: nothing here has labels.
    pub(crate) fn version(&self) -> Option<Option<i64>> {
        match &self.selector {
            None => Some(None),
            Some(selector) => match selector.trim_start_matches(':').parse() {
                Ok(version @ 1..) => Some(Some(version)),
                _ => None,
            },
        }
    }
}

/// The ARN by which policies know what `given` names.
pub(crate) fn arn(scope: Scope<'_>, given: &str) -> String {
    match Named::parse(scope, given) {
        Some(named) => scope.parameter(&named.name),
        None => given.to_owned(),
    }
}

/// Refuses a name that no new parameter may have.
pub(crate) fn check_name(scope: Scope<'_>, name: &str) -> Result<(), NameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    if name.is_empty() || !name.bytes().all(allowed) || scope.parameter(name).len() > LONGEST {
        return Err(NameError::Characters);
    }
    let path = match name.strip_prefix('/') {
        Some(path) => path,
        None if name.contains('/') => return Err(NameError::Path),
        None => name,
    };
    if path.split('/').any(str::is_empty) {
        return Err(NameError::Path);
    }
    if path.split('/').count() > LEVELS {
        return Err(NameError::Levels);
    }
    let folded = path.to_ascii_lowercase();
    if ["aws", "ssm"].iter().any(|taken| folded.starts_with(taken)) {
        return Err(NameError::Reserved);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use usher_wire::ids::AccountId;

    use super::*;

    fn in_scope<T>(work: impl FnOnce(Scope<'_>) -> T) -> T {
        let account = AccountId::parse("000000000000").unwrap();
        work(Scope {
            account: &account,
            region: "usher-1",
        })
    }

    #[test]
    fn names_that_are_none_are_refused_with_the_rule() {
        let check = |name: &str, expected| {
            assert_eq!(
                in_scope(|scope| check_name(scope, name)),
                expected,
                "{name}"
            );
        };
        check("", Err(NameError::Characters));
        check("a b", Err(NameError::Characters));
        check("a:1", Err(NameError::Characters));
        check(&"a".repeat(1000), Err(NameError::Characters));
        check("a/b", Err(NameError::Path));
        check("/a//b", Err(NameError::Path));
        check("/a/", Err(NameError::Path));
        check("/", Err(NameError::Path));
        check(&"/a".repeat(16), Err(NameError::Levels));
        for name in ["aws", "/AWS/x", "ssm-x", "/Ssm"] {
            check(name, Err(NameError::Reserved));
        }
        check(&"/a".repeat(15), Ok(()));
        check("Db.pass_word-1", Ok(()));
        check("/my/aws", Ok(()));
    }

    #[test]
    fn an_arn_of_somebody_else_names_nothing() {
        for given in [
            "arn:aws:ssm:usher-1:111111111111:parameter/x",
            "arn:aws:ssm:other-1:000000000000:parameter/x",
            "arn:aws:ssm:usher-1:000000000000:document/x",
        ] {
            assert_eq!(
                in_scope(|scope| Named::parse(scope, given)),
                None,
                "{given}"
            );
        }
    }

    #[test]
    fn one_parameter_has_one_arn_however_it_is_spelled() {
        for (given, name, version) in [
            ("db", "db", Some(None)),
            ("db:3", "db", Some(Some(3))),
            ("db:prod", "db", None),
            ("db:0", "db", None),
            ("/a/b:2", "/a/b", Some(Some(2))),
            (
                "arn:aws:ssm:usher-1:000000000000:parameter/db",
                "db",
                Some(None),
            ),
            (
                "arn:aws:ssm:usher-1:000000000000:parameter/a/b:2",
                "/a/b",
                Some(Some(2)),
            ),
        ] {
            let named = in_scope(|scope| Named::parse(scope, given)).unwrap();
            assert_eq!(
                (named.name.as_str(), named.version()),
                (name, version),
                "{given}"
            );
            let arn = in_scope(|scope| arn(scope, given));
            let path = name.trim_start_matches('/');
            assert_eq!(
                arn,
                format!("arn:aws:ssm:usher-1:000000000000:parameter/{path}")
            );
        }
    }
}
