//! The principal behind a call, as policy, Run As and the audit trail see it.

use usher_policy::Tags;
use usher_wire::ids::{NodeId, SessionId};

use super::Scope;
use crate::error::{ApiError, Code};

/// The id of the one role there is, in the form of AWS's role ids: all nodes have the role
/// `service-role/UsherManagedNode`.
const NODE_ROLE_ID: &str = "AROAUSHERMANAGEDNODE";

/// What kind of principal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody signed; only operations whose input carries its own authority see this.
    Anonymous,
    /// An IAM user, by its id (`AIDA…`).
    User {
        /// The id, which no later user of that name shares.
        user_id: String,
    },
    /// A managed node, by its registration key or by its temporary keys.
    Node(NodeScope),
}

/// As what a node's credentials act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeScope {
    /// The node.
    pub(crate) node: NodeId,
    /// The one session the keys are for; none: the node itself.
    pub(crate) session: Option<SessionId>,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The kind.
    pub(crate) who: Who,
    /// `arn:aws:iam::…:user/alice`.
    pub(crate) arn: String,
    /// `aws:userid`; also the originating identity that resume and reattach compare.
    pub(crate) user_id: String,
    /// What its session ids begin with: the user's name.
    pub(crate) name: String,
    /// Tags of the IAM user or role.
    pub(crate) tags: Tags,
    /// Tags of this login alone.
    pub(crate) session_tags: Tags,
}

impl Caller {
    /// The caller of an operation that asks nobody who they are.
    pub(crate) fn anonymous() -> Self {
        Self {
            who: Who::Anonymous,
            arn: "anonymous".to_owned(),
            user_id: "anonymous".to_owned(),
            name: "anonymous".to_owned(),
            tags: Tags::default(),
            session_tags: Tags::default(),
        }
    }

    /// A node, acting with its role as AWS shows it: an assumed role whose session is the node.
    pub(super) fn node(scope: Scope<'_>, acts_as: NodeScope, role: &str) -> Self {
        let node = acts_as.node.to_string();
        let role = role.rsplit('/').next().unwrap_or(role);
        Self {
            arn: format!("arn:aws:sts::{}:assumed-role/{role}/{node}", scope.account),
            user_id: format!("{NODE_ROLE_ID}:{node}"),
            name: node,
            who: Who::Node(acts_as),
            tags: Tags::default(),
            session_tags: Tags::default(),
        }
    }

    /// The node, if these credentials act as a whole node.
    pub(crate) fn whole_node(&self) -> Result<&NodeId, ApiError> {
        match &self.who {
            Who::Node(NodeScope {
                node,
                session: None,
            }) => Ok(node),
            _ => Err(ApiError::new(
                Code::AccessDenied,
                format!(
                    "{} is not a managed node: this operation is for a node about itself",
                    self.arn
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use usher_wire::ids::AccountId;

    use super::*;

    #[test]
    fn keys_of_one_session_do_not_act_as_the_whole_node() {
        let account = AccountId::parse("000000000000").unwrap();
        let scope = Scope {
            account: &account,
            region: "usher-1",
        };
        let node = NodeId::parse("mi-0123456789abcdef0").unwrap();
        let of = |session: Option<&str>| {
            let acts_as = NodeScope {
                node: node.clone(),
                session: session.map(|id| SessionId::parse(id).unwrap()),
            };
            Caller::node(scope, acts_as, "service-role/UsherManagedNode")
        };
        assert_eq!(
            of(Some("alice-0123456789abcdef0"))
                .whole_node()
                .map_err(|error| error.code()),
            Err(Code::AccessDenied)
        );
        assert!(Caller::anonymous().whole_node().is_err());
        assert_eq!(of(None).whole_node(), Ok(&node));
    }
}
