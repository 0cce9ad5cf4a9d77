//! The principal behind a call, as policy, Run As and the audit trail see it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use usher_policy::Tags;
use usher_wire::ids::{NodeId, SessionId};

use super::{Bearer, Scope, SessionPolicies};
use crate::error::{ApiError, Code};

/// The id of the role of all nodes, `service-role/UsherManagedNode`, which comes with the database.
pub(crate) const NODE_ROLE_ID: &str = "AROAUSHERMANAGEDNODE";

/// What kind of principal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody signed; only operations whose input carries its own authority see this.
    Anonymous,
    /// An IAM user, by its id (`AIDA…`).
    User {
        /// The id, which no later user of that name shares.
        user_id: String,
        /// When the keys were given out, milliseconds, if they are temporary: from GetSessionToken.
        issued: Option<i64>,
    },
    /// Somebody who assumed a role, by the temporary keys of that.
    AssumedRole(RoleSession),
    /// A managed node, by its registration key or by its temporary keys.
    Node(NodeScope),
}

/// A role as somebody has assumed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleSession {
    /// `AROA…`
    pub(crate) role_id: String,
    /// `arn:aws:iam::…:role/…`
    pub(crate) role_arn: String,
    /// Keys of the session tags that a further role takes over and nobody overrides.
    pub(crate) transitive: Vec<String>,
    /// When the keys were given out, milliseconds.
    pub(crate) issued: i64,
    /// What limits it beside the role's own policies.
    pub(crate) policies: Option<SessionPolicies>,
    /// Who it was at the beginning, as that was said then; no further role changes it.
    pub(crate) source_identity: Option<String>,
}

/// How a call reached us, as policies may ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// From where; behind a trusted proxy, what the proxy says.
    pub(crate) source: Option<IpAddr>,
    /// Whether over TLS.
    pub(crate) over_tls: bool,
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
    /// `aws:userid`: `AIDA…`, or `AROA…:name` of a role session.
    pub(crate) user_id: String,
    /// The originating identity, which resume and reattach compare: the IAM user's id, or the identity provider and the
    /// subject for whom it vouched, through every role in between.
    /// The names of a role session are chosen by whoever assumes the role and identify nobody.
    pub(crate) origin: String,
    /// What its session ids begin with: the user's name, or the role session's.
    pub(crate) name: String,
    /// Tags of the IAM user or role.
    pub(crate) tags: Tags,
    /// Tags of this role session alone.
    pub(crate) session_tags: Tags,
    /// How this call came.
    pub(crate) arrival: Arrival,
    /// The same as the database remembers it; none for nodes and for nobody.
    pub(crate) bearer: Option<Bearer>,
}

impl Caller {
    /// The caller of an operation that asks nobody who they are.
    pub(crate) fn anonymous() -> Self {
        Self {
            who: Who::Anonymous,
            arn: "anonymous".to_owned(),
            user_id: "anonymous".to_owned(),
            origin: "anonymous".to_owned(),
            name: "anonymous".to_owned(),
            tags: Tags::default(),
            session_tags: Tags::default(),
            arrival: Arrival::default(),
            bearer: None,
        }
    }

    /// A node, acting with its role as AWS shows it: an assumed role whose session is the node.
    pub(super) fn node(scope: Scope<'_>, acts_as: NodeScope, role: &str) -> Self {
        let node = acts_as.node.to_string();
        let role = role.rsplit('/').next().unwrap_or(role);
        Self {
            arn: scope.assumed_role(role, &node),
            user_id: format!("{NODE_ROLE_ID}:{node}"),
            origin: format!("{NODE_ROLE_ID}:{node}"),
            name: node,
            who: Who::Node(acts_as),
            tags: Tags::default(),
            session_tags: Tags::default(),
            arrival: Arrival::default(),
            bearer: None,
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
