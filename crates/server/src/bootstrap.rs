//! The first identities, made by whoever holds the data directory rather than by a signed call.

use usher_wire::secret::Secret;

use crate::activations::{Terms, make_activation};
use crate::api::{Service, check_name, make_access_key};
use crate::audit;
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::fresh_id;
use crate::limits;
use crate::server::{AccessKeyPair, Activation, ServerError};
use crate::store::{EntityRow, InlinePolicyRow, Kind, Room};

/// The sealed value that says who the first administrator was.
const FIRST: &str = "first-administrator";

const POLICY_NAME: &str = "AdministratorAccess";
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The administrator `name` and its oldest key that is switched on. A user that exists keeps its policies: an
/// administrator may have narrowed them.
pub(crate) async fn admin(context: &Context, name: &str) -> Result<AccessKeyPair, ApiError> {
    let user = match context.store.entity_named(Kind::User, name).await? {
        Some(user) => user,
        None => make_admin(context, name).await?,
    };
    match context
        .store
        .access_keys_of(&user.id)
        .await?
        .into_iter()
        .find(|key| key.is_active)
    {
        Some(key) => {
            let secret = context
                .vault
                .unseal(&key.access_key_id, &key.secret_sealed)?;
            let secret = std::str::from_utf8(&secret).map_err(ApiError::internal)?;
            Ok(AccessKeyPair {
                access_key_id: key.access_key_id,
                secret_access_key: Secret::from(secret),
            })
        }
        None => make_access_key(context, &user.id).await,
    }
}

/// The first administrator and its key. Which one it was is kept for good: removing every user opens this door no
/// second time.
pub(crate) async fn first_administrator(
    context: &Context,
    name: &str,
) -> Result<AccessKeyPair, ServerError> {
    check_name("userName", name, 64)?;
    if let Some(name) = made_before(context).await? {
        return Err(ServerError::AdministratorExists { name });
    }
    let sealed = context.vault.seal(FIRST, name.as_bytes())?;
    let user = make_admin(context, name).await?;
    let key = make_access_key(context, &user.id).await?;
    context
        .store
        .insert_sealed_value(FIRST, &sealed, context.now())
        .await?;
    tracing::info!(
        user = name,
        access_key_id = key.access_key_id,
        "the first administrator was made by who holds the data"
    );
    Ok(key)
}

/// Who was the first, or any user if that is not known: a laptop's server makes its own.
async fn made_before(context: &Context) -> Result<Option<String>, ServerError> {
    if let Some(sealed) = context.store.sealed_value(FIRST).await? {
        let name = context.vault.unseal(FIRST, &sealed)?;
        return Ok(Some(String::from_utf8_lossy(&name).into_owned()));
    }
    let users = context.store.entities(Kind::User, "/", "", 1).await?;
    Ok(users.into_iter().next().map(|user| user.name))
}

async fn make_admin(context: &Context, name: &str) -> Result<EntityRow, ApiError> {
    let user = EntityRow {
        id: fresh_id("AIDA", 17)?,
        kind: Kind::User,
        boundary_id: None,
        name: name.to_owned(),
        path: "/".to_owned(),
        created: context.now(),
    };
    if !context.store.insert_entity(&user, &[]).await? {
        return Err(ApiError::internal(
            "the administrator was made by somebody else at the same time",
        ));
    }
    let policy = InlinePolicyRow {
        name: POLICY_NAME.to_owned(),
        document: POLICY.to_owned(),
    };
    match context
        .store
        .put_inline_policy(&user.id, &policy, limits::INLINE_POLICIES)
        .await?
    {
        Room::Stored => {
            let arns = [context.config.scope().arn_of(&user)];
            let details = serde_json::json!({"userName": user.name, "policyDocument": POLICY});
            audit::done_locally(context, Service::Iam, "AdministratorMade", &details, &arns)
                .await?;
            Ok(user)
        }
        Room::Full => Err(ApiError::internal(
            "the administrator's policy does not fit its limit",
        )),
    }
}

/// An activation for the machine we run on.
pub(crate) async fn activation(context: &Context, name: &str) -> Result<Activation, ApiError> {
    let terms = Terms {
        description: None,
        default_name: Some(name.to_owned()),
        registration_limit: 1,
        expires: context.now().saturating_add(limits::LOCAL_ACTIVATION_MS),
        tags: Vec::new(),
    };
    make_activation(context, terms).await
}
