//! The two operations of KMS that an encrypted session needs: the client has a data key made, the agent has it decrypted.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use usher_wire::encryption::DATA_KEY_LEN;
use usher_wire::secret::Secret;
use zeroize::Zeroizing;

use crate::call::Service;
use crate::{CallError, Endpoint, Identity, JsonClient};

/// How the service is called (control-plane.md 1).
const KMS: Service = Service {
    signing_name: "kms",
    target: "TrentService",
};

/// KMS at one endpoint.
#[derive(Debug, Clone)]
pub struct Kms {
    client: JsonClient,
}

/// A key that KMS made, and what only KMS can make it of again.
pub struct DataKey {
    /// 64 bytes.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// For the other end.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    plaintext: Secret,
    #[serde(default)]
    ciphertext_blob: String,
}

impl Kms {
    /// KMS through `client`.
    #[must_use]
    pub fn new(client: JsonClient) -> Self {
        Self { client }
    }

    /// Where the calls go.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// Has a data key of 64 bytes made under the key that `key_id` names, bound to `context`.
    ///
    /// # Errors
    /// The service's refusal, or what kept it from answering.
    pub async fn generate_data_key(
        &self,
        identity: Identity<'_>,
        key_id: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<DataKey, CallError> {
        let input =
            json!({"KeyId": key_id, "NumberOfBytes": DATA_KEY_LEN, "EncryptionContext": context});
        let operation = "GenerateDataKey";
        let answer: Answer = self
            .client
            .call_service(KMS, identity, operation, &input)
            .await?;
        Ok(DataKey {
            plaintext: Zeroizing::new(self.bytes(answer.plaintext.expose())?),
            ciphertext: self.bytes(&answer.ciphertext_blob)?,
        })
    }

    /// Has a data key decrypted that was made under the key that `key_id` names and bound to `context`.
    ///
    /// # Errors
    /// `InvalidCiphertextException` for another context, `IncorrectKeyException` for another key.
    pub async fn decrypt(
        &self,
        identity: Identity<'_>,
        key_id: &str,
        ciphertext: &[u8],
        context: &BTreeMap<String, String>,
    ) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let blob = STANDARD.encode(ciphertext);
        let input = json!({"KeyId": key_id, "CiphertextBlob": blob, "EncryptionContext": context});
        let answer: Answer = self
            .client
            .call_service(KMS, identity, "Decrypt", &input)
            .await?;
        Ok(Zeroizing::new(self.bytes(answer.plaintext.expose())?))
    }

    fn bytes(&self, base64: &str) -> Result<Vec<u8>, CallError> {
        STANDARD
            .decode(base64)
            .map_err(|_| self.client.senseless("a key in it is no base64"))
    }
}
