//! From a request to a [`Caller`]: SigV4 by access key, or by a node's registration key.
//!
//! `usher_wire::sigv4` owns the rules of the signature; this file finds the key and says whose it
//! is. A caller is returned only after `verify` succeeded. Before changing it run
//! `cargo test -p usher-server --test it signature`.

use bytes::Bytes;
use http::request::Parts;
use usher_wire::ids::NodeId;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{
    Authorization, CheckedRequest, ChunkSignatures, CredentialScope, Expectation, Fault, Request,
    SigV4Error, SignedBody, Verified,
};

use super::caller::Arrival;
use super::{
    Bearer, Caller, NodeScope, Origin, RegistrationKey, node_credentials, sts_credentials,
};
use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::http::{OverTls, Peer};
use crate::limits;
use crate::store::{AccessKeyRow, KeyUse};

/// How a call must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Not at all.
    None,
    /// By an access key, long-term or temporary.
    SigV4,
    /// By a node's registration key (control-plane.md 2.1).
    RegistrationKey,
}

/// Finds out who signed the request `parts` with `body` for `service` (the scope's name for it).
pub(crate) async fn authenticate(
    context: &Context,
    parts: &Parts,
    body: &Bytes,
    service: &str,
    signature: Signature,
) -> Result<Caller, ApiError> {
    if signature == Signature::None {
        return Ok(Caller {
            arrival: arrival(parts),
            ..Caller::anonymous()
        });
    }
    let arrival = arrival(parts);
    let headers = raw_headers(parts);
    let request = request_of(parts, &headers, body);
    let checked = Authorization::from_request(&request)
        .and_then(|header| {
            header.check(
                &request,
                &expectation(context, service, &context.config.regions(), arrival),
            )
        })
        .map_err(|error| refusal(&error))?;
    let caller = match signature {
        Signature::RegistrationKey => by_registration_key(context, checked).await?,
        Signature::None | Signature::SigV4 => by_access_key(context, checked).await?.0,
    };
    Ok(Caller { arrival, ..caller })
}

/// What a body that is read later must be held against, by who signed the head of its request.
#[derive(Debug)]
pub(crate) enum BodyProof {
    /// Its SHA-256, 64 hexadecimal digits.
    Sha256(String),
    /// Nothing: it came over TLS, or there is none.
    Nothing,
    /// It is in chunks, each of which is signed if these are given.
    Chunks(Option<ChunkSignatures>),
}

/// Finds out who signed the head `parts` of a request for `service`, and what its body must be held against. Whoever
/// reads the body must do that.
pub(crate) async fn authenticate_head(
    context: &Context,
    parts: &Parts,
    service: &str,
) -> Result<(Caller, BodyProof), ApiError> {
    let arrival = arrival(parts);
    let headers = raw_headers(parts);
    let request = request_of(parts, &headers, b"");
    let checked = Authorization::from_request(&request)
        .and_then(|header| {
            header.check_head(
                &request,
                &expectation(context, service, &context.config.regions(), arrival),
            )
        })
        .map_err(|error| refusal(&error))?;
    let (caller, secret, verified) = by_access_key(context, checked).await?;
    let proof = match verified.body() {
        SignedBody::Announced { sha256 } => BodyProof::Sha256(sha256.clone()),
        SignedBody::Unsigned | SignedBody::Whole => BodyProof::Nothing,
        SignedBody::UnsignedChunks => BodyProof::Chunks(None),
        SignedBody::Chunks { head } => BodyProof::Chunks(Some(ChunkSignatures::new(
            &secret,
            verified.scope(),
            verified.date(),
            head,
        ))),
    };
    Ok((Caller { arrival, ..caller }, proof))
}

fn raw_headers(parts: &Parts) -> Vec<(&str, &[u8])> {
    let headers = parts.headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

fn request_of<'a>(
    parts: &'a Parts,
    headers: &'a [(&'a str, &'a [u8])],
    body: &'a [u8],
) -> Request<'a> {
    Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers,
        body,
    }
}

fn expectation<'a>(
    context: &Context,
    service: &'a str,
    regions: &'a [&'a str],
    arrival: Arrival,
) -> Expectation<'a> {
    Expectation {
        service,
        regions,
        now_ms: context.clock.now_ms(),
        over_tls: arrival.over_tls,
    }
}

/// Whom an access key stands for whose holder proved it before, and when it expires in milliseconds, if it does. A key
/// that was switched off or deleted since then, or whose role or user was, stands for nobody. Nodes have none.
pub(crate) async fn key_holder(
    context: &Context,
    parts: &Parts,
    access_key_id: &str,
) -> Result<(Caller, Option<i64>), ApiError> {
    let (caller, expires) = match sts_credentials::holder(context, access_key_id).await? {
        Some((caller, expires)) => (caller, Some(expires)),
        None => (find_user(context, access_key_id, None).await?.2, None),
    };
    let arrival = arrival(parts);
    Ok((Caller { arrival, ..caller }, expires))
}

