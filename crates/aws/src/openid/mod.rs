//! A person's side of OpenID Connect: finding a provider, asking it to sign somebody in, and holding its answer against
//! the question.
//!
//! Invariants: an [`IdToken`] is for the issuer, the client, the nonce and the person that were asked for; every address
//! is https, plain http only on this machine's loopback; no code and no token reaches an error text. A token's signature
//! is left to who it is for: here it comes from the token endpoint itself (OpenID Connect Core 1.0, section 3.1.3.7, rule
//! 6), and STS proves it. Must not know browsers, files or roles.

mod address;
mod device;
mod error;
mod id_token;
mod provider;
mod question;

pub use device::DeviceQuestion;
pub use error::{OpenIdError, TokenFault};
pub use id_token::IdToken;
pub use provider::{OpenIdClient, Provider, Tokens};
pub use question::{Code, Question};
