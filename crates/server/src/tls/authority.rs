//! The local certificate authority: TLS on a laptop before anybody has bought a certificate.
//!
//! Owns two invariants. It can vouch only for loopback and for the names it was made with (critical name constraints,
//! servers only), so that whoever trusts it risks nothing else; and its key stays in one file of mode 0600. It is made
//! once and kept, because people tell their clients to trust it; what it issues is short-lived and never on disk.

use std::fs::DirBuilder;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;

use super::{TlsError, private_file};

#[cfg(test)]
mod tests;

/// What clients must trust.
const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";
const KEY_MODE: u32 = 0o600;

/// How long an issued certificate is valid, from an hour ago: clocks differ.
const LEAF_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const BACKDATED: Duration = Duration::from_secs(60 * 60);
/// What is left of it when it is replaced.
const RENEWED_BEFORE: Duration = Duration::from_secs(10 * 24 * 60 * 60);

const ALWAYS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An opened authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Judges as a client that trusts this authority does.
    client: Arc<WebPkiServerVerifier>,
    names: Vec<String>,
}

/// A certificate that has just been issued.
pub(super) struct Issued {
    pub(super) certified: CertifiedKey,
    /// When to issue the next, in milliseconds since the Unix epoch.
    pub(super) renew_at_ms: u64,
}

impl Authority {
    /// Opens the authority in `folder`, made for loopback and `names` if there is none.
    pub(super) fn open(folder: &Path, names: &[String], now_ms: u64) -> Result<Self, TlsError> {
        let certificate = folder.join(CERTIFICATE);
        let key = open_key(folder, &certificate)?;
        if !exists(&certificate)? {
            let pem = constrained(&key, names)?.self_signed(&key)?.pem();
            private_file::write(&certificate, 0o644, pem.as_bytes())?;
        }
        let mut authority = Self {
            client: client_that_trusts(&certificate)?,
            issuer: Issuer::new(described(&key), key),
            names: ALWAYS.map(str::to_owned).to_vec(),
        };
        if !authority.can_vouch_for(&authority.names, now_ms)? {
            return Err(TlsError::AuthorityUnusable { certificate });
        }
        for name in names {
            authority.add(name, now_ms, &certificate)?;
        }
        Ok(authority)
    }

    /// A new key and certificate for all names.
    pub(super) fn issue(&self, now_ms: u64) -> Result<Issued, TlsError> {
        let key = KeyPair::generate()?;
        let chain = vec![self.sign(&self.names, &key, now_ms)?.into()];
        let secret = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|cause| TlsError::Cipher(cause.to_owned()))?;
        Ok(Issued {
            certified: CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider())?,
            renew_at_ms: now_ms
                .saturating_add(milliseconds(LEAF_LIFE.saturating_sub(RENEWED_BEFORE))),
        })
    }

    /// A name of the machine may be new since the authority was made, or be none at all; the rest still works.
    fn add(&mut self, name: &str, now_ms: u64, certificate: &Path) -> Result<(), TlsError> {
        if self
            .names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            return Ok(());
        }
        let name = name.to_owned();
        if self.can_vouch_for(std::slice::from_ref(&name), now_ms)? {
            self.names.push(name);
        } else {
            tracing::warn!(
                name,
                "the local certificate authority was not made for this name: to serve it over TLS remove {} and start \
                 again, and tell clients to trust the new file",
                certificate.display()
            );
        }
        Ok(())
    }

    /// Whether a client that trusts this authority accepts what it issues for `names`: the certificate on disk says
    /// what is permitted, and the client's verifier is who reads it.
    fn can_vouch_for(&self, names: &[String], now_ms: u64) -> Result<bool, TlsError> {
        let Ok(wanted) = names
            .iter()
            .map(|name| ServerName::try_from(name.as_str()))
            .collect::<Result<Vec<_>, _>>()
        else {
            return Ok(false);
        };
        let leaf = self.sign(names, &KeyPair::generate()?, now_ms)?;
        let now = UnixTime::since_unix_epoch(Duration::from_millis(now_ms));
        Ok(wanted.iter().all(|name| {
            self.client
                .verify_server_cert(leaf.der(), &[], name, &[], now)
                .is_ok()
        }))
    }

    fn sign(&self, names: &[String], key: &KeyPair, now_ms: u64) -> Result<Certificate, TlsError> {
        let now = UNIX_EPOCH + Duration::from_millis(now_ms);
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name = called("Usher on this machine".to_owned());
        leaf.not_before = (now - BACKDATED).into();
        leaf.not_after = (now + LEAF_LIFE).into();
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        Ok(leaf.signed_by(key, &self.issuer)?)
    }
}

