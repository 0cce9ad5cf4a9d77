//! Temporary keys as STS answers them.

use serde::Serialize;
use usher_wire::secret::Secret;

use crate::codec::IsoTime;
use crate::identity::IssuedCredentials;

/// Keys, told once.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Credentials {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    expiration: IsoTime,
}

impl From<IssuedCredentials> for Credentials {
    fn from(keys: IssuedCredentials) -> Self {
        Self {
            secret_access_key: Secret::from(keys.secret_access_key.as_str()),
            session_token: Secret::from(keys.session_token.as_str()),
            access_key_id: keys.access_key_id,
            expiration: IsoTime(keys.expires_ms),
        }
    }
}
