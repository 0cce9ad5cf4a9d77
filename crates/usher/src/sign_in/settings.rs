//! What a profile says about signing in: keys that begin with `usher_`, beside those of AWS's tools, which leave them
//! alone. A key that we do not know is an error, since it was meant to say something.

use std::collections::BTreeMap;

use usher_aws::openid::{IdToken, OpenIdClient};

use super::SignInError;

pub(super) const ISSUER: &str = "usher_issuer";
pub(super) const CLIENT_ID: &str = "usher_client_id";
pub(super) const ROLE_ARN: &str = "usher_role_arn";
pub(super) const SESSION_NAME: &str = "usher_session_name";
pub(super) const SCOPES: &str = "usher_scopes";

/// Every setting there is.
pub(super) const KEYS: [&str; 5] = [ISSUER, CLIENT_ID, ROLE_ARN, SESSION_NAME, SCOPES];

const OURS: &str = "usher_";
/// A refresh token is what renewal lives on.
const DEFAULT_SCOPES: &str = "openid offline_access";
/// Characters of a role session's name (STS API reference).
const SESSION_NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=64;

/// What was said on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Said {
    /// Write what is said here into the profile, and `usher credentials` as what gives its keys
    #[arg(long)]
    pub(crate) save: bool,
    /// Address of the OpenID Connect provider, as its tokens have it
    #[arg(long, value_name = "URL", requires = "save")]
    issuer: Option<String>,
    /// What the provider calls this program
    #[arg(long, value_name = "ID", requires = "save")]
    client_id: Option<String>,
    /// Role whose keys people get
    #[arg(long, value_name = "ARN", requires = "save")]
    role_arn: Option<String>,
    /// Name of the role's sessions; what the provider calls the person when absent
    #[arg(long, value_name = "NAME", requires = "save")]
    session_name: Option<String>,
    /// What to ask the provider for; `openid offline_access` when absent
    #[arg(long, value_name = "SCOPES", requires = "save")]
    scopes: Option<String>,
}

impl Said {
    /// Each under its key.
    pub(super) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let said = [
            (ISSUER, &self.issuer),
            (CLIENT_ID, &self.client_id),
            (ROLE_ARN, &self.role_arn),
            (SESSION_NAME, &self.session_name),
            (SCOPES, &self.scopes),
        ];
        said.into_iter()
            .filter_map(|(key, value)| Some((key, value.as_deref()?)))
            .collect()
    }
}

/// Where to sign in, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) issuer: String,
    pub(super) client: OpenIdClient,
    pub(super) role_arn: String,
    session_name: Option<String>,
}

impl Settings {
    /// What was said goes before what is written.
    pub(super) fn read(
        profile: &str,
        written: &BTreeMap<String, String>,
        said: &Said,
    ) -> Result<Self, SignInError> {
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, value) in written.iter().filter(|(key, _)| key.starts_with(OURS)) {
            if !KEYS.contains(&key.as_str()) {
                return Err(SignInError::UnknownSetting {
                    profile: profile.to_owned(),
                    key: key.clone(),
                });
            }
            keys.insert(key, value);
        }
        keys.extend(said.pairs());
        let needed = |key: &'static str| {
            let value = keys.get(key).filter(|value| !value.is_empty());
            value
                .map(|value| (*value).to_owned())
                .ok_or_else(|| SignInError::MissingSetting {
                    profile: profile.to_owned(),
                    key,
                })
        };
        let wrong = |key: &str, value: &str, rule| SignInError::Setting {
            profile: profile.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            rule,
        };
        let scopes = keys.get(SCOPES).copied().unwrap_or(DEFAULT_SCOPES);
        if !scopes.split_whitespace().any(|scope| scope == "openid") {
            let rule = "`openid` must be among the scopes, or no token says who it is";
            return Err(wrong(SCOPES, scopes, rule));
        }
        let session_name = keys.get(SESSION_NAME).copied();
        if let Some(name) = session_name.filter(|name| !is_session_name(name)) {
            let rule = "it must be 2 to 64 letters, digits and _+=,.@-";
            return Err(wrong(SESSION_NAME, name, rule));
        }
        let role_arn = needed(ROLE_ARN)?;
        if !role_arn.starts_with("arn:") || !role_arn.contains(":role/") {
            let rule = "it must be the ARN of a role";
            return Err(wrong(ROLE_ARN, &role_arn, rule));
        }
        Ok(Self {
            issuer: needed(ISSUER)?,
            client: OpenIdClient {
                id: needed(CLIENT_ID)?,
                scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            },
            role_arn,
            session_name: session_name.map(str::to_owned),
        })
    }

    /// Under which name the role is taken: as configured, else what the provider calls the person, made to fit. It only
    /// names the session: nothing is decided by it.
    pub(super) fn session_name(&self, token: &IdToken) -> String {
        if let Some(name) = &self.session_name {
            return name.clone();
        }
        let called = token.name.as_deref().unwrap_or(&token.subject);
        let fitting = |c: char| if in_session_name(c) { c } else { '-' };
        let name: String = called
            .chars()
            .map(fitting)
            .take(*SESSION_NAME_LENGTH.end())
            .collect();
        match is_session_name(&name) {
            true => name,
            false => format!("person-{name}"),
        }
    }
}

