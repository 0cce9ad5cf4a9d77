//! Run As: which OS user a session gets, or why it gets none.
//!
//! Owns the rule whole. First the tag `SSMSessionRunAs`, a session tag replacing the principal's before it is judged;
//! else the default user; else refusal. What is named but unusable refuses and never falls through to the next source,
//! because the next source may be a more powerful account. Whether the account exists is for the node to find out.
//! Before changing this file run `cargo test -p usher-policy --test it run_as`.

use std::fmt;

use usher_wire::ids::OsUserName;

use crate::{Preferences, RUN_AS_TAG, RunAsInputs, Tags};

/// Usher's own accounts on a node, which no session may use.
const SERVICE_ACCOUNTS: [&str; 2] = ["usher-agent", "usher-session"];

/// Longest piece of a refused name that is repeated to the person, in characters.
const SHOWN_CHARACTERS: usize = 64;

/// The rule that decided, for history and audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAsRule {
    /// Run As is off in the preferences and in the document.
    Off,
    /// The tag on the IAM user or role.
    PrincipalTag,
    /// The tag passed with the session, which replaces the role's.
    SessionTag,
    /// The default user of the account's preferences.
    PreferencesDefault,
    /// The default user of the session document, which counts where the preferences leave Run As off.
    DocumentDefault,
    /// Run As is on, and neither a tag nor a default user is there.
    NothingNamed,
}

impl RunAsRule {
    /// The word in audit records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::PrincipalTag => "principal-tag",
            Self::SessionTag => "session-tag",
            Self::PreferencesDefault => "preferences-default",
            Self::DocumentDefault => "document-default",
            Self::NothingNamed => "nothing-named",
        }
    }

    /// Where the name stands, as the subject of a sentence.
    fn source(self) -> String {
        match self {
            Self::PrincipalTag => format!("The tag {RUN_AS_TAG} on the IAM user or role"),
            Self::SessionTag => format!("The session tag {RUN_AS_TAG}"),
            Self::PreferencesDefault => {
                "The operating system user name in the Session Manager preferences".to_owned()
            }
            Self::DocumentDefault => "The runAsDefaultUser of the session document".to_owned(),
            Self::Off | Self::NothingNamed => "Run As".to_owned(),
        }
    }
}

impl fmt::Display for RunAsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a session may only be started as this decision says"]
pub enum RunAs {
    /// Run As is off: the node's `ssm-user`.
    Off,
    /// This OS user and no other.
    As(RunAsUser),
    /// No session. There is no fall-back to `ssm-user`.
    Refused(RunAsRefusal),
}

impl RunAs {
    /// The rule that decided.
    #[must_use]
    pub fn rule(&self) -> RunAsRule {
        match self {
            Self::Off => RunAsRule::Off,
            Self::As(user) => user.rule,
            Self::Refused(refusal) => refusal.rule(),
        }
    }
}

/// An OS user chosen by [`resolve_run_as`], which is its only maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAsUser {
    name: OsUserName,
    rule: RunAsRule,
}

impl RunAsUser {
    /// The name to look up on the node.
    #[must_use]
    pub fn name(&self) -> &OsUserName {
        &self.name
    }

    /// Where the name came from.
    #[must_use]
    pub fn rule(&self) -> RunAsRule {
        self.rule
    }
}

/// Why no session may start. `Display` is the sentence for the person: cause, subject, remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunAsRefusal {
    /// Run As is on and there is nothing to go by.
    #[error(
        "Run As is on, but this session names no OS user: the caller has no tag {RUN_AS_TAG} and there is no default \
         user. Tag the IAM user or role with {RUN_AS_TAG}, or set an operating system user name in the Session Manager \
         preferences."
    )]
    NothingNamed,
    /// An empty, blank or malformed value.
    #[error(
        "{} is {value}, which is not a valid OS user name. Set it to the exact name of an account on the node.",
        rule.source()
    )]
    InvalidName {
        /// Where it stands.
        rule: RunAsRule,
        /// The value, shortened and escaped.
        value: RefusedName,
    },
    /// The name `root`.
    #[error("{} is root, and root is never allowed. Set it to another account on the node.", rule.source())]
    Root {
        /// Where it stands.
        rule: RunAsRule,
    },
    /// An account of Usher itself.
    #[error("{} is {name}, an account Usher itself runs as and no session may use. Set it to another account on the node.", rule.source())]
    ReservedName {
        /// Where it stands.
        rule: RunAsRule,
        /// The account.
        name: OsUserName,
    },
}

impl RunAsRefusal {
    /// The rule whose value was refused.
    #[must_use]
    pub fn rule(&self) -> RunAsRule {
        match self {
            Self::NothingNamed => RunAsRule::NothingNamed,
            Self::InvalidName { rule, .. }
            | Self::Root { rule }
            | Self::ReservedName { rule, .. } => *rule,
        }
    }
}

/// A refused value, made safe to show: it may hold control or bidirectional characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedName(String);

impl RefusedName {
    fn of(value: &str) -> Self {
        if value.is_empty() {
            return Self("empty".to_owned());
        }
        let shown: String = value
            .chars()
            .take(SHOWN_CHARACTERS)
            .flat_map(char::escape_default)
            .collect();
        let more = if value.chars().nth(SHOWN_CHARACTERS).is_some() {
            "…"
        } else {
            ""
        };
        Self(format!("\"{shown}{more}\""))
    }
}

impl fmt::Display for RefusedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decides the OS user of a session.
///
/// `document` is what the named session document says of its own, if it says anything. `reserved` are names refused
/// beside `root` and Usher's service accounts, such as the account the server runs as.
pub fn resolve_run_as(
    principal_tags: &Tags,
    session_tags: &Tags,
    preferences: &Preferences,
    document: Option<&RunAsInputs>,
    reserved: &[String],
) -> RunAs {
    // Preferences that turn Run As on are a floor: the document's default user is not even looked at.
    let (default_user, default_rule) = if preferences.inputs().run_as.enabled {
        (
            &preferences.inputs().run_as.default_user,
            RunAsRule::PreferencesDefault,
        )
    } else if let Some(document) = document.filter(|document| document.enabled) {
        (&document.default_user, RunAsRule::DocumentDefault)
    } else {
        return RunAs::Off;
    };

    if let Some(value) = session_tags.value(RUN_AS_TAG) {
        judge(value, RunAsRule::SessionTag, reserved)
    } else if let Some(value) = principal_tags.value(RUN_AS_TAG) {
        judge(value, RunAsRule::PrincipalTag, reserved)
    } else if default_user.is_empty() {
        RunAs::Refused(RunAsRefusal::NothingNamed)
    } else {
        judge(default_user, default_rule, reserved)
    }
}

/// A value that is present decides, for better or worse.
fn judge(value: &str, rule: RunAsRule, reserved: &[String]) -> RunAs {
    let Ok(name) = OsUserName::parse(value) else {
        return RunAs::Refused(RunAsRefusal::InvalidName {
            rule,
            value: RefusedName::of(value),
        });
    };
    if name.is_root() {
        return RunAs::Refused(RunAsRefusal::Root { rule });
    }
    if SERVICE_ACCOUNTS.contains(&name.as_str())
        || reserved.iter().any(|taken| taken == name.as_str())
    {
        return RunAs::Refused(RunAsRefusal::ReservedName { rule, name });
    }
    RunAs::As(RunAsUser { name, rule })
}
