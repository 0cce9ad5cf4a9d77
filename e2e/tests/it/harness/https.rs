//! One plain request, over TLS or not, with any head: what a browser would be made to send, and a certificate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Sends the head, whose lines end with `\n` here, to `address` and hands back the status line.
pub(crate) fn plain(address: &str, head: &str) -> String {
    exchange(TcpStream::connect(address).unwrap(), head)
}

/// The same over TLS, trusting the certificates in the file alone.
pub(crate) fn tls(address: &str, trusted: &Path, head: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let host = address.rsplit_once(':').unwrap().0.to_owned();
    let name = ServerName::try_from(host).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    exchange(
        StreamOwned::new(connection, TcpStream::connect(address).unwrap()),
        head,
    )
}

fn exchange(mut stream: impl Read + Write, head: &str) -> String {
    let head = format!("{}\r\n\r\n", head.trim_end().replace('\n', "\r\n"));
    stream.write_all(head.as_bytes()).unwrap();
    // The connection may stay open after the answer: no more than the first line is read.
    let mut line = Vec::new();
    let _ = BufReader::new(stream).read_until(b'\n', &mut line);
    String::from_utf8_lossy(&line).trim_end().to_owned()
}
