//! The server's half: is this request what the holder of that key signed, for this service, about now?
//!
//! The order of the rules is AWS's and matters: a stale or foreign request is refused before any key is looked up.
//! [`Verified`] has no other maker than the two functions at the end, so a forgotten check does not compile.
//! Before changing this file run `cargo test -p usher-wire --test sigv4`.

use std::fmt;

use super::key::{equal_in_constant_time, signature};
use super::presigned;
use super::{
    AmzDate, Authorization, CredentialScope, PlusRule, Request, SigV4Error, Signature, UriRule,
    canonical_request, payload_hash, string_to_sign,
};
use crate::secret::Secret;

/// Minutes a client's clock may be off. S3 grants more because uploads are slow.
const SKEW_MINUTES: u64 = 5;
const SKEW_MINUTES_S3: u64 = 15;

/// What `x-amz-content-sha256` says of bodies that come in chunks. Only S3 takes them.
const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_CHUNKS_AND_TRAILERS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_CHUNKS: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// What the server demands of a request, known from its dispatch and configuration.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The service the request was dispatched to.
    pub service: &'a str,
    /// Regions that are served.
    pub regions: &'a [&'a str],
    /// Milliseconds since the epoch.
    pub now_ms: u64,
    /// Whether the request came over TLS; without it an unsigned S3 payload is refused.
    pub over_tls: bool,
}

/// A request whose form, scope, time and signed headers are in order. The signature is still unproven: look up the
/// key and call [`CheckedRequest::verify`] or [`CheckedRequest::verify_rsa`].
#[must_use = "a checked request is not yet a verified one"]
pub struct CheckedRequest<'a> {
    request: Request<'a>,
    authorization: Authorization,
    date: AmzDate,
    payload_hash: String,
    head_alone: bool,
    session_token: Option<String>,
}

/// Proof that the holder of a key signed a request. Made only by a successful verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    key_id: String,
    scope: CredentialScope,
    date: AmzDate,
    body: SignedBody,
}

/// How far the signature covers the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBody {
    /// All of it: it was held against its hash.
    Whole,
    /// It is to have this SHA-256, in hexadecimal, which was signed but not looked at: the body is read later.
    Announced {
        /// 64 lower-case digits.
        sha256: String,
    },
    /// Not at all, which S3 takes over TLS.
    Unsigned,
    /// Each chunk is signed in turn, beginning from the signature of the head.
    Chunks {
        /// The head's signature, in hexadecimal, for [`super::ChunkSignatures::new`].
        head: String,
    },
    /// It comes in chunks that nobody signed, which S3 takes over TLS.
    UnsignedChunks,
}

impl Authorization {
    /// Applies every rule that needs no key.
    ///
    /// # Errors
    /// The first rule the request breaks.
    pub fn check<'a>(
        self,
        request: &Request<'a>,
        expected: &Expectation<'_>,
    ) -> Result<CheckedRequest<'a>, SigV4Error> {
        self.check_with(request, expected, false)
    }

    /// The same for the head of a request whose body is read later: [`Verified::body`] says what it is to be held against.
    ///
    /// # Errors
    /// The first rule the request breaks.
    pub fn check_head<'a>(
        self,
        request: &Request<'a>,
        expected: &Expectation<'_>,
    ) -> Result<CheckedRequest<'a>, SigV4Error> {
        self.check_with(request, expected, true)
    }

    fn check_with<'a>(
        self,
        request: &Request<'a>,
        expected: &Expectation<'_>,
        head_alone: bool,
    ) -> Result<CheckedRequest<'a>, SigV4Error> {
        let date = match &self.presigned {
            Some(presigned) => presigned.date,
            None => signing_date(request)?,
        };
        self.check_scope(date, expected)?;
        match &self.presigned {
            Some(presigned) => presigned.check_clock(expected)?,
            None => check_clock(date, expected)?,
        }
        self.check_signed_headers(request)?;
        let payload_hash = match &self.presigned {
            Some(_) if expected.service == "s3" => presigned_s3_payload(request, expected)?,
            _ => checked_payload_hash(request, expected, head_alone)?,
        };
        let session_token = match &self.presigned {
            Some(presigned) => presigned.session_token.clone(),
            None => request.single("x-amz-security-token")?.map(str::to_owned),
        };
        Ok(CheckedRequest {
            request: *request,
            authorization: self,
            date,
            payload_hash,
            head_alone,
            session_token,
        })
    }

    fn check_scope(&self, date: AmzDate, expected: &Expectation<'_>) -> Result<(), SigV4Error> {
        let scope = &self.scope;
        if scope.day() != date.day() {
            return Err(SigV4Error::WrongScopeDate {
                scope: scope.day().to_owned(),
                header: date.day(),
            });
        }
        if scope.service() != expected.service {
            return Err(SigV4Error::WrongScopeService {
                expected: expected.service.to_owned(),
            });
        }
        if !expected.regions.contains(&scope.region()) {
            return Err(SigV4Error::WrongScopeRegion {
                found: scope.region().to_owned(),
            });
        }
        Ok(())
    }

    /// An unsigned `x-amz-*` header could be added on the way and change what the request means.
    fn check_signed_headers(&self, request: &Request<'_>) -> Result<(), SigV4Error> {
        if request.single("host")?.is_none() {
            return Err(SigV4Error::MissingHost);
        }
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        if !is_signed("host") {
            return Err(SigV4Error::UnsignedHeader("host".to_owned()));
        }
        // Without X-Amz-Date the time signed is that of Date, which then must be covered like it. A presigned query has
        // its time in itself.
        let in_header = self.presigned.is_none();
        if in_header && request.single("x-amz-date")?.is_none() && !is_signed("date") {
            return Err(SigV4Error::UnsignedHeader("date".to_owned()));
        }
        for (name, _) in request.headers {
            let name = name.to_ascii_lowercase();
            // The agent adds this one after it listed what it signs; the value is held against the body all the same
            // and is the last line of what was signed.
            let agent_quirk = self.is_rsa() && name == "x-amz-content-sha256";
            if name.starts_with("x-amz-") && !is_signed(&name) && !agent_quirk {
                return Err(SigV4Error::UnsignedHeader(name));
            }
        }
        match self
            .signed_headers
            .iter()
            .find(|name| request.values(name).next().is_none())
        {
            Some(absent) => Err(SigV4Error::SignedHeaderAbsent(absent.clone())),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for CheckedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CheckedRequest({} {:?})",
            self.access_key_id(),
            self.request
        )
    }
}

