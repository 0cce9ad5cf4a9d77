//! The node's own rules on who may be logged in, judged by a pure function with a reason.
//!
//! The service has decided already; these rules bound what a hostile or mistaken service can ask
//! for. They may only refuse.

use std::path::{Path, PathBuf};

use crate::config::{NodePolicy, SsmUserRule};
use crate::identities::{CONTROL_ACCOUNT, SESSION_ACCOUNT};

/// The kernel's overflow uid, what 16 bits leave of it, and macOS's nobody: none of them is a person.
const NOBODY: [u32; 3] = [65_534, 65_535, u32::MAX - 1];

/// Shells that say that nobody is to log in.
const NO_SHELLS: [&str; 2] = ["nologin", "false"];

/// Why the node refuses an OS user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyRefusal {
    #[error("the OS user {0} is a service account of the agent")]
    ServiceAccount(String),
    #[error("the OS user {0} is on the `deny` list of the node's agent.toml")]
    Denied(String),
    #[error("the OS user {0} is not on the `allow` list of the node's agent.toml")]
    NotAllowed(String),
    #[error("the OS user {user} has uid {uid}, below `min_uid` {least} of the node's agent.toml")]
    UidTooLow { user: String, uid: u32, least: u32 },
    #[error("the OS user {0} stands for nobody: files and processes without an owner have its uid")]
    Nobody(String),
    #[error("the OS user {user} has the login shell {}, which lets nobody in", shell.display())]
    NoLoginShell { user: String, shell: PathBuf },
    #[error(
        "the OS user {user} is a member of {group}, which `deny_groups` of the node's agent.toml lists"
    )]
    DeniedGroup { user: String, group: String },
    #[error(
        "this session needs ssm-user, which `ssm_user = \"deny\"` of the node's agent.toml forbids; \
         turn on Run As and name an OS user"
    )]
    SsmUserDenied,
}

/// Judges a name before anything is looked up.
pub(crate) fn judge_name(policy: &NodePolicy, name: &str) -> Result<(), PolicyRefusal> {
    if name == CONTROL_ACCOUNT || name == SESSION_ACCOUNT {
        return Err(PolicyRefusal::ServiceAccount(name.to_owned()));
    }
    if policy.deny.iter().any(|denied| denied == name) {
        return Err(PolicyRefusal::Denied(name.to_owned()));
    }
    if !policy.allow.is_empty() && policy.allow.iter().all(|allowed| allowed != name) {
        return Err(PolicyRefusal::NotAllowed(name.to_owned()));
    }
    Ok(())
}

/// Judges whether sessions without Run As are served at all.
pub(crate) fn judge_ssm_user(policy: &NodePolicy) -> Result<(), PolicyRefusal> {
    match policy.ssm_user {
        SsmUserRule::Create | SsmUserRule::Existing => Ok(()),
        SsmUserRule::Deny => Err(PolicyRefusal::SsmUserDenied),
    }
}

/// What the account database says about an account.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) name: &'a str,
    pub(crate) uid: u32,
    /// Whether the uid is one our own workers run as.
    pub(crate) runs_a_worker: bool,
    /// Which of the policy's `deny_groups` it is a member of.
    pub(crate) denied_groups: &'a [String],
    /// Its login shell. One that lets nobody in says so to a person; a command would get around it.
    pub(crate) shell: &'a Path,
}

/// Judges an account that exists.
pub(crate) fn judge_account(policy: &NodePolicy, facts: &Facts<'_>) -> Result<(), PolicyRefusal> {
    let user = facts.name.to_owned();
    if facts.runs_a_worker {
        return Err(PolicyRefusal::ServiceAccount(user));
    }
    if facts.uid < policy.min_uid {
        return Err(PolicyRefusal::UidTooLow {
            user,
            uid: facts.uid,
            least: policy.min_uid,
        });
    }
    if NOBODY.contains(&facts.uid) {
        return Err(PolicyRefusal::Nobody(user));
    }
    let shell = facts.shell.file_name().and_then(|name| name.to_str());
    if shell.is_some_and(|shell| NO_SHELLS.contains(&shell)) {
        let shell = facts.shell.to_owned();
        return Err(PolicyRefusal::NoLoginShell { user, shell });
    }
    if let Some(group) = facts.denied_groups.first() {
        return Err(PolicyRefusal::DeniedGroup {
            user,
            group: group.clone(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow: &[&str], deny: &[&str]) -> NodePolicy {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        NodePolicy {
            allow: owned(allow),
            deny: owned(deny),
            min_uid: 1000,
            ..NodePolicy::default()
        }
    }

    fn alice(uid: u32, denied_groups: &[String]) -> Facts<'_> {
        Facts {
            name: "alice",
            uid,
            runs_a_worker: false,
            denied_groups,
            shell: Path::new("/bin/bash"),
        }
    }

    #[test]
    fn names_are_refused_by_the_rule_that_says_so() {
        let refusals = [
            (policy(&[], &[]), "usher-agent", "service account"),
            (policy(&[], &[]), "usher-session", "service account"),
            (policy(&[], &["alice"]), "alice", "`deny`"),
            (policy(&["alice"], &["alice"]), "alice", "`deny`"),
            (policy(&["bob"], &[]), "alice", "`allow`"),
            (policy(&["Alice"], &[]), "alice", "`allow`"),
        ];
        for (policy, name, rule) in refusals {
            let sentence = judge_name(&policy, name).unwrap_err().to_string();
            assert!(sentence.contains(rule), "{name}: {sentence}");
        }
    }

    #[test]
    fn accounts_are_refused_by_the_rule_that_says_so() {
        let wheel = ["wheel".to_owned()];
        let worker = Facts {
            runs_a_worker: true,
            ..alice(61_184, &[])
        };
        let closed = |shell| Facts {
            shell: Path::new(shell),
            ..alice(1000, &[])
        };
        let refusals = [
            (closed("/usr/sbin/nologin"), "/usr/sbin/nologin"),
            (closed("/bin/false"), "lets nobody in"),
            (alice(65_534, &[]), "nobody"),
            (alice(65_535, &[]), "nobody"),
            (alice(u32::MAX - 1, &[]), "nobody"),
            (worker, "service account"),
            (alice(999, &[]), "`min_uid` 1000"),
            (alice(1000, &wheel), "member of wheel"),
        ];
        for (facts, rule) in refusals {
            let refusal = judge_account(&policy(&[], &[]), &facts).unwrap_err();
            assert!(refusal.to_string().contains(rule), "{refusal}");
        }
    }

    #[test]
    fn sessions_without_run_as_can_be_closed_off() {
        for (rule, served) in [
            (SsmUserRule::Deny, false),
            (SsmUserRule::Existing, true),
            (SsmUserRule::Create, true),
        ] {
            let policy = NodePolicy {
                ssm_user: rule,
                ..NodePolicy::default()
            };
            assert_eq!(judge_ssm_user(&policy).is_ok(), served, "{rule:?}");
        }
    }

    #[test]
    fn whom_no_rule_refuses_is_let_through() {
        assert_eq!(judge_name(&policy(&[], &[]), "alice"), Ok(()));
        assert_eq!(judge_name(&policy(&["alice"], &["bob"]), "alice"), Ok(()));
        assert_eq!(judge_account(&policy(&[], &[]), &alice(1000, &[])), Ok(()));
    }
}
