//! An OpenID Connect provider as far as a relying party sees it: a discovery document, keys, and tokens signed with them.
//! The real one is in the end-to-end tests; this one also lies.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A key with its public half.
pub(crate) struct SigningKey {
    pkcs8: Vec<u8>,
    jwk: Value,
    id: String,
}

impl SigningKey {
    pub(crate) fn new(id: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        Self {
            pkcs8: pkcs8.as_ref().to_vec(),
            jwk: json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id, "x": text(x), "y": text(y)}),
            id: id.to_owned(),
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

/// The running provider.
pub(crate) struct Provider {
    /// Its address, which is its name.
    pub(crate) issuer: String,
    answers: Arc<Mutex<Answers>>,
}

#[derive(Default)]
struct Answers {
    discovery: Value,
    keys: Vec<Value>,
    asked: usize,
}

impl Provider {
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let discovery = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")});
        let answers = Arc::new(Mutex::new(Answers {
            discovery,
            ..Answers::default()
        }));
        tokio::spawn(serve(listener, Arc::clone(&answers)));
        let provider = Self { issuer, answers };
        provider.publish(keys);
        provider
    }

    /// Exchanges the keys.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        self.answers.lock().unwrap().keys = keys.iter().map(|key| key.jwk.clone()).collect();
    }

    /// Says of itself what is not so.
    pub(crate) fn claims_to_be(&self, discovery: Value) {
        self.answers.lock().unwrap().discovery = discovery;
    }

    /// How often anything was asked.
    pub(crate) fn asked(&self) -> usize {
        self.answers.lock().unwrap().asked
    }

    /// Its name in ARNs and condition keys.
    pub(crate) fn name(&self) -> &str {
        self.issuer.strip_prefix("http://").unwrap()
    }
}

async fn serve(listener: TcpListener, answers: Arc<Mutex<Answers>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        let body = {
            let mut answers = answers.lock().unwrap();
            answers.asked += 1;
            match String::from_utf8_lossy(&head).contains(" /realm/keys ") {
                true => json!({ "keys": answers.keys }).to_string(),
                false => answers.discovery.to_string(),
            }
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}
