//! Making an activation, and judging whoever presents one.
//!
//! Owns the rule that a refusal does not say which of id, code, expiry or count was wrong to
//! somebody who does not hold the code.

use usher_wire::secret::Secret;

use crate::context::Context;
use crate::error::{ApiError, Code};
use crate::identity::{Alphabet, digest, fresh, same_digest};
use crate::server::Activation;
use crate::store::{ActivationRow, TagRow};

/// The one role a node can have, with its path. It comes with the server and has no policies: what
/// a node may do is fixed (it acts only as itself).
pub(crate) const NODE_ROLE: &str = "service-role/UsherManagedNode";
/// The same without its path.
pub(crate) const NODE_ROLE_NAME: &str = "UsherManagedNode";

/// 100 bits; the agent's SDK refuses fewer than 20 characters.
const CODE_LETTERS: usize = 20;

/// What an activation is good for.
#[derive(Debug)]
pub(crate) struct Terms {
    /// For people.
    pub(crate) description: Option<String>,
    /// The name of its nodes.
    pub(crate) default_name: Option<String>,
    /// How many nodes.
    pub(crate) registration_limit: i64,
    /// Milliseconds since the epoch.
    pub(crate) expires: i64,
    /// Tags of its nodes.
    pub(crate) tags: Vec<TagRow>,
}

/// Stores an activation and returns it with its code, which is not stored.
pub(crate) async fn make_activation(
    context: &Context,
    terms: Terms,
) -> Result<Activation, ApiError> {
    let code = fresh(Alphabet::Base32, CODE_LETTERS)?;
    let row = ActivationRow {
        activation_id: uuid::Uuid::new_v4().to_string(),
        code_hash: digest(&code),
        role: NODE_ROLE.to_owned(),
        description: terms.description,
        default_name: terms.default_name,
        registration_limit: terms.registration_limit,
        registrations: 0,
        expires: terms.expires,
        created: context.now(),
    };
    context.store.insert_activation(&row, &terms.tags).await?;
    Ok(Activation {
        id: row.activation_id,
        code: Secret::from(code.as_str()),
    })
}

/// The activation that `id` and `code` open. Whether it still has time and room is asked again, and
/// bindingly, when the node is stored.
pub(crate) async fn open_activation(
    context: &Context,
    id: &str,
    code: &str,
) -> Result<ActivationRow, ApiError> {
    match context.store.activation(id).await? {
        Some(row) if same_digest(code, &row.code_hash) => Ok(row),
        _ => Err(ApiError::new(
            Code::InvalidActivation,
            "The activation ID and activation code are not valid together. Create a new activation if the code is lost.",
        )),
    }
}

/// For a holder of the right code whose activation has run out.
pub(crate) fn run_out(row: &ActivationRow, now: i64) -> ApiError {
    let why = match row.expires <= now {
        true => "has expired",
        false => "has registered as many nodes as it is good for",
    };
    ApiError::new(
        Code::InvalidActivation,
        format!(
            "The activation {} {why}. Create a new one.",
            row.activation_id
        ),
    )
}
