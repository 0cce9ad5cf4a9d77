//! From a grant to an account, or to a sentence that says why not.
//!
//! The order is fixed: the grant, the node's rules on names, the account database, the node's rules
//! on accounts. Nothing runs as anybody here and no uid changes, so a refused session leaves no
//! trace but its spent grant.

use std::path::Path;

use usher_sys::{Account, AccountError, PamStep, Uid};
use usher_wire::grant::GrantedLogin;
use usher_wire::ids::{NodeId, OsUserName, SessionId};

use super::grant::{Expected, GrantRefusal, SpentGrants, redeem};
use super::permit::Permit;
use super::policy::{Facts, PolicyRefusal, judge_account, judge_name, judge_ssm_user};
use super::ssm_user::{SsmUserError, ensure, find};
use crate::config::{Config, NodePolicy};
use crate::identities::Identities;
use crate::journal::Journal;

/// Why nobody is logged in. Each is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("The login was refused: {0}.")]
    Grant(#[from] GrantRefusal),
    #[error("The login was refused on {node}: {reason}.")]
    Policy { node: NodeId, reason: PolicyRefusal },
    #[error(
        "The OS user {user} does not exist on {node}. Create the account there, or name another OS user in the \
         SSMSessionRunAs tag or in the preferences."
    )]
    Missing { user: OsUserName, node: NodeId },
    #[error(
        "The OS user {user} has uid 0 on {node}, and root is never allowed. Name another OS user."
    )]
    UidZero { user: OsUserName, node: NodeId },
    #[error("What was asked about on {0} is not a valid OS user name.")]
    NotAName(NodeId),
    #[error("The OS user {user} cannot be used on {node}: {reason}.")]
    Account {
        user: OsUserName,
        node: NodeId,
        reason: AccountError,
    },
    #[error(
        "The OS user {user} may not log in on {node}: PAM's {step} step for the service usher says: {reason}."
    )]
    Pam {
        user: String,
        node: NodeId,
        step: PamStep,
        reason: String,
    },
    #[error(
        "Nobody can log in on {0}: `pam = \"require\"` of its agent.toml asks for PAM, and libpam or /etc/pam.d/usher is \
         not there. `usher-agent install` makes the file."
    )]
    NoPam(NodeId),
    #[error("The session could not start on {node}: {reason}.")]
    SsmUser { node: NodeId, reason: SsmUserError },
    #[error(
        "The agent on {node} runs as {own} and not as root, so it can serve no other OS user than {own}; {asked} was \
         asked for. Run the agent as root, or name {own}."
    )]
    NotOwnUser {
        node: NodeId,
        own: String,
        asked: OsUserName,
    },
    #[error(
        "The agent on {node} does not run as root, so it cannot serve sessions without Run As, which need ssm-user. \
         Run the agent as root, or turn on Run As and name the OS user {own}."
    )]
    NoSsmUser { node: NodeId, own: String },
}

/// What the check is made with.
#[derive(Debug)]
pub(crate) struct Checker<'a> {
    pub(crate) config: &'a Config,
    pub(crate) grant_key: &'a usher_wire::grant::GrantPublicKey,
    pub(crate) node: &'a NodeId,
    pub(crate) identities: Option<Identities>,
    /// The name of the ordinary user this agent runs as; `None` for root.
    pub(crate) own_user: Option<&'a str>,
}

impl Checker<'_> {
    /// Redeems the grant and finds the account it is for.
    pub(crate) fn check(
        &self,
        session: &SessionId,
        grant: &[u8],
        spent: &SpentGrants,
        now_ms: u64,
    ) -> Result<Permit, Refusal> {
        let expected = Expected {
            key: self.grant_key,
            node: self.node,
            session,
            now_ms,
        };
        let grant = redeem(grant, expected, spent)?;
        let account = match &grant.login {
            GrantedLogin::OsUser(user) => self.named(user)?,
            GrantedLogin::SsmUser => self.ssm_user(ensure)?,
        };
        self.judge(&account)?;
        Ok(Permit::new(account, &grant))
    }

    /// Whether the OS user, or the account of sessions without Run As, would be let in now. Nothing is made for it.
    pub(crate) fn explain(&self, user: Option<&str>) -> Result<(), Refusal> {
        let account = match user {
            Some(user) => {
                let user = OsUserName::parse(user).map_err(|_| self.not_a_name())?;
                Some(self.named(&user)?)
            }
            None => self.ssm_user(find)?,
        };
        account.map_or(Ok(()), |account| self.judge(&account))
    }

    fn not_a_name(&self) -> Refusal {
        Refusal::NotAName(self.node.clone())
    }

    fn named(&self, user: &OsUserName) -> Result<Account, Refusal> {
        if let Some(own) = self.own_user
            && own != user.as_str()
        {
            return Err(Refusal::NotOwnUser {
                node: self.node.clone(),
                own: own.to_owned(),
                asked: user.clone(),
            });
        }
        judge_name(&self.config.policy, user.as_str()).map_err(|reason| self.policy(reason))?;
        let (user, node) = (user.clone(), self.node.clone());
        Account::lookup(user.as_str()).map_err(|reason| match reason {
            AccountError::Missing => Refusal::Missing { user, node },
            AccountError::UidZero => Refusal::UidZero { user, node },
            reason => Refusal::Account { user, node, reason },
        })
    }

    /// The account of sessions without Run As, as `get` gets it.
    fn ssm_user<T>(
        &self,
        get: impl FnOnce(&NodePolicy, &Path, &Journal) -> Result<T, SsmUserError>,
    ) -> Result<T, Refusal> {
        let node = self.node.clone();
        if let Some(own) = self.own_user {
            let own = own.to_owned();
            return Err(Refusal::NoSsmUser { node, own });
        }
        judge_ssm_user(&self.config.policy).map_err(|reason| self.policy(reason))?;
        let journal = Journal::new(self.config.journal.as_deref());
        get(&self.config.policy, &self.config.run_dir, &journal)
            .map_err(|reason| Refusal::SsmUser { node, reason })
    }

    fn judge(&self, account: &Account) -> Result<(), Refusal> {
        let mut denied_groups = Vec::new();
        for group in &self.config.policy.deny_groups {
            let member = account
                .is_member_of(group)
                .map_err(|reason| self.unusable(account, reason))?;
            if member {
                denied_groups.push(group.clone());
            }
        }
        let facts = Facts {
            name: account.name(),
            uid: account.uid().as_raw(),
            runs_a_worker: self.runs_a_worker(account.uid()),
            denied_groups: &denied_groups,
            shell: account.shell(),
        };
        judge_account(&self.config.policy, &facts).map_err(|reason| self.policy(reason))
    }

    fn runs_a_worker(&self, uid: Uid) -> bool {
        self.identities
            .as_ref()
            .is_some_and(|identities| identities.include(uid))
    }

    fn unusable(&self, account: &Account, reason: AccountError) -> Refusal {
        let node = self.node.clone();
        match OsUserName::parse(account.name()) {
            Ok(user) => Refusal::Account { user, node, reason },
            Err(_) => Refusal::SsmUser {
                node,
                reason: SsmUserError::Unusable(reason),
            },
        }
    }

    fn policy(&self, reason: PolicyRefusal) -> Refusal {
        let node = self.node.clone();
        Refusal::Policy { node, reason }
    }
}

#[cfg(test)]
mod hostile_names;
