//! Why nobody was signed in: each variant names who is at fault and what was the matter, never a code or a token.

use crate::{NoRandomness, PublicJsonError, TlsError};

/// What is wrong with an ID token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not a signed token, or claims that are missing.
    #[error("is malformed: its {0} cannot be read")]
    Malformed(&'static str),
    /// Of somebody else.
    #[error("names the issuer {0}")]
    Issuer(String),
    /// For somebody else.
    #[error("is for the client {0}")]
    Audience(String),
    /// Not the answer to this question.
    #[error("has another nonce than the question")]
    Nonce,
    /// Too late.
    #[error("expired {0} seconds ago")]
    Expired(u64),
    /// Of another person than the one who signed in.
    #[error("is another person's than the one who signed in")]
    Person,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenIdError {
    /// An address that is none, or that anybody on the way could answer for.
    #[error(
        "`{0}` cannot be a provider's address: it must be https, or http on this machine's loopback address"
    )]
    Address(String),
    /// No answer, or none that makes sense.
    #[error("the identity provider {issuer} cannot be asked: {cause}")]
    Silent {
        /// The provider.
        issuer: String,
        /// What was in the way.
        cause: PublicJsonError,
    },
    /// The discovery document, or the answer, is another issuer's.
    #[error("{issuer} answers in the name of another issuer, {named}")]
    OtherIssuer {
        /// Who was asked.
        issuer: String,
        /// In whose name it answered.
        named: String,
    },
    /// What the provider does not offer.
    #[error("the identity provider {issuer} publishes no {what}")]
    Lacks {
        /// The provider.
        issuer: String,
        /// The member of its discovery document.
        what: &'static str,
    },
    /// The provider said no.
    #[error("the identity provider {issuer} refuses: {code}{}", in_words(.description))]
    Refused {
        /// The provider.
        issuer: String,
        /// The error code of OAuth 2.0, such as `invalid_grant`.
        code: String,
        /// Its sentence, which may be empty.
        description: String,
    },
    /// An answer to another question, or somebody's invention.
    #[error(
        "an answer arrived that does not belong to this sign-in of {issuer}: its state is another"
    )]
    State {
        /// The provider.
        issuer: String,
    },
    /// Neither code nor error.
    #[error("the answer of {issuer} has no {what}")]
    Incomplete {
        /// The provider.
        issuer: String,
        /// What is missing.
        what: &'static str,
    },
    /// A token that does not answer the question.
    #[error("the ID token of {issuer} {fault}")]
    Token {
        /// The provider.
        issuer: String,
        /// What is wrong with it.
        fault: TokenFault,
    },
    /// Nobody entered the code.
    #[error("nobody entered the code at {issuer} in time")]
    DeviceExpired {
        /// The provider.
        issuer: String,
    },
    /// No state, nonce or verifier.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Nobody's certificates can be judged.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

fn in_words(description: &str) -> String {
    match description {
        "" => String::new(),
        words => format!(" ({words})"),
    }
}
