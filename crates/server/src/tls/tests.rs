//! Replacing certificates under a running server, over real sockets.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::test_client::{connect, echoes, log, serve, shown};
use super::*;

/// An operator's two files; the certificate is its own authority.
struct Files {
    folder: TempDir,
}

impl Files {
    fn issued() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.issue();
        files
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("usher.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("usher.key")
    }

    /// Puts a new pair in place of the old one, the certificate first.
    fn issue(&self) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["usher.example".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        private_file::write(&self.certificate(), 0o644, certificate.pem().as_bytes()).unwrap();
        private_file::write(&self.key(), 0o600, key.serialize_pem().as_bytes()).unwrap();
    }

    fn load(&self) -> Result<Certificates, TlsError> {
        Certificates::from_files(&self.certificate(), &self.key())
    }

    /// What a client that trusts the file as it is now is shown.
    async fn shown_by(&self, server: SocketAddr) -> Vec<u8> {
        let mut stream = connect(server, &self.certificate(), "usher.example")
            .await
            .unwrap();
        echoes(&mut stream).await;
        shown(&stream).to_vec()
    }
}

fn refusal(files: &Files) -> String {
    files.load().unwrap_err().to_string()
}

#[test]
fn files_that_cannot_be_used_are_refused_by_name() {
    let files = Files::issued();
    fs::remove_file(files.key()).unwrap();
    assert!(refusal(&files).contains("usher.key"));

    let files = Files::issued();
    fs::write(files.certificate(), "").unwrap();
    assert!(
        refusal(&files).contains("usher.pem holds no certificate"),
        "{}",
        refusal(&files)
    );

    let files = Files::issued();
    fs::write(files.key(), fs::read(files.certificate()).unwrap()).unwrap();
    assert!(
        refusal(&files).contains("usher.key holds no private key"),
        "{}",
        refusal(&files)
    );

    let (files, other) = (Files::issued(), Files::issued());
    fs::copy(other.key(), files.key()).unwrap();
    assert!(
        matches!(files.load(), Err(TlsError::NotAPair { .. })),
        "{}",
        refusal(&files)
    );

    let files = Files::issued();
    fs::write(files.certificate(), vec![b'-'; 2 * 1024 * 1024]).unwrap();
    assert!(
        matches!(files.load(), Err(TlsError::TooLarge { .. })),
        "{}",
        refusal(&files)
    );
}

#[test]
fn a_key_that_everybody_may_read_or_a_group_may_change_is_refused() {
    let files = Files::issued();
    for (mode, refused) in [
        (0o604, true),
        (0o660, true),
        (0o644, true),
        (0o640, false),
        (0o400, false),
    ] {
        fs::set_permissions(files.key(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            matches!(files.load(), Err(TlsError::KeyExposed { .. })),
            refused,
            "{mode:o}"
        );
    }
    fs::set_permissions(files.key(), Permissions::from_mode(0o604)).unwrap();
    assert!(refusal(&files).contains("chmod 640"), "{}", refusal(&files));
}

#[tokio::test]
async fn a_broken_new_file_keeps_the_certificate_in_use() {
    let files = Files::issued();
    let good = files.folder.path().join("good.pem");
    fs::copy(files.certificate(), &good).unwrap();
    let server = serve(&files.load().unwrap()).await;
    for broken in [
        "",
        "no PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        fs::write(files.certificate(), broken).unwrap();
        connect(server, &good, "usher.example").await.unwrap();
    }
    fs::remove_file(files.certificate()).unwrap();
    fs::remove_file(files.key()).unwrap();
    connect(server, &good, "usher.example").await.unwrap();
    // And it is over as soon as the files are good again.
    files.issue();
    files.shown_by(server).await;
}

#[test]
fn a_broken_new_file_is_logged_once_with_its_cause() {
    let files = Files::issued();
    let certificates = files.load().unwrap();
    let (_guard, mut lines) = log();
    certificates.refresh();
    assert!(lines.try_recv().is_err(), "nothing has changed yet");
    fs::write(files.key(), "no PEM").unwrap();
    certificates.refresh();
    certificates.refresh();
    let line = lines.try_recv().unwrap();
    assert!(
        line.starts_with("ERROR") && line.contains("usher.key holds no private key"),
        "{line}"
    );
    assert!(lines.try_recv().is_err(), "one line for one change");
}

#[tokio::test]
async fn a_new_pair_serves_new_connections_while_old_ones_live() {
    let files = Files::issued();
    let server = serve(&files.load().unwrap()).await;
    let mut old = connect(server, &files.certificate(), "usher.example")
        .await
        .unwrap();
    echoes(&mut old).await;
    files.issue();
    assert_ne!(files.shown_by(server).await, shown(&old).to_vec());
    echoes(&mut old).await;
}

#[tokio::test]
async fn a_handshake_between_the_two_halves_of_a_replacement_shows_the_old_certificate() {
    let (files, next) = (Files::issued(), Files::issued());
    let old = files.folder.path().join("old.pem");
    fs::copy(files.certificate(), &old).unwrap();
    let server = serve(&files.load().unwrap()).await;
    fs::copy(next.certificate(), files.certificate()).unwrap();
    connect(server, &old, "usher.example").await.unwrap();
    fs::copy(next.key(), files.key()).unwrap();
    files.shown_by(server).await;
}

#[tokio::test]
async fn a_hangup_reloads_the_files_and_says_whether_they_are_good() {
    let files = Files::issued();
    let stop = CancellationToken::new();
    let (_guard, mut lines) = log();
    let reloading = reload_on_hangup(files.load().unwrap(), stop.clone())
        .unwrap()
        .unwrap();
    let reloading = tokio::spawn(reloading);
    let hang_up = || {
        assert!(
            Command::new("sh")
                .args(["-c", "kill -HUP $0", &std::process::id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    };

    hang_up();
    let line = lines.recv().await.unwrap();
    assert!(line.contains("was reloaded"), "{line}");

    fs::write(files.certificate(), "no PEM").unwrap();
    hang_up();
    let line = lines.recv().await.unwrap();
    assert!(
        line.contains("not reloaded") && line.contains("usher.pem holds no certificate"),
        "{line}"
    );

    stop.cancel();
    reloading.await.unwrap();
}

#[test]
fn a_hangup_keeps_its_usual_meaning_where_there_is_nothing_to_reload() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::from_local_authority(folder.path(), &[]).unwrap();
    assert!(
        reload_on_hangup(certificates, CancellationToken::new())
            .unwrap()
            .is_none()
    );
}
