//! Accepts connections until told to stop, then lets open requests end.
//!
//! Owns three limits: how many connections are open, how many of them one address has, and how long a head may take to
//! arrive. Plain and TLS connections differ in their handshake only, and those of a proxy in what comes before it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::tunnel::{Names, open};
use crate::limits;
use crate::per_address::{PerAddress, Place};
use crate::tls::{Acceptor, Certificates, TlsError, reload_on_hangup};

/// Where a request came from: an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Whether a request came over TLS, which this server itself ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverTls(pub(crate) bool);

/// A socket that is listened on, and what is spoken there.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Acceptor>,
    /// Whom `CONNECT` must ask for before TLS begins; none: TLS begins at once.
    tunnel: Option<Names>,
}

impl Listener {
    /// Plain HTTP; only for sockets on loopback.
    pub fn plain(socket: TcpListener) -> Self {
        Self {
            socket,
            tls: None,
            tunnel: None,
        }
    }

    /// HTTP over TLS, with the certificate that `certificates` has at each handshake.
    ///
    /// # Errors
    /// If the cryptographic library refuses to work.
    pub fn tls(socket: TcpListener, certificates: Certificates) -> Result<Self, TlsError> {
        let tls = Some(Acceptor::new(certificates)?);
        Ok(Self {
            socket,
            tls,
            tunnel: None,
        })
    }

    /// As [`Listener::tls`], for clients that reach it as their proxy by one of these names.
    pub(crate) fn tunnel(
        socket: TcpListener,
        certificates: Certificates,
        names: Names,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            tunnel: Some(names),
            ..Self::tls(socket, certificates)?
        })
    }

    /// What an address of this listener begins with: `http` or `https`. One that is a proxy is called by `http`.
    pub fn scheme(&self) -> &'static str {
        match (&self.tls, &self.tunnel) {
            (Some(_), None) => "https",
            _ => "http",
        }
    }

    /// Where it listens, with the port that the system chose if it was told to.
    ///
    /// # Errors
    /// If the system does not know.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// The places that open connections take. One for all listeners: memory is one, too.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    addresses: PerAddress,
    /// They speak for many, so that their connections are not counted by address.
    proxies: Vec<IpNet>,
}

impl Room {
    /// An empty one.
    pub(crate) fn new(proxies: &[IpNet]) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits::CONNECTIONS)),
            addresses: PerAddress::new(limits::CONNECTIONS_PER_ADDRESS),
            proxies: proxies.to_vec(),
        }
    }

    /// The address's own place beside the common one; none: it has too many.
    fn admit(&self, address: IpAddr) -> Option<Option<Place>> {
        let address = address.to_canonical();
        if self
            .proxies
            .iter()
            .any(|network| network.contains(&address))
        {
            return Some(None);
        }
        self.addresses.admit(address).map(Some)
    }
}

/// Serves `routes` until `stop`, then until open requests have ended or were cut after [`limits::STOP_TIME`].
pub(crate) async fn serve(
    listener: Listener,
    routes: Router,
    room: Arc<Room>,
    stop: CancellationToken,
) {
    let Listener {
        socket,
        tls,
        tunnel,
    } = listener;
    let connections = TaskTracker::new();
    if let Some(tls) = &tls {
        watch_hangups(tls, &connections, &stop);
    }
    let ended = Arc::new(Notify::new());
    loop {
        // The place is taken before the connection: what we cannot serve stays in the kernel's queue.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async {
                let place = Arc::clone(&room.places).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((place, socket.accept().await?))
            } => accepted,
        };
        match accepted {
            Ok((place, (stream, address))) => {
                let Some(own_place) = room.admit(address.ip()) else {
                    tracing::warn!(peer = %address, "closed: the address has too many connections");
                    continue;
                };
                let connection = connection(
                    stream,
                    tunnel.clone(),
                    tls.clone(),
                    Peer(address),
                    routes.clone(),
                    stop.clone(),
                );
                let ended = Arc::clone(&ended);
                connections.spawn(async move {
                    connection.await;
                    drop((place, own_place));
                    ended.notify_one();
                });
            }
            Err(error) if belongs_to_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: accepting again makes sense once something was given back.
                tracing::error!(%error, "no connection can be accepted for now");
                let _ = tokio::time::timeout(limits::ACCEPT_PAUSE, ended.notified()).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

fn watch_hangups(tls: &Acceptor, tasks: &TaskTracker, stop: &CancellationToken) {
    match reload_on_hangup(tls.certificates(), stop.clone()) {
        Ok(Some(reloading)) => drop(tasks.spawn(reloading)),
        Ok(None) => {}
        // The files are looked at before every handshake in any case.
        Err(error) => tracing::warn!(%error, "SIGHUP will not reload the TLS certificate"),
    }
}

async fn connection(
    mut stream: TcpStream,
    tunnel: Option<Names>,
    tls: Option<Acceptor>,
    peer: Peer,
    routes: Router,
    stop: CancellationToken,
) {
    // Keystrokes are small and must not wait for company.
    let _ = stream.set_nodelay(true);
    if let Some(names) = &tunnel {
        match stop.run_until_cancelled(open(&mut stream, names)).await {
            Some(Ok(true)) => {}
            Some(Ok(false)) | None => return,
            Some(Err(error)) => return tracing::debug!(peer = %peer.0, %error, "no CONNECT"),
        }
    }
    let Some(tls) = tls else {
        return speak(stream, peer, OverTls(false), routes, stop).await;
    };
    match stop.run_until_cancelled(tls.accept(stream)).await {
        Some(Ok(stream)) => speak(stream, peer, OverTls(true), routes, stop).await,
        Some(Err(error)) => tracing::debug!(peer = %peer.0, %error, "no TLS"),
        None => {}
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    over_tls: OverTls,
    routes: Router,
    stop: CancellationToken,
) {
    let routes = routes.layer(Extension(peer)).layer(Extension(over_tls));
    let service = TowerToHyperService::new(routes);
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(limits::STOP_TIME, connection).await {
                Ok(ended) => ended,
                Err(_) => return tracing::warn!(peer = %peer.0, "a request that did not end in time was cut"),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %peer.0, %error, "connection ended");
    }
}

/// These say that one client went away; others concern everybody.
fn belongs_to_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
