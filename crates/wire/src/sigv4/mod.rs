//! AWS Signature Version 4 for both ends: what a client signs, in the header, and what the server checks, in the header or
//! in a presigned query.
//!
//! One function per step, none of which reads a clock, looks up a key or touches a socket. A check has three steps
//! that cannot be taken out of order because each returns the type the next one needs:
//! `Authorization::from_request` → `Authorization::check` → `CheckedRequest::verify`, and only the last makes a
//! [`Verified`]. The caller looks the secret up between the last two.
//!
//! A body that comes in chunks is checked by [`ChunkedBody`] as it comes. Not here: making presigned queries.

mod authorization;
mod canonical;
mod chunks;
mod date;
mod error;
mod key;
mod presigned;
mod request;
mod rsa;
mod scope;
mod sign;
mod uri;
mod verify;

pub use authorization::{Authorization, Signature};
pub use canonical::{canonical_request, string_to_sign};
pub use chunks::{ChunkError, ChunkSignatures, ChunkedBody};
pub use date::AmzDate;
pub use error::{Fault, SigV4Error};
pub use request::{Request, payload_hash};
pub use rsa::sign_rsa;
pub use scope::CredentialScope;
pub use sign::{AddedHeaders, SigningCredentials, SigningScope, sign};
pub use uri::{PlusRule, UriRule, canonical_query, canonical_uri};
pub use verify::{CheckedRequest, Expectation, SignedBody, Verified};

/// The algorithm word of the `Authorization` header and first line of the string to sign, RSA variant included.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Last element of every credential scope.
pub const TERMINATOR: &str = "aws4_request";
