//! Which node a person means: an id stands for itself, a name must belong to exactly one managed node.

use usher_aws::{Identity, ManagedNode};
use usher_wire::ids::NodeId;

use crate::error::Error;
use crate::reach::Reach;

/// A name that does not lead to one node.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// Nobody has it.
    #[error("no managed node is called `{0}`")]
    Unknown(String),
    /// Several have it.
    #[error("`{name}` names {} managed nodes:\n{}", .candidates.len(), .candidates.join("\n"))]
    Ambiguous {
        /// The name.
        name: String,
        /// One line for each.
        candidates: Vec<String>,
    },
}

/// The id of the node that `text` names. Ids need no call.
pub(crate) async fn resolve(reach: &Reach, text: &str) -> Result<String, Error> {
    if is_id(text) {
        return Ok(text.to_owned());
    }
    let credentials = reach.credentials().await?;
    let nodes = reach.ssm().nodes(Identity::Keys(&credentials)).await?;
    Ok(choose(text, &nodes)?)
}

fn is_id(text: &str) -> bool {
    let instance =
        |digits: &str| digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    NodeId::parse(text).is_ok() || text.strip_prefix("i-").is_some_and(instance)
}

/// Host names are compared as DNS does, and the first label alone will do.
fn choose(name: &str, nodes: &[ManagedNode]) -> Result<String, TargetError> {
    let named = |node: &&ManagedNode| {
        let short = node.computer_name.split('.').next().unwrap_or_default();
        [node.computer_name.as_str(), short, &node.name]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let found: Vec<&ManagedNode> = nodes.iter().filter(named).collect();
    match found.as_slice() {
        [] => Err(TargetError::Unknown(name.to_owned())),
        [node] => Ok(node.instance_id.clone()),
        several => {
            let line = |node: &&ManagedNode| {
                format!(
                    "  {}  {}  {}",
                    node.instance_id, node.computer_name, node.ping_status
                )
            };
            Err(TargetError::Ambiguous {
                name: name.to_owned(),
                candidates: several.iter().map(line).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, computer_name: &str, name: &str) -> ManagedNode {
        serde_json::from_value(serde_json::json!({
            "InstanceId": id, "ComputerName": computer_name, "Name": name, "PingStatus": "Online",
        }))
        .unwrap()
    }

    fn check(name: &str, expected: Result<&str, TargetError>) {
        let nodes = [
            node("mi-1", "web-1.example", ""),
            node("mi-2", "db.example", "primary"),
            node("mi-3", "db.other", ""),
        ];
        assert_eq!(choose(name, &nodes), expected.map(str::to_owned), "{name}");
    }

    #[test]
    fn a_name_nobody_has_is_refused() {
        check("web-2", Err(TargetError::Unknown("web-2".to_owned())));
        check("web-", Err(TargetError::Unknown("web-".to_owned())));
    }

    #[test]
    fn a_name_of_several_nodes_lists_them() {
        let candidates = vec![
            "  mi-2  db.example  Online".to_owned(),
            "  mi-3  db.other  Online".to_owned(),
        ];
        check(
            "db",
            Err(TargetError::Ambiguous {
                name: "db".to_owned(),
                candidates,
            }),
        );
    }

    #[test]
    fn one_node_is_found_by_its_names() {
        for name in ["web-1.example", "web-1", "WEB-1"] {
            check(name, Ok("mi-1"));
        }
        check("primary", Ok("mi-2"));
        check("db.other", Ok("mi-3"));
    }

    #[test]
    fn ids_stand_for_themselves() {
        assert!(is_id("mi-0123456789abcdef0"));
        assert!(is_id("i-0123456789abcdef0"));
        assert!(!is_id("i-like-names") && !is_id("mi-1") && !is_id("web-1"));
    }
}
