//! A server as an operator runs it: from a file, over TLS and on loopback, with its root key elsewhere.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use usher_server::{Clock, ListenError, Server, Settings, TlsError};

use crate::harness::{Http, Keys};

/// What an operator has put in place.
struct Site {
    folder: TempDir,
}

impl Site {
    fn prepared() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let key = KeyPair::generate().unwrap();
        let names = vec!["usher.example".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key);
        fs::write(site.path("tls.pem"), certificate.unwrap().pem()).unwrap();
        fs::write(site.path("tls.key"), key.serialize_pem()).unwrap();
        fs::set_permissions(site.path("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
        let settings = format!(
            "public_url = \"https://usher.example\"\n\
             listen = \"127.0.0.1:0\"\n\
             listen_tls = \"127.0.0.1:0\"\n\
             certificate_file = {:?}\n\
             certificate_key_file = {:?}\n\
             data_dir = {:?}\n\
             root_key_file = {:?}\n\
             hosts = [\"bastion.lan\"]\n\
             region = \"eu-west-1\"\n\
             allowed_regions = [\"us-east-1\"]\n",
            site.path("tls.pem"),
            site.path("tls.key"),
            site.path("data"),
            site.path("root.key"),
        );
        fs::write(site.path("server.toml"), settings).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> Settings {
        Settings::load(&self.path("server.toml"), []).unwrap()
    }

    async fn serve(&self) -> Serving {
        let settings = self.settings();
        let listeners = settings.listeners().await.unwrap();
        let [tls, plain] = [0, 1].map(|at: usize| listeners[at].local_addr().unwrap());
        let server = Server::open(settings.config).await.unwrap();
        let admin = server.bootstrap_admin("admin").await.unwrap();
        let stop = CancellationToken::new();
        Serving {
            tls,
            plain,
            admin: Keys {
                id: admin.access_key_id,
                secret: admin.secret_access_key.expose().to_owned(),
                token: None,
            },
            task: tokio::spawn(server.run(listeners, stop.clone())),
            stop,
        }
    }
}

struct Serving {
    tls: SocketAddr,
    plain: SocketAddr,
    admin: Keys,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Serving {
    /// The status with which a call signed for `region` is answered.
    async fn whoami(&self, region: &str) -> u16 {
        let call = Http::post(self.plain).body("Action=GetCallerIdentity&Version=2011-06-15");
        let call = call.signed_for(&self.admin, "sts", region, Clock::System.now_ms());
        call.send().await.status
    }
}

async fn connect(server: SocketAddr, certificate: &Path) -> TlsStream<TcpStream> {
    let mut trusted = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    trusted.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = ServerName::try_from("usher.example").unwrap();
    let stream = TcpStream::connect(server).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

/// Asks for `/healthz` and returns the status line.
async fn health(stream: &mut TlsStream<TcpStream>, host: &str) -> String {
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn no_port_is_opened_without_a_certificate() {
    let site = Site::prepared();
    fs::remove_file(site.path("tls.pem")).unwrap();
    let refusal = site.settings().listeners().await.unwrap_err();
    assert!(
        matches!(refusal, ListenError::Tls(TlsError::File { .. })),
        "{refusal}"
    );
    assert!(refusal.to_string().contains("tls.pem"), "{refusal}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let site = Site::prepared();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let variable = ("USHER_SERVER_LISTEN".into(), address.clone().into());
    let settings = Settings::load(&site.path("server.toml"), [variable]).unwrap();
    let refusal = settings.listeners().await.unwrap_err().to_string();
    assert!(refusal.contains(&address), "{refusal}");
}

#[tokio::test]
async fn signatures_for_regions_that_are_not_allowed_are_refused() {
    let site = Site::prepared();
    let server = site.serve().await;
    assert_eq!(server.whoami("usher-1").await, 403);
    assert_eq!(server.whoami("eu-west-1").await, 200);
    assert_eq!(server.whoami("us-east-1").await, 200);
}

#[tokio::test]
async fn tls_and_plain_listeners_answer_under_the_same_names() {
    let site = Site::prepared();
    let server = site.serve().await;
    for (host, status) in [
        ("evil.example", 421),
        ("usher.example", 200),
        ("bastion.lan:8443", 200),
        ("localhost", 200),
    ] {
        let mut stream = connect(server.tls, &site.path("tls.pem")).await;
        let line = health(&mut stream, host).await;
        assert!(line.contains(&format!(" {status} ")), "{host}: {line}");
        let plain = Http::get(server.plain, "/healthz").without("host");
        let reply = plain.header("host", host).send().await;
        assert_eq!(reply.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_web_socket_opens_over_tls() {
    let site = Site::prepared();
    let server = site.serve().await;
    let mut stream = connect(server.tls, &site.path("tls.pem")).await;
    let request = "GET /v1/data-channel/s?role=publish_subscribe HTTP/1.1\r\nhost: usher.example\r\n\
                   connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    // A ping, masked by zeros, and the pong.
    stream.write_all(b"\x89\x80\0\0\0\0").await.unwrap();
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\x8a\x00");
}

#[tokio::test]
async fn the_root_key_is_made_outside_the_data_and_found_again() {
    let site = Site::prepared();
    let first = site.serve().await;
    first.stop.cancel();
    first.task.await.unwrap();
    let mode = fs::metadata(site.path("root.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!site.path("data/root.key").exists());
    let second = site.serve().await;
    assert_eq!(second.admin.secret, first.admin.secret);
}

#[tokio::test]
async fn a_stop_waits_for_no_client_that_is_shaking_hands_or_idle() {
    let site = Site::prepared();
    let server = site.serve().await;
    let _silent = TcpStream::connect(server.tls).await.unwrap();
    let mut idle = connect(server.tls, &site.path("tls.pem")).await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    idle.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        idle.read_buf(&mut answer).await.unwrap();
    }
    server.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(4), server.task).await;
    ended
        .expect("a stop takes less than the time that requests are given")
        .unwrap();
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
}
