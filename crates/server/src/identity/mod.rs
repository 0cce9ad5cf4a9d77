//! Who is calling, and whether policy lets them.
//!
//! `authenticate` is the only maker of a signed [`Caller`]; `authorize` the only place that asks
//! the evaluator. Secrets come out of the vault here, for one comparison, and go no further.

mod arn;
mod authenticate;
mod authorize;
mod bearer;
mod caller;
mod condition_keys;
mod managed_policy;
mod named_principals;
mod node_credentials;
mod node_policy;
mod principal_policies;
mod registration_key;
mod secrets;
mod sts_credentials;

pub(crate) use arn::Scope;
pub(crate) use authenticate::{BodyProof, Signature, authenticate, authenticate_head, key_holder};
pub(crate) use authorize::{Resource, Verdict, authorize, denied, judge, judge_trusted};
pub(crate) use bearer::{
    AssumedRole, Bearer, Gone, Origin, SessionPolicies, SessionTag, WebIdentity,
};
pub(crate) use caller::{Arrival, Caller, NODE_ROLE_ID, NodeScope, Who};
pub(crate) use condition_keys::{
    boundary_key, of_call, of_iam_resource, of_session, of_ssm_resource, of_web_identity,
    policy_arn_key, tag_keys,
};
pub(crate) use managed_policy::find_managed_policy;
pub(crate) use named_principals::{PrincipalError, names_of, principal_id, principal_ids};
pub(crate) use node_credentials::{IssuedCredentials, issue_node_credentials, node_caller};
pub(crate) use principal_policies::{held_by, principal_policies};
pub(crate) use registration_key::RegistrationKey;
pub(crate) use secrets::{Alphabet, digest, fresh, fresh_id, same_digest};
pub(crate) use sts_credentials::issue_sts_credentials;
