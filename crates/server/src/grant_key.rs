//! The key that signs grants: made once, kept sealed under the root key.

use usher_wire::grant::GrantKey;
use zeroize::Zeroizing;

use crate::server::ServerError;
use crate::store::Store;
use crate::vault::{Vault, VaultError};

const NAME: &str = "grant-key";
const SEED_LEN: usize = 32;

/// The grant key of this server; a new one if it has none yet.
pub(crate) async fn open(
    store: &Store,
    vault: &Vault,
    now_ms: u64,
) -> Result<GrantKey, ServerError> {
    if store.sealed_value(NAME).await?.is_none() {
        let mut seed = Zeroizing::new([0u8; SEED_LEN]);
        aws_lc_rs::rand::fill(&mut *seed).map_err(|_| VaultError::Cipher)?;
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
        store
            .insert_sealed_value(NAME, &vault.seal(NAME, &*seed)?, now)
            .await?;
    }
    // Read back what is stored, so that the key in use is the key that will be found at the next start.
    let sealed = store
        .sealed_value(NAME)
        .await?
        .ok_or(VaultError::DoesNotOpen)?;
    let seed = vault.unseal(NAME, &sealed)?;
    let seed: Zeroizing<[u8; SEED_LEN]> = Zeroizing::new(
        seed.as_slice()
            .try_into()
            .map_err(|_| VaultError::DoesNotOpen)?,
    );
    GrantKey::from_seed(&seed).map_err(|_| VaultError::DoesNotOpen.into())
}
