//! Why a policy is not stored. Every one is AWS's `MalformedPolicyDocument`.

/// A policy that is refused; `Display` names the element.
///
/// Refusing is the rule for whatever the evaluator does not know: an element that was skipped would make a policy mean
/// more than it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("The policy is not valid JSON: {0}.")]
    Unreadable(String),
    #[error("{} must be {expected}.", path.escape_default())]
    WrongType {
        path: String,
        expected: &'static str,
    },
    #[error("The element {} is not known.", path.escape_default())]
    UnknownElement { path: String },
    #[error(
        "{path} is not allowed in a policy of a user, group or role: the principal is whoever has the policy."
    )]
    PrincipalInIdentityPolicy { path: String },
    #[error("{path} is not allowed in a role's trust policy: the resource is the role itself.")]
    ResourceInTrustPolicy { path: String },
    #[error(
        "{path} is for denials only: with Allow it would trust everybody who is not named. Name with Principal who is trusted."
    )]
    NotPrincipal { path: String },
    #[error("AssumeRole policy may only specify STS AssumeRole actions, not {}.", .0.escape_default())]
    ActionInTrustPolicy(String),
    #[error("The policy of a resource may only specify actions of its own service, not {}.", .0.escape_default())]
    ActionOfAnotherService(String),
    #[error("Invalid principal in policy: {}", .0.escape_default())]
    InvalidPrincipal(String),
    #[error("The policy needs the element {path}.")]
    MissingElement { path: String },
    #[error("{path} has both {one} and {other}; exactly one of them must stand.")]
    Contradiction {
        path: String,
        one: &'static str,
        other: &'static str,
    },
    #[error("Version must be 2012-10-17 or 2008-10-17.")]
    UnknownVersion,
    #[error("The Sid {} stands twice in the policy.", .0.escape_default())]
    DuplicateSid(String),
    #[error("Statement IDs (SID) must be alpha-numeric ([0-9A-Za-z]*), which {} is not.", .0.escape_default())]
    MalformedSid(String),
    #[error("{}: {rule}", path.escape_default())]
    At {
        path: String,
        rule: Box<PolicyError>,
    },
    #[error("{} is not an action: write service:Name, with * and ? in the name only, or * alone.", .0.escape_default())]
    MalformedAction(String),
    #[error("Resource {} must be in ARN format or \"*\".", .0.escape_default())]
    MalformedResource(String),
    #[error("{} holds a policy variable that is not ${{key}}, ${{key, 'default'}}, ${{*}}, ${{?}} or ${{$}}.", .0.escape_default())]
    MalformedVariable(String),
    #[error("The condition operator {} is not known.", .0.escape_default())]
    UnknownOperator(String),
    #[error("{} is not a value for the condition operator {operator}.", value.escape_default())]
    MalformedOperand { operator: String, value: String },
    #[error("{} is not a condition key: write service:name, as in aws:username.", .0.escape_default())]
    MalformedConditionKey(String),
}

impl PolicyError {
    /// With the place where the rule was broken.
    pub(super) fn at(self, path: &str) -> Self {
        Self::At {
            path: path.to_owned(),
            rule: Box::new(self),
        }
    }
}
