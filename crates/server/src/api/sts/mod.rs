//! STS.

mod assume_role;
mod caller_identity;

pub(crate) use assume_role::AssumeRole;
pub(crate) use caller_identity::GetCallerIdentity;
