//! What clients accept of an authority, and what it does with its files.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::clock::Clock;
use crate::tls::Certificates;
use crate::tls::test_client::{connect, echoes, log, serve, shown};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn now() -> u64 {
    Clock::System.now_ms()
}

/// Serves what the authority in `folder` would issue for `name` if it ignored its own limits.
async fn serve_signed_by(folder: &Path, name: &str) -> SocketAddr {
    let authority = Authority::open(folder, &[], now()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = authority.sign(&names(&[name]), &key, now()).unwrap();
    let files = [folder.join("leaf.pem"), folder.join("leaf.key")];
    private_file::write(&files[0], 0o644, leaf.pem().as_bytes()).unwrap();
    private_file::write(&files[1], 0o600, key.serialize_pem().as_bytes()).unwrap();
    serve(&Certificates::from_files(&files[0], &files[1]).unwrap()).await
}

#[tokio::test]
async fn clients_that_trust_the_authority_refuse_names_outside_its_constraints() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join(CERTIFICATE);
    for name in [
        "bank.example",
        "localhost.bank.example",
        "192.0.2.1",
        "::2",
        "0.0.0.0",
    ] {
        let server = serve_signed_by(folder.path(), name).await;
        let refusal = connect(server, &ca, name).await.unwrap_err().to_string();
        assert!(
            refusal.contains("NameConstraintViolation"),
            "{name}: {refusal}"
        );
    }
    let server = serve_signed_by(folder.path(), "localhost").await;
    connect(server, &ca, "localhost").await.unwrap();
}

#[tokio::test]
async fn clients_that_trust_another_authority_refuse() {
    let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = serve(&Certificates::from_local_authority(ours.path(), &[]).unwrap()).await;
    Certificates::from_local_authority(other.path(), &[]).unwrap();
    let refusal = connect(server, &other.path().join(CERTIFICATE), "localhost")
        .await
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("UnknownIssuer"), "{refusal}");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), &[], now()).unwrap();
    let key = folder.path().join(KEY);
    for mode in [0o640, 0o604, 0o666] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let refusal = Authority::open(folder.path(), &[], now())
            .err()
            .unwrap()
            .to_string();
        assert!(
            refusal.contains("chmod 600") && refusal.contains("ca.key"),
            "{refusal}"
        );
    }
}

#[test]
fn a_lost_key_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), &[], now()).unwrap();
    fs::remove_file(folder.path().join(KEY)).unwrap();
    let refusal = Authority::open(folder.path(), &[], now()).err().unwrap();
    assert!(
        matches!(refusal, TlsError::AuthorityKeyMissing { .. }),
        "{refusal}"
    );
    assert!(!folder.path().join(KEY).exists());
}

#[test]
fn a_key_of_another_authority_is_refused() {
    let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Authority::open(ours.path(), &[], now()).unwrap();
    Authority::open(other.path(), &[], now()).unwrap();
    fs::copy(other.path().join(KEY), ours.path().join(KEY)).unwrap();
    let refusal = Authority::open(ours.path(), &[], now()).err().unwrap();
    assert!(
        matches!(refusal, TlsError::AuthorityUnusable { .. }),
        "{refusal}"
    );
}

#[test]
fn a_damaged_certificate_or_key_is_refused_by_name() {
    for file in [CERTIFICATE, KEY] {
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path(), &[], now()).unwrap();
        fs::write(folder.path().join(file), "no PEM").unwrap();
        let refusal = Authority::open(folder.path(), &[], now())
            .err()
            .unwrap()
            .to_string();
        assert!(refusal.contains(file), "{refusal}");
    }
}

#[test]
fn a_name_that_is_new_or_none_is_left_out_and_logged_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), &names(&["old.lan"]), now()).unwrap();
    let (_guard, mut lines) = log();
    let authority = Authority::open(
        folder.path(),
        &names(&["old.lan", "new.lan", "no name", ""]),
        now(),
    )
    .unwrap();
    assert_eq!(
        authority.names,
        ["localhost", "127.0.0.1", "::1", "old.lan"]
    );
    let line = lines.try_recv().unwrap();
    assert!(
        line.contains("new.lan") && line.contains("ca.pem"),
        "{line}"
    );
}

#[test]
fn the_constraints_are_critical() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), &[], now()).unwrap();
    let der = CertificateDer::from_pem_file(folder.path().join(CERTIFICATE)).unwrap();
    // RFC 5280 section 4.2.1.10: OBJECT IDENTIFIER 2.5.29.30, then BOOLEAN TRUE.
    let critical = [0x06, 0x03, 0x55, 0x1d, 0x1e, 0x01, 0x01, 0xff];
    assert!(der.windows(critical.len()).any(|bytes| bytes == critical));
}

#[tokio::test]
async fn loopback_and_the_given_names_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let given = names(&["laptop.lan", "LOCALHOST", "192.0.2.7", "2001:db8::7"]);
    let server = serve(&Certificates::from_local_authority(folder.path(), &given).unwrap()).await;
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "laptop.lan",
        "192.0.2.7",
        "2001:db8::7",
    ] {
        let mut stream = connect(server, &folder.path().join(CERTIFICATE), name)
            .await
            .unwrap();
        echoes(&mut stream).await;
    }
}

#[test]
fn the_key_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("tls");
    Authority::open(&folder, &[], now()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(KEY)), 0o600);
    let kept: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
}

#[test]
fn the_authority_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = || [CERTIFICATE, KEY].map(|file| fs::read(folder.path().join(file)).unwrap());
    Authority::open(folder.path(), &[], now()).unwrap();
    let first = files();
    Authority::open(folder.path(), &names(&["new.lan"]), now()).unwrap();
    assert_eq!(files(), first);
}

#[test]
fn a_start_that_was_cut_before_the_certificate_is_made_good() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), &[], now()).unwrap();
    let key = fs::read(folder.path().join(KEY)).unwrap();
    fs::remove_file(folder.path().join(CERTIFICATE)).unwrap();
    fs::write(folder.path().join("ca.pem.new"), "cut").unwrap();
    Authority::open(folder.path(), &[], now()).unwrap();
    assert_eq!(fs::read(folder.path().join(KEY)).unwrap(), key);
}

#[tokio::test]
async fn a_certificate_that_is_about_to_expire_is_renewed_at_the_next_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join(CERTIFICATE);
    let time = Arc::new(AtomicU64::new(
        now() - milliseconds(LEAF_LIFE - RENEWED_BEFORE) - 1,
    ));
    let clock = Clock::Set(Arc::clone(&time));
    let certificates = Certificates::from_local_authority_at(folder.path(), &[], clock).unwrap();
    let server = serve(&certificates).await;
    let first = connect(server, &ca, "localhost").await.unwrap();
    let same = connect(server, &ca, "localhost").await.unwrap();
    assert_eq!(shown(&same), shown(&first));
    time.store(now(), Ordering::Relaxed);
    let renewed = connect(server, &ca, "localhost").await.unwrap();
    assert_ne!(shown(&renewed), shown(&first));
}
