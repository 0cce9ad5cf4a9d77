//! A simulation's answer in IAM's shapes (control-plane-shapes.md: EvaluationResult, Statement, Position).

use serde::Serialize;
use usher_policy::{Decision, MatchedStatement, Place, Simulation, statement_places};

use crate::store::Kind;

/// One action on one resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EvaluationResult {
    eval_action_name: String,
    eval_resource_name: String,
    eval_decision: &'static str,
    matched_statements: Vec<Statement>,
    missing_context_values: Vec<String>,
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    source_policy_id: String,
    source_policy_type: &'static str,
    start_position: Option<Position>,
    end_position: Option<Position>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    line: usize,
    column: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryDetail {
    allowed_by_permissions_boundary: bool,
}

/// The name of the policy that stands at `number`, from 1, in the request.
pub(super) fn input_name(number: usize) -> String {
    format!("{INPUT}{number}")
}

/// The name of the boundary of the request.
pub(super) const BOUNDARY: &str = "PermissionsBoundaryPolicyInputList.1";
const INPUT: &str = "PolicyInputList.";

impl EvaluationResult {
    /// `owner` is what has the policies that are not of the request; `texts` are those that are, whose statements are
    /// shown where they stand.
    pub(super) fn new(
        action: &str,
        resource: &str,
        simulation: Simulation,
        owner: Option<Kind>,
        texts: &[String],
    ) -> Self {
        let boundary = simulation.allowed_by_boundary;
        Self {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource.to_owned(),
            eval_decision: match simulation.decision {
                Decision::Allowed { .. } => "allowed",
                Decision::ExplicitDeny { .. } => "explicitDeny",
                Decision::ImplicitDeny { .. } => "implicitDeny",
            },
            matched_statements: simulation
                .matched
                .into_iter()
                .map(|matched| Statement::new(matched, owner, texts))
                .collect(),
            missing_context_values: simulation.missing_keys,
            permissions_boundary_decision_detail: boundary.map(|allowed| BoundaryDetail {
                allowed_by_permissions_boundary: allowed,
            }),
        }
    }
}

impl Statement {
    fn new(matched: MatchedStatement, owner: Option<Kind>, texts: &[String]) -> Self {
        let number = matched.by.policy.strip_prefix(INPUT);
        let text = number
            .and_then(|number| number.parse::<usize>().ok()?.checked_sub(1))
            .and_then(|index| texts.get(index));
        let place = text.and_then(|text| statement_places(text).get(matched.index).copied());
        Self {
            source_policy_type: source_type(&matched.by.policy, owner),
            source_policy_id: matched.by.policy,
            start_position: place.map(|(begin, _)| Position::of(begin)),
            end_position: place.map(|(_, end)| Position::of(end)),
        }
    }
}

/// AWS's word for where a policy hangs.
fn source_type(policy: &str, owner: Option<Kind>) -> &'static str {
    match owner {
        _ if policy.starts_with(INPUT) || policy.starts_with(BOUNDARY) => "none",
        _ if policy.starts_with("arn:aws:iam::aws:") => "aws-managed",
        _ if policy.starts_with("arn:") => "user-managed",
        Some(Kind::User) => "user",
        Some(Kind::Role) => "role",
        Some(Kind::Group) => "group",
        Some(Kind::Policy | Kind::AwsPolicy | Kind::OidcProvider) | None => "none",
    }
}

impl Position {
    fn of(Place { line, column }: Place) -> Self {
        Self { line, column }
    }
}
