//! OpenID Connect providers that vouch for people: their addresses, their keys, and what their tokens say.
//!
//! Owns one invariant: [`Claims`] come from a token that a key of its issuer signed, made for a client that the issuer is
//! trusted for, and valid now. `token`, `logout` and `mapping` decide and touch nothing; `keys` alone speaks to providers.

mod issuer;
mod keys;
mod logout;
mod mapping;
mod token;

pub(crate) use issuer::Issuer;
pub(crate) use keys::{KeysError, ProviderKeys};
pub(crate) use logout::{Logout, LogoutError, verify_logout};
pub(crate) use mapping::{is_by_many_factors, session_tags};
pub(crate) use token::{Claims, TokenError, issuer_of, verify};
