//! What a managed node may do beside its own operations: the one policy of the nodes' role.
//!
//! It comes with the server and names the node itself wherever a resource or a condition can. That a node acts only as
//! itself does not hang on it: each service asks for that besides.

use usher_policy::NamedPolicy;

use super::NodeScope;
use super::principal_policies::stored;
use crate::error::ApiError;

/// The policy's name in decisions.
const NAME: &str = "UsherManagedNode";

/// The policy for one node.
pub(super) fn of_node(scope: &NodeScope) -> Result<NamedPolicy, ApiError> {
    let own = serde_json::json!({"StringEquals": {"kms:EncryptionContext:aws:ssm:TargetId": scope.node.as_str()}});
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "SessionLogs", "Effect": "Allow", "Resource": "*",
         "Action": ["logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:CreateLogStream", "logs:PutLogEvents"]},
        {"Sid": "OwnSessionObjects", "Effect": "Allow", "Resource": "*",
         "Action": ["s3:GetEncryptionConfiguration", "s3:PutObject"]},
        {"Sid": "OwnSessionKeys", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": own},
    ]});
    stored(NAME.to_owned(), &policy.to_string())
}
