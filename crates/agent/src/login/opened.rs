//! A login that is open for an account: what PAM set up, the limits, the environment, the cgroup, and their end.
//!
//! Owns that whatever was opened is closed by this process, in the reverse order, and that nothing of the agent's own
//! standing (umask, priority, limits, memory protection) is handed to the person. As an ordinary user nothing is opened.

use std::ffi::CStr;
use std::path::Path;

use usher_sys::{Account, Cgroup, Limits, LoginRecord, PamError, PamSession, Pty, Surroundings};
use usher_wire::ids::{NodeId, SessionId};

use super::check::Refusal;
use super::environment_file;
use super::permit::Permit;
use crate::config::{NodePolicy, PamRule};
use crate::port_rules::PortRule;

/// The name of our rules in `/etc/pam.d`.
const SERVICE: &CStr = c"usher";

/// What rules know the origin by, as sshd says `ssh`: the terminal is opened later.
const TERMINAL: &CStr = c"usher";

/// Where variables for every login stand, and where PAM is not asked nobody else reads them.
const ENVIRONMENT: &str = "/etc/environment";

/// A module that does not end a session within this many seconds ends with the process.
const CLOSE_SECONDS: u32 = 10;

/// What surrounds the processes of one login.
#[derive(Debug)]
pub(super) struct OpenedLogin {
    permit: Permit,
    session: SessionId,
    pam: Option<PamSession>,
    limits: Option<Limits>,
    environment: Vec<(String, String)>,
    notices: String,
    cgroup: Option<Cgroup>,
    record: Option<LoginRecord>,
    ports: Vec<PortRule>,
    deny_ports: Vec<PortRule>,
}

impl OpenedLogin {
    /// Opens what a login needs before its terminal; a refusal leaves nothing open.
    pub(super) fn open(
        permit: Permit,
        session: &SessionId,
        node: &NodeId,
        policy: &NodePolicy,
    ) -> Result<Self, Refusal> {
        let mut opened = Self {
            permit,
            session: session.clone(),
            pam: None,
            limits: None,
            environment: Vec::new(),
            notices: String::new(),
            cgroup: None,
            record: None,
            ports: policy.ports.clone(),
            deny_ports: policy.deny_ports.clone(),
        };
        usher_sys::reset_umask();
        if !usher_sys::running_as_root() {
            return Ok(opened);
        }
        if let Err(error) = usher_sys::set_audit_user(opened.account().uid()) {
            tracing::warn!(%session, "the kernel's audit keeps another login uid: {error}");
        }
        if let Err(error) = usher_sys::set_usual_priority() {
            tracing::warn!(%session, "the agent's own priority is handed on: {error}");
        }
        match opened.ask_pam(policy) {
            Ok(()) => {}
            Err(PamError::Refused { step, reason }) => {
                return Err(Refusal::Pam {
                    user: opened.account().name().to_owned(),
                    node: node.clone(),
                    step,
                    reason,
                });
            }
            Err(PamError::NoLibrary) => return Err(Refusal::NoPam(node.clone())),
        }
        opened.cgroup = cgroup(session);
        Ok(opened)
    }

    fn ask_pam(&mut self, policy: &NodePolicy) -> Result<(), PamError> {
        let session = &self.session;
        let knows = usher_sys::pam_knows(SERVICE);
        match (policy.pam, knows) {
            (PamRule::Off, _) => {}
            (PamRule::Require, false) => return Err(PamError::NoLibrary),
            (PamRule::Auto, false) => tracing::warn!(
                %session,
                "there is no /etc/pam.d/usher: account expiry, access rules and limits of this node are not applied"
            ),
            (PamRule::Auto | PamRule::Require, true) => {
                let own = Limits::current();
                match PamSession::open(SERVICE, &self.permit.account, TERMINAL) {
                    Ok(pam) => {
                        self.limits = Some(Limits::current());
                        own.restore();
                        self.environment = pam.environment();
                        self.notices = pam.notices();
                        self.pam = Some(pam);
                        return Ok(());
                    }
                    Err(PamError::NoLibrary) if policy.pam == PamRule::Auto => {
                        own.restore();
                        tracing::warn!(%session, "libpam cannot be loaded, so PAM is not asked");
                    }
                    Err(refused) => return Err(refused),
                }
            }
        }
        let file = std::fs::read_to_string(Path::new(ENVIRONMENT)).unwrap_or_default();
        self.environment = environment_file::variables(&file);
        Ok(())
    }

    pub(super) fn account(&self) -> &Account {
        &self.permit.account
    }

    /// What it was granted for.
    pub(super) fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Where its connections may lead, and where not.
    pub(super) fn port_rules(&self) -> (&[PortRule], &[PortRule]) {
        (&self.ports, &self.deny_ports)
    }

    /// What is set for every login of this node, by PAM or by `/etc/environment`.
    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Where the session's processes are, for who has to kill them after us.
    pub(super) fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref()
    }

    /// What its processes are born into.
    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            limits: self.limits.as_ref(),
            cgroup: self.cgroup.as_ref(),
        }
    }

    /// Shows on `pty`, before anything runs there, what PAM has to tell.
    pub(super) fn greet(&self, pty: &Pty) {
        if let Err(error) = pty.show(&self.notices) {
            tracing::warn!(session = %self.session, "PAM's notices were not shown: {error}");
        }
    }

    /// Makes the entry in utmp for a program that runs on `pty`.
    pub(super) fn record(&mut self, pty: &Pty) {
        if usher_sys::running_as_root() {
            self.record = LoginRecord::enter(self.account(), pty, self.session.as_str())
                .inspect_err(|error| tracing::warn!("no entry is made in utmp: {error}"))
                .ok();
        }
    }

    /// Ends utmp's entry and PAM's session. Call it when no process of the login is left.
    pub(super) fn close(&mut self) {
        if let Some(record) = self.record.take() {
            record.leave();
        }
        if let Some(cgroup) = self.cgroup.take()
            && let Err(error) = cgroup.remove()
        {
            tracing::warn!(session = %self.session, "the session's cgroup stays: {error}");
        }
        if let Some(pam) = self.pam.take() {
            usher_sys::deadline(CLOSE_SECONDS);
            if let Err(error) = pam.close() {
                tracing::warn!(session = %self.session, "the session was not closed cleanly: {error}");
            }
            usher_sys::deadline(0);
        }
    }
}

impl Drop for OpenedLogin {
    fn drop(&mut self) {
        self.close();
    }
}

/// Below the cgroup that PAM left us in: logind's scope, or the agent's own.
fn cgroup(session: &SessionId) -> Option<Cgroup> {
    // With our own number: agents that share a cgroup may serve sessions of one name.
    match Cgroup::make(&format!("usher-{session}-{}", std::process::id())) {
        Ok(None) => {
            tracing::debug!(%session, "no cgroups of version 2 here: the process tree has to do");
            None
        }
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(%session, "no cgroup for the session, the process tree has to do: {error}");
            None
        }
    }
}
