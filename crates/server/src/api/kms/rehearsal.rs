//! Whether a use of a key would succeed, asked without making or opening anything.

use std::collections::BTreeMap;

use super::permitted::{Wish, permitted};
use super::wire::{encryption_context, refusal};
use crate::context::Context;
use crate::error::ApiError;
use crate::identity::Caller;
use crate::keys::{self, GrantOperation};

/// Asks what the operation itself would: whether `caller` may do it with the key that `key_id` names, in the encryption
/// context of `pairs`, and whether the key can be used now.
///
/// # Errors
/// The error that the operation would answer with.
pub(crate) async fn rehearse(
    context: &Context,
    caller: &Caller,
    key_id: &str,
    operation: GrantOperation,
    pairs: BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let encryption = encryption_context(Some(pairs))?;
    let wish = Wish::to(operation, Some(&encryption));
    let key = permitted(context, caller, key_id, wish).await?;
    keys::usable(&key).map_err(|error| refusal(context, &key, error))
}
