//! As whom the session may run on the node, or why it may not start after all.
//!
//! Run As is decided by the policy room; here its answer meets what only the server knows: documents that ask for
//! root, protections that cannot be kept, and how many sessions there are already. A refusal is a value with a
//! sentence, not an error.

use usher_policy::{RunAs, RunAsRefusal, RunAsRule, RunAsUser, SessionProperties};
use usher_wire::ids::NodeId;

use super::encryption::NoKey;
use super::plan::{Plan, asks_for_root};
use crate::api::Call;
use crate::api::ssm::session::run_as_of_caller;
use crate::delivery::Undeliverable;
use crate::gateway::{SESSIONS_PER_NODE, SESSIONS_PER_OWNER};

/// As whom the session runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::api::ssm) enum Login {
    /// Run As is off: the node's `ssm-user`.
    SsmUser,
    /// Run As is on: this OS user and no other.
    As(RunAsUser),
}

/// Why an allowed session is not started. `Display` is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::api::ssm) enum Refusal {
    /// Run As names nobody who may be used.
    #[error(transparent)]
    RunAs(#[from] RunAsRefusal),
    /// AWS's agent would run it as root, whatever Run As says (agent.md section 0).
    #[error(
        "The session document asks to run as root (runAsElevated), which is never done while Run As is on. \
         Use a document without runAsElevated."
    )]
    Elevated,
    /// It is to be encrypted, and there would be no key.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// A log was asked for that cannot be made.
    #[error(transparent)]
    Log(#[from] Undeliverable),
    /// AWS's agent knows nothing of it.
    #[error(
        "Files are copied by Usher's own agent alone, which {0} does not run. Use scp through usher ssh-proxy."
    )]
    NoCopies(NodeId),
    /// The node has as many sessions as it may have.
    #[error(
        "The node {0} has {SESSIONS_PER_NODE} sessions already, the most it may have. End some of them first."
    )]
    NodeIsFull(NodeId),
    /// The caller has as many sessions as one identity may have.
    #[error(
        "You have {SESSIONS_PER_OWNER} sessions already, the most one identity may have. End some of them first."
    )]
    OwnerHasTooMany,
}

impl Login {
    /// Decides, and says which Run As rule did.
    pub(super) fn decide(
        call: Call<'_>,
        plan: &Plan,
        node: &NodeId,
    ) -> (Result<Self, Refusal>, RunAsRule) {
        let of_document = plan.document.inputs().map(|inputs| &inputs.run_as);
        let run_as = run_as_of_caller(call, &plan.preferences, of_document);
        let rule = run_as.rule();
        let counts = call
            .context
            .gateway
            .count_sessions(node, &call.caller.origin);
        let connected = call.context.gateway.connected_node(node);
        let is_ours = connected.is_some_and(|connected| connected.is_ours);
        let login = Self::as_planned(run_as, plan).and_then(|login| {
            can_serve(node, is_ours, plan.document.properties())?;
            has_room(node, counts)?;
            Ok(login)
        });
        (login, rule)
    }

    /// As whom the planned session would run wherever there is room for it.
    pub(in crate::api::ssm) fn as_planned(run_as: RunAs, plan: &Plan) -> Result<Self, Refusal> {
        judge(run_as, plan.document.properties())
    }

    /// The OS user's name; empty while Run As is off.
    pub(super) fn os_user(&self) -> &str {
        match self {
            Self::SsmUser => "",
            Self::As(user) => user.name().as_str(),
        }
    }
}

fn judge(run_as: RunAs, properties: &SessionProperties) -> Result<Login, Refusal> {
    match run_as {
        RunAs::Refused(refusal) => Err(refusal.into()),
        RunAs::As(_) if asks_for_root(properties) => Err(Refusal::Elevated),
        RunAs::As(user) => Ok(Login::As(user)),
        RunAs::Off => Ok(Login::SsmUser),
    }
}

fn can_serve(node: &NodeId, is_ours: bool, properties: &SessionProperties) -> Result<(), Refusal> {
    if *properties == SessionProperties::Copy && !is_ours {
        return Err(Refusal::NoCopies(node.clone()));
    }
    Ok(())
}

fn has_room(node: &NodeId, (of_node, of_owner): (usize, usize)) -> Result<(), Refusal> {
    if of_node >= SESSIONS_PER_NODE {
        return Err(Refusal::NodeIsFull(node.clone()));
    }
    if of_owner >= SESSIONS_PER_OWNER {
        return Err(Refusal::OwnerHasTooMany);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use usher_policy::{CommandProperties, Platform, Preferences, Tags, resolve_run_as};
    use usher_wire::ids::OsUserName;

    use super::*;

    fn run_as(tag: Option<&str>) -> RunAs {
        let preferences = Preferences::with_default_user(&OsUserName::parse("alice").unwrap());
        let tags = tag
            .map(|value| ("SSMSessionRunAs", value))
            .into_iter()
            .collect();
        resolve_run_as(&tags, &Tags::default(), &preferences, None, &[])
    }

    fn elevated() -> SessionProperties {
        let command = CommandProperties {
            commands: "id".into(),
            run_as_elevated: true,
            ..CommandProperties::default()
        };
        SessionProperties::Commands([(Platform::Linux, command)].into())
    }

    #[test]
    fn a_run_as_refusal_is_the_sessions_refusal() {
        let refused = judge(run_as(Some("root")), &SessionProperties::Shell).unwrap_err();
        assert!(
            refused.to_string().contains("root is never allowed"),
            "{refused}"
        );
    }

    #[test]
    fn a_document_cannot_ask_for_root_while_run_as_is_on() {
        assert_eq!(judge(run_as(None), &elevated()), Err(Refusal::Elevated));
        assert_eq!(judge(RunAs::Off, &elevated()), Ok(Login::SsmUser));
    }

    #[test]
    fn a_node_with_aws_s_agent_is_asked_for_no_copy() {
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        let refused = can_serve(&node, false, &SessionProperties::Copy).unwrap_err();
        assert!(refused.to_string().contains("usher ssh-proxy"), "{refused}");
        assert_eq!(can_serve(&node, true, &SessionProperties::Copy), Ok(()));
        assert_eq!(can_serve(&node, false, &SessionProperties::Shell), Ok(()));
    }

    #[test]
    fn too_many_sessions_are_refused_in_words() {
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        let full = has_room(&node, (SESSIONS_PER_NODE, 0)).unwrap_err();
        assert!(full.to_string().contains("mi-0123456789abcdef0"), "{full}");
        let greedy = has_room(&node, (0, SESSIONS_PER_OWNER));
        assert_eq!(greedy, Err(Refusal::OwnerHasTooMany));
    }

    #[test]
    fn the_resolved_user_is_the_one_that_logs_in() {
        let login = judge(run_as(Some("bob")), &SessionProperties::Shell).unwrap();
        assert_eq!(login.os_user(), "bob");
    }
}
