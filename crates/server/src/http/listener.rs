//! Accepts connections until told to stop, then lets open requests end.
//!
//! Owns two limits: how many connections are open, and how long a head may take to arrive.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits;

/// Where a request came from: an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves `routes` until `stop`, then waits for open requests for at most [`limits::STOP_TIME`].
pub(crate) async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let ended = Arc::new(Notify::new());
    loop {
        // The place is taken before the connection: what we cannot serve stays in the kernel's queue.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async {
                let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((place, listener.accept().await?))
            } => accepted,
        };
        match accepted {
            Ok((place, (stream, address))) => {
                let connection = connection(stream, Peer(address), routes.clone(), stop.clone());
                let ended = Arc::clone(&ended);
                connections.spawn(async move {
                    connection.await;
                    drop(place);
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
    if tokio::time::timeout(limits::STOP_TIME, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("requests that did not end in time were cut");
    }
}

async fn connection(stream: TcpStream, peer: Peer, routes: Router, stop: CancellationToken) {
    // Keystrokes are small and must not wait for company.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(routes.layer(Extension(peer)));
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
            connection.await
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
