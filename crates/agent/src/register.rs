//! `usher-agent register`: gives the machine its identity, once.
//!
//! The activation code comes from a file or standard input, never from an argument. The grant key in
//! the answer is pinned in a file that only root writes: from then on no other key opens a login.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use usher_aws::{ActivationRegistration, CallError, Ssm};
use usher_wire::grant::GrantPublicKey;
use usher_wire::ids::{IdError, NodeId};
use usher_wire::secret::Secret;
use uuid::Uuid;

use crate::config::{Config, ConfigError};
use crate::identities::Identities;
use crate::registration::{Registration, StateDir};
use crate::service::{self, ServiceError};

/// Longer than any activation code.
const MAX_CODE: u64 = 4096;

/// Why the node is not registered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error("the activation code cannot be read: {0}")]
    Code(io::Error),
    #[error("the activation code is empty")]
    EmptyCode,
    #[error("{0}")]
    Client(#[from] ServiceError),
    #[error("{0}")]
    Authorities(#[from] ConfigError),
    #[error(
        "{0}: set `ca_file` of agent.toml to the certificate of the authority that the service's certificate is from"
    )]
    Untrusted(CallError),
    #[error("the service did not register this node: {0}")]
    Service(CallError),
    #[error("the service gave a node id that is none: {0}")]
    Node(#[from] IdError),
    #[error(
        "{0} registered this node but gave no grant key, so no login could ever be checked: it is not an Usher \
         service. Point `endpoint` at one"
    )]
    NoGrantKey(String),
    #[error("no key could be made")]
    Key,
    #[error("the registration cannot be stored: {0}")]
    Store(io::Error),
}

impl From<CallError> for RegisterError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Untrusted { .. } => Self::Untrusted(error),
            other => Self::Service(other),
        }
    }
}

/// Registers this machine and returns its id.
pub(crate) fn run(
    config: &Config,
    activation_id: &str,
    code_file: &Path,
) -> Result<NodeId, RegisterError> {
    let code = read_code(code_file)?;
    let identities = Identities::resolve().map_err(RegisterError::Store)?;
    let control = identities.map(|identities| identities.control);
    let state = StateDir::new(&config.state_dir);
    state.prepare(control).map_err(RegisterError::Store)?;

    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| RegisterError::Key)?;
    let private: Pkcs8V1Der<'_> = key.as_der().map_err(|_| RegisterError::Key)?;
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| RegisterError::Key)?;
    let fingerprint = state
        .earlier_fingerprint(control)
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    let client = service::client(
        config.authorities()?.as_deref(),
        &config.endpoint,
        &config.region,
    )?;
    let request = ActivationRegistration {
        activation_id: activation_id.to_owned(),
        activation_code: code,
        public_key: STANDARD.encode(public.as_ref()),
        public_key_type: "Rsa".to_owned(),
        fingerprint: fingerprint.clone(),
    };

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RegisterError::Store)?;
    let registered = runtime.block_on(Ssm::new(client).register(&request))?;
    let registration = Registration {
        node_id: NodeId::parse(&registered.instance_id)?,
        region: config.region.clone(),
        grant_public_key: grant_key(registered.usher.as_ref())
            .ok_or_else(|| RegisterError::NoGrantKey(config.endpoint.clone()))?,
    };
    state
        .store(&registration, private.as_ref(), &fingerprint, control)
        .map_err(RegisterError::Store)?;
    Ok(registration.node_id)
}

/// `-` is standard input. The line end of a file written by an editor is not part of the code.
fn read_code(file: &Path) -> Result<Secret, RegisterError> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().take(MAX_CODE).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_CODE).read_to_string(&mut text))
    };
    read.map_err(RegisterError::Code)?;
    let code = Secret::from(text.trim());
    zeroize::Zeroize::zeroize(&mut text);
    if code.is_empty() {
        return Err(RegisterError::EmptyCode);
    }
    Ok(code)
}

/// The key in our own member of the answer, if it is one.
fn grant_key(member: Option<&serde_json::Value>) -> Option<String> {
    let text = member?.get("GrantPublicKey")?.as_str()?;
    text.parse::<GrantPublicKey>().ok()?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_usable_grant_key_is_refused() {
        assert_eq!(grant_key(None), None);
        for json in [
            r#"{}"#,
            r#"{"GrantPublicKey":7}"#,
            r#"{"GrantPublicKey":"c2hvcnQ="}"#,
            r#"{"GrantPublicKey":"not base64"}"#,
        ] {
            let member: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(grant_key(Some(&member)), None, "{json}");
        }
    }

    #[test]
    fn an_empty_code_is_refused_and_a_line_end_is_not_part_of_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("code");
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(read_code(&path), Err(RegisterError::EmptyCode)));
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(read_code(&path).unwrap().expose(), "s3cret");
    }
}
