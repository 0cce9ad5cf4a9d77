//! Judgement: who may do it (IAM policies), as whom (Run As), and under which terms (preferences and session documents).
//!
//! The room is pure. Every function maps values to a value with its reason; none reads a clock, a database or the
//! operating system, and none knows HTTP or frames.
//!
//! Start at [`evaluate`] for permissions, at [`TrustPolicy`] for who may assume a role, and at [`resolve_run_as`] for the OS user.

#![forbid(unsafe_code)]

mod context;
mod could;
mod decision;
mod document;
mod evaluate;
mod glob;
mod inputs;
mod policy;
mod preferences;
mod principal_policies;
mod run_as;
mod simulate;
mod strict_value;
mod tags;

pub use context::Context;
pub use could::{Attempt, Possibility, could_be_allowed, could_be_bound, could_be_trusted};
pub use decision::{Decision, PolicyKind, StatementRef};
pub use document::{
    AllowedPattern, BoundDocument, CommandProperties, DocumentError, DocumentErrorCode,
    DocumentFormat, ParameterError, Platform, PortProperties, SessionDocument, SessionProperties,
    StoreReference, StoredValues, refers_to_parameter_store,
};
pub use evaluate::{Request, evaluate, evaluate_trusted, is_allowed_within};
pub use glob::is_like;
pub use inputs::{CloudWatchSink, LogFailure, RunAsInputs, S3Sink, SessionInputs, ShellProfile};
pub use policy::{
    Place, PolicyDocument, PolicyError, ResourcePolicy, TrustDecision, TrustPolicy, TrustedAs,
    statement_places,
};
pub use preferences::{DEFAULT_IDLE_MINUTES, DOCUMENT_NAME as PREFERENCES_DOCUMENT, Preferences};
pub use principal_policies::{NamedPolicy, PrincipalPolicies};
pub use run_as::{RefusedName, RunAs, RunAsRefusal, RunAsRule, RunAsUser, resolve_run_as};
pub use simulate::{MatchedStatement, Simulation, simulate};
pub use tags::{RUN_AS_TAG, Tags};
