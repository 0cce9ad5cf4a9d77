//! STS.

mod access_key_info;
mod assume_role;
mod caller_identity;
mod credentials;
mod session_token;

pub(crate) use access_key_info::GetAccessKeyInfo;
pub(crate) use assume_role::AssumeRole;
pub(crate) use caller_identity::GetCallerIdentity;
pub(crate) use session_token::GetSessionToken;