impl CheckedRequest<'_> {
    /// The access key id, or the node id where a registration key is claimed to have signed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.authorization.access_key_id
    }

    /// Whether [`CheckedRequest::verify_rsa`] is the step that can succeed. Only two operations may take it.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        self.authorization.is_rsa()
    }

    /// `X-Amz-Security-Token`. The caller decides whether it belongs to the key and is unexpired.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Holds the signature against the secret of [`CheckedRequest::access_key_id`].
    ///
    /// # Errors
    /// [`SigV4Error::SignatureMismatch`], also where an RSA signature stands in the header.
    pub fn verify(self, secret: &Secret) -> Result<Verified, SigV4Error> {
        let Signature::Hmac(given) = &self.authorization.signature else {
            return Err(SigV4Error::SignatureMismatch);
        };
        let matches = |plus| {
            let text = self.string_to_sign(plus, None);
            let computed = signature(secret, &self.authorization.scope, text.as_bytes());
            equal_in_constant_time(&computed, given)
        };
        // Whoever holds a presigned address may rewrite it within what signs alike. Its `+` is read as a space, so it is
        // signed as one: were it taken as itself too, `%2B` could be turned into a space on the way.
        let in_header = self.authorization.presigned.is_none();
        let has_plus = self.request.query.contains('+');
        let proven = (in_header && matches(PlusRule::Plus))
            || ((has_plus || !in_header) && matches(PlusRule::Space));
        self.proven_if(proven)
    }

    /// Holds the signature against a node's registered public key, DER, as SPKI or PKCS#1.
    ///
    /// The agent signs the authority of its configured URL, which may name the default port that its HTTP client then
    /// leaves out of `Host`; hence the host is tried as sent, with `:443` and with `:80`.
    ///
    /// # Errors
    /// [`SigV4Error::SignatureMismatch`], also where an HMAC stands in the header or the key is not RSA of 2048 to
    /// 8192 bits.
    pub fn verify_rsa(self, public_key_der: &[u8]) -> Result<Verified, SigV4Error> {
        let Signature::Rsa(given) = &self.authorization.signature else {
            return Err(SigV4Error::SignatureMismatch);
        };
        let host = self
            .request
            .single("host")?
            .ok_or(SigV4Error::MissingHost)?;
        let proven = [host.to_owned(), format!("{host}:443"), format!("{host}:80")]
            .iter()
            .any(|host| {
                let text = self.string_to_sign(PlusRule::Plus, Some(host));
                super::rsa::verify_pss(public_key_der, text.as_bytes(), given)
            });
        self.proven_if(proven)
    }

    fn string_to_sign(&self, plus: PlusRule, host: Option<&str>) -> String {
        let scope = &self.authorization.scope;
        let uri_rule = UriRule::of_service(scope.service());
        let query = match &self.authorization.presigned {
            Some(_) => presigned::without_signature(self.request.query),
            None => self.request.query.to_owned(),
        };
        let request = Request {
            query: &query,
            ..self.request
        };
        let names = &self.authorization.signed_headers;
        let canonical =
            canonical_request(&request, names, uri_rule, plus, host, &self.payload_hash);
        string_to_sign(self.date, scope, &canonical)
    }

    fn proven_if(self, proven: bool) -> Result<Verified, SigV4Error> {
        if !proven {
            return Err(SigV4Error::SignatureMismatch);
        }
        let body = match (self.payload_hash.as_str(), &self.authorization.signature) {
            ("UNSIGNED-PAYLOAD", _) => SignedBody::Unsigned,
            (UNSIGNED_CHUNKS, _) => SignedBody::UnsignedChunks,
            (SIGNED_CHUNKS | SIGNED_CHUNKS_AND_TRAILERS, Signature::Hmac(head)) => {
                SignedBody::Chunks {
                    head: hex::encode(head),
                }
            }
            (sha256, _) if self.head_alone => SignedBody::Announced {
                sha256: sha256.to_owned(),
            },
            _ => SignedBody::Whole,
        };
        let Authorization {
            access_key_id,
            scope,
            ..
        } = self.authorization;
        Ok(Verified {
            key_id: access_key_id,
            scope,
            date: self.date,
            body,
        })
    }
}

