//! The encryption context of a session's data key (agent.md 5.3): what binds the key to one session on one node.

use std::collections::BTreeMap;

/// The name under which KMS knows the session.
pub const SESSION: &str = "aws:ssm:SessionId";
/// The name under which KMS knows the node.
pub const TARGET: &str = "aws:ssm:TargetId";
const CHALLENGE: &str = "aws:ssm:RandomChallenge";

/// Names and values, of their ids. `challenge` is the text of the agent's handshake where the client acknowledges it.
pub fn context(session: &str, node: &str, challenge: Option<&str>) -> BTreeMap<String, String> {
    let fixed = [
        (SESSION.to_owned(), session.to_owned()),
        (TARGET.to_owned(), node.to_owned()),
    ];
    let challenge = challenge.map(|text| (CHALLENGE.to_owned(), text.to_owned()));
    fixed.into_iter().chain(challenge).collect()
}
