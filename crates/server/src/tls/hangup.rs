//! SIGHUP: an operator's way to say that the certificate files are new, and to see in the log whether they are good.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Certificates;

/// Listens for SIGHUP from now on, and returns what reloads `certificates` at each until `stop`. A certificate of the
/// local authority has nothing to reload: then nothing is listened for, and the signal keeps its usual meaning, that
/// the terminal is gone.
pub(crate) fn reload_on_hangup(
    certificates: Certificates,
    stop: CancellationToken,
) -> io::Result<Option<impl Future<Output = ()> + Send + 'static>> {
    if !certificates.are_files() {
        return Ok(None);
    }
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(Some(async move {
        while let Some(Some(())) = stop.run_until_cancelled(hangups.recv()).await {
            let certificates = certificates.clone();
            match tokio::task::spawn_blocking(move || certificates.reload()).await {
                Ok(Ok(())) => tracing::info!("the TLS certificate was reloaded"),
                Ok(Err(error)) => {
                    tracing::error!(%error, "the TLS certificate was not reloaded: the one in use stays");
                }
                Err(error) => tracing::error!(%error, "the TLS certificate was not reloaded"),
            }
        }
    }))
}
