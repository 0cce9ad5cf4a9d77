//! STS.

mod access_key_info;
mod assume_role;
mod assume_role_with_web_identity;
mod assumed_role_user;
mod caller_identity;
mod credentials;
mod request;
mod session_policies;
mod session_token;

pub(crate) use access_key_info::GetAccessKeyInfo;
pub(crate) use assume_role::AssumeRole;
pub(crate) use assume_role_with_web_identity::AssumeRoleWithWebIdentity;
pub(crate) use caller_identity::GetCallerIdentity;
pub(crate) use session_token::GetSessionToken;