fn arrival(parts: &Parts) -> Arrival {
    Arrival {
        source: parts
            .extensions
            .get::<Peer>()
            .map(|peer| peer.0.ip().to_canonical()),
        over_tls: parts.extensions.get() == Some(&OverTls(true)),
    }
}

async fn by_access_key(
    context: &Context,
    checked: CheckedRequest<'_>,
) -> Result<(Caller, Secret, Verified), ApiError> {
    let id = checked.access_key_id().to_owned();
    let token = checked.session_token().map(str::to_owned);
    if id.starts_with("ASIA") {
        let found = sts_credentials::find(context, &id, token.as_deref()).await?;
        let (secret, caller) = match found {
            Some(of_sts) => of_sts,
            None => node_credentials::find(context, &id, token.as_deref()).await?,
        };
        let verified = checked.verify(&secret).map_err(|error| refusal(&error))?;
        return Ok((caller, secret, verified));
    }
    let (key, secret, caller) = find_user(context, &id, token.as_deref()).await?;
    let verified = checked.verify(&secret).map_err(|error| refusal(&error))?;
    note_use(context, &key, verified.scope()).await?;
    Ok((caller, secret, verified))
}

/// Notes that a key was used, seldom enough that the note costs nothing.
async fn note_use(
    context: &Context,
    key: &AccessKeyRow,
    scope: &CredentialScope,
) -> Result<(), ApiError> {
    let now = context.now();
    let is_recent = |used: &KeyUse| now.saturating_sub(used.at) < limits::KEY_USE_MS;
    if key.last_use.as_ref().is_some_and(is_recent) {
        return Ok(());
    }
    let used = KeyUse {
        at: now,
        service: scope.service().to_owned(),
        region: scope.region().to_owned(),
    };
    Ok(context
        .store
        .note_key_use(&key.access_key_id, &used)
        .await?)
}

async fn by_registration_key(
    context: &Context,
    checked: CheckedRequest<'_>,
) -> Result<Caller, ApiError> {
    let unknown = || {
        ApiError::new(
            Code::UnknownAccessKey,
            "The managed node that signed the request is not registered here.",
        )
    };
    let node = NodeId::parse(checked.access_key_id()).map_err(|_| unknown())?;
    let row = context
        .store
        .node(node.as_str())
        .await?
        .ok_or_else(unknown)?;
    let key = RegistrationKey::of_der_text(&row.public_key)
        .ok_or_else(|| ApiError::internal("a stored registration key is damaged"))?;
    checked
        .verify_rsa(key.der())
        .map_err(|error| refusal(&error))?;
    Ok(Caller::node(
        context.config.scope(),
        NodeScope {
            node,
            session: None,
        },
        &row.role,
    ))
}

/// A long-term key has no session token; one that comes with it belongs to something else.
async fn find_user(
    context: &Context,
    id: &str,
    token: Option<&str>,
) -> Result<(AccessKeyRow, Secret, Caller), ApiError> {
    let unknown = || {
        ApiError::new(
            Code::UnknownAccessKey,
            "The security token included in the request is invalid.",
        )
    };
    if token.is_some() {
        return Err(unknown());
    }
    let key = context
        .store
        .access_key(id)
        .await?
        .filter(|key| key.is_active)
        .ok_or_else(unknown)?;
    let user = context
        .store
        .entity_with_id(&key.user_id)
        .await?
        .ok_or_else(unknown)?;
    let secret = unsealed(context, id, &key.secret_sealed)?;
    let bearer = Bearer {
        origin: Origin::User {
            user_id: user.id.clone(),
            key_id: Some(key.access_key_id.clone()),
        },
        issued: None,
        role: None,
    };
    let caller = bearer.caller_of(context, user).await?.ok_or_else(unknown)?;
    Ok((key, secret, caller))
}

/// The secret of the key `id`, for one comparison.
pub(super) fn unsealed(context: &Context, id: &str, sealed: &[u8]) -> Result<Secret, ApiError> {
    let secret = context.vault.unseal(id, sealed)?;
    std::str::from_utf8(&secret)
        .map(Secret::from)
        .map_err(|_| ApiError::internal("a stored secret is not text"))
}

fn refusal(error: &SigV4Error) -> ApiError {
    let code = match error.fault() {
        Fault::Missing => Code::MissingAuthenticationToken,
        Fault::Incomplete => Code::IncompleteSignature,
        Fault::Clock | Fault::Invalid => Code::SignatureMismatch,
    };
    ApiError::new(code, error.to_string())
}