fn is_session_name(name: &str) -> bool {
    SESSION_NAME_LENGTH.contains(&name.len()) && name.chars().all(in_session_name)
}

fn in_session_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 3] = [
        (ISSUER, "https://id.example.com"),
        (CLIENT_ID, "usher"),
        (ROLE_ARN, "arn:aws:iam::000000000000:role/people"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<Settings, SignInError> {
        let pairs = GOOD.iter().chain(changes);
        let written = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Settings::read("work", &written.collect(), &Said::default())
    }

    fn refusal(changes: &[(&str, &str)]) -> String {
        let error = read(changes).unwrap_err();
        format!("{error}; {}", error.hint().unwrap_or_default())
    }

    #[test]
    fn a_key_that_is_no_setting_is_refused_and_the_known_ones_are_named() {
        let told = refusal(&[("usher_isuer", "x")]);
        assert!(told.contains("work has `usher_isuer`"), "{told}");
        assert!(told.contains("usher_issuer, usher_client_id"), "{told}");
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named() {
        for (change, part) in [
            ((ISSUER, ""), "has no usher_issuer"),
            ((CLIENT_ID, ""), "has no usher_client_id"),
            ((ROLE_ARN, ""), "has no usher_role_arn"),
            ((ROLE_ARN, "people"), "must be the ARN of a role"),
            ((SCOPES, "profile"), "`openid` must be among"),
            ((SESSION_NAME, "a b"), "2 to 64 letters"),
            ((SESSION_NAME, "a"), "2 to 64 letters"),
        ] {
            let told = refusal(&[change]);
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn keys_of_other_tools_are_left_alone() {
        let settings = read(&[("region", "usher-1"), ("require_encryption", "true")]).unwrap();
        assert_eq!(settings.client.scopes, ["openid", "offline_access"]);
    }

    #[test]
    fn a_role_session_bears_the_configured_name_else_the_persons() {
        let token = |subject: &str, name: Option<&str>| IdToken {
            text: "".into(),
            subject: subject.to_owned(),
            name: name.map(str::to_owned),
        };
        let by_person = read(&[]).unwrap();
        assert_eq!(
            by_person.session_name(&token("1", Some("alice@example.com"))),
            "alice@example.com"
        );
        assert_eq!(
            by_person.session_name(&token("auth0|7 é", None)),
            "auth0-7--"
        );
        assert_eq!(by_person.session_name(&token("7", None)), "person-7");
        assert_eq!(
            by_person.session_name(&token(&"x".repeat(99), None)).len(),
            64
        );
        let fixed = read(&[(SESSION_NAME, "laptop")]).unwrap();
        assert_eq!(fixed.session_name(&token("1", Some("alice"))), "laptop");
    }
}