/// The key is made before the certificate, so that a crash between the two is repaired by the next start.
fn open_key(folder: &Path, certificate: &Path) -> Result<KeyPair, TlsError> {
    let path = folder.join(KEY);
    if exists(&path)? {
        let bytes = private_file::read_key(&path, KEY_MODE)?;
        let no_key = |cause: String| TlsError::NoKey {
            path: path.clone(),
            cause,
        };
        let pem = std::str::from_utf8(&bytes).map_err(|error| no_key(error.to_string()))?;
        return KeyPair::from_pem(pem).map_err(|error| no_key(error.to_string()));
    }
    if exists(certificate)? {
        return Err(TlsError::AuthorityKeyMissing {
            certificate: certificate.to_owned(),
            key: path,
        });
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| TlsError::File {
        path: folder.to_owned(),
        source,
    })?;
    let key = KeyPair::generate()?;
    let pem = zeroize::Zeroizing::new(key.serialize_pem());
    private_file::write(&path, KEY_MODE, pem.as_bytes())?;
    Ok(key)
}

/// What every certificate of the authority and every signature of it have in common.
fn described(key: &KeyPair) -> CertificateParams {
    let mut authority = CertificateParams::default();
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Stores of trusted certificates confuse authorities of one name.
    let id: String = authority
        .key_identifier(key)
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    authority.distinguished_name = called(format!("Usher local authority {id}"));
    authority
}

/// What limits the authority: servers on loopback and at `names` (a host's subdomains included, for the extension
/// knows no narrower form), no mail, no further authorities.
fn constrained(key: &KeyPair, names: &[String]) -> Result<CertificateParams, TlsError> {
    let mut authority = described(key);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Trust that people gave by hand should not run out; the last year that every client can read.
    authority.not_before = rcgen::date_time_ymd(2025, 1, 1);
    authority.not_after = rcgen::date_time_ymd(2049, 12, 31);
    let loopback = [
        GeneralSubtree::DnsName("localhost".to_owned()),
        GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
            Ipv4Addr::new(127, 0, 0, 0).octets(),
            8,
        )),
        GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
            Ipv6Addr::LOCALHOST.octets(),
            128,
        )),
    ];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: loopback
            .into_iter()
            .chain(names.iter().filter_map(|name| subtree(name)))
            .collect(),
        excluded_subtrees: vec![GeneralSubtree::Rfc822Name(String::new())],
    });
    Ok(authority)
}

fn subtree(name: &str) -> Option<GeneralSubtree> {
    match ServerName::try_from(name).ok()? {
        ServerName::DnsName(name) => Some(GeneralSubtree::DnsName(name.as_ref().to_owned())),
        ServerName::IpAddress(_) => match name.parse().ok()? {
            IpAddr::V4(address) => Some(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
                address.octets(),
                32,
            ))),
            IpAddr::V6(address) => Some(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                address.octets(),
                128,
            ))),
        },
        _ => None,
    }
}

fn client_that_trusts(path: &Path) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let no_certificate = |cause: String| TlsError::NoCertificate {
        path: path.to_owned(),
        cause,
    };
    let pem = private_file::read(path)?;
    let certificate =
        CertificateDer::from_pem_slice(&pem).map_err(|error| no_certificate(error.to_string()))?;
    let mut trusted = RootCertStore::empty();
    trusted
        .add(certificate)
        .map_err(|error| no_certificate(error.to_string()))?;
    WebPkiServerVerifier::builder_with_provider(
        Arc::new(trusted),
        Arc::new(aws_lc_rs::default_provider()),
    )
    .build()
    .map_err(|error| no_certificate(error.to_string()))
}

fn called(name: String) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn exists(path: &Path) -> Result<bool, TlsError> {
    path.try_exists().map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