impl Verified {
    /// The access key id or node id that signed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Day, region and service that were signed.
    #[must_use]
    pub fn scope(&self) -> &CredentialScope {
        &self.scope
    }

    /// How far the signature covers the body. Whoever reads a body that is not whole must act on it.
    #[must_use]
    pub fn body(&self) -> &SignedBody {
        &self.body
    }

    /// When the client says it signed.
    #[must_use]
    pub fn date(&self) -> AmzDate {
        self.date
    }
}

fn signing_date(request: &Request<'_>) -> Result<AmzDate, SigV4Error> {
    let date = match request.single("x-amz-date")? {
        Some(text) => AmzDate::parse_basic(text),
        None => AmzDate::parse_date_header(request.single("date")?.ok_or(SigV4Error::MissingDate)?),
    };
    date.ok_or(SigV4Error::MalformedDate)
}

/// Minutes a client's clock may be off for a service.
pub(super) fn skew_minutes(service: &str) -> u64 {
    if service == "s3" {
        SKEW_MINUTES_S3
    } else {
        SKEW_MINUTES
    }
}

fn check_clock(signed: AmzDate, expected: &Expectation<'_>) -> Result<(), SigV4Error> {
    let skew_minutes = skew_minutes(expected.service);
    let now = AmzDate::from_unix_ms(expected.now_ms);
    let (earliest, latest) = (
        now.earlier_by(skew_minutes * 60),
        now.later_by(skew_minutes * 60),
    );
    if signed < earliest {
        return Err(SigV4Error::Expired {
            signed,
            limit: earliest,
            now,
            skew_minutes,
        });
    }
    if signed > latest {
        return Err(SigV4Error::NotYetCurrent {
            signed,
            limit: latest,
            now,
            skew_minutes,
        });
    }
    Ok(())
}

/// S3's presigned requests never cover the payload (botocore `auth.py`, `S3SigV4QueryAuth.payload`). Those that only read
/// have none, and need no TLS for its sake.
fn presigned_s3_payload(
    request: &Request<'_>,
    expected: &Expectation<'_>,
) -> Result<String, SigV4Error> {
    if expected.over_tls || matches!(request.method, "GET" | "HEAD") {
        Ok("UNSIGNED-PAYLOAD".to_owned())
    } else {
        Err(SigV4Error::UnsignedPayloadRefused)
    }
}

/// The last line of the canonical request, already held against the body.
fn checked_payload_hash(
    request: &Request<'_>,
    expected: &Expectation<'_>,
    head_alone: bool,
) -> Result<String, SigV4Error> {
    match request.single("x-amz-content-sha256")? {
        Some("UNSIGNED-PAYLOAD") if expected.service == "s3" && expected.over_tls => {
            Ok("UNSIGNED-PAYLOAD".to_owned())
        }
        Some("UNSIGNED-PAYLOAD") => Err(SigV4Error::UnsignedPayloadRefused),
        Some(literal @ (SIGNED_CHUNKS | SIGNED_CHUNKS_AND_TRAILERS))
            if expected.service == "s3" =>
        {
            Ok(literal.to_owned())
        }
        Some(UNSIGNED_CHUNKS) if expected.service == "s3" && expected.over_tls => {
            Ok(UNSIGNED_CHUNKS.to_owned())
        }
        Some(literal) if literal.starts_with("STREAMING-") => {
            Err(SigV4Error::StreamingPayloadRefused)
        }
        Some(claimed) if head_alone => Ok(claimed.to_owned()),
        Some(claimed) => {
            let actual = payload_hash(request.body);
            if claimed == actual {
                Ok(actual)
            } else {
                Err(SigV4Error::PayloadMismatch)
            }
        }
        // Without the header nothing but an empty body can have been signed where the body is yet to come.
        None if head_alone => Ok(payload_hash(b"")),
        None => Ok(payload_hash(request.body)),
    }
}
