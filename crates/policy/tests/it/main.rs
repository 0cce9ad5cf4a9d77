//! The room's decisions as its callers see them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "helpers of tests: a bad case should end the run where it is, and reads best with its value in place"
)]

mod binding;
mod command_parameters;
mod documents;
mod evaluation;
mod grammar;
mod iam_cases;
mod limits;
mod properties;
mod resource_policy;
mod run_as;
mod run_as_oracle;
mod simulation;
mod stored_values;
mod trust;
