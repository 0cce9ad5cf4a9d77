//! STS.

mod caller_identity;

pub(crate) use caller_identity::GetCallerIdentity;
