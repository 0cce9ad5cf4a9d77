//! Opening the client's side of a session: dial, optionally sign, say who we are. First with the token we were
//! given; after a loss with a new one from ResumeSession, and where nobody can ask for one, with the old one.
//!
//! Attempts and pauses are AWS's (client of 1.2.677.0): six more tries, the pause a random 100 to 199 ms that
//! doubles up to five seconds. What AWS's client does not have: a refusal ends it at once, and a lost connection
//! is sought for minutes, because laptops sleep.

use std::time::{Duration, Instant};

use usher_aws::{ConnectError, Identity, Socket, UpgradeSigner, connect};
use usher_wire::message::OpenDataChannel;
use usher_wire::secret::Secret;
use usher_wire::version::CLIENT_VERSION;
use uuid::Uuid;

use super::Session;
use crate::error::Error;
use crate::reach::Reach;

/// Tries after the first one.
const MORE_TRIES: u32 = 6;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a lost connection is sought.
pub(super) const SEEK_FOR: Duration = Duration::from_secs(10 * 60);

/// How a session is opened, as often as needed.
#[derive(Debug)]
pub(super) struct Opening {
    session: Session,
    reach: Reach,
    /// The same for every connection of this process: the server binds the session to it.
    client_id: Uuid,
    first_pause: Duration,
}

/// What became of a lost connection.
#[derive(Debug)]
pub(super) enum Reopened {
    /// It is back.
    Connected(Box<Socket>),
    /// The session is over.
    TimedOut,
    /// It could not be made again.
    Failed(String),
}

impl Opening {
    pub(super) fn new(session: Session, reach: Reach) -> Self {
        let client_id = Uuid::new_v4();
        let random = client_id.as_bytes().first().copied().unwrap_or(0);
        let first_pause = Duration::from_millis(100 + u64::from(random % 100));
        Self {
            session,
            reach,
            client_id,
            first_pause,
        }
    }

    /// The session's id.
    pub(super) fn session(&self) -> &str {
        &self.session.id
    }

    /// The node's id.
    pub(super) fn target(&self) -> &str {
        &self.session.target
    }

    /// How the API is reached, and as whom.
    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The first connection, with the token we were given.
    pub(super) async fn first(&self) -> Result<Socket, ConnectError> {
        let mut tried = 0;
        loop {
            match self
                .dial(&self.session.stream_url, &self.session.token)
                .await
            {
                Err(error) if error.is_passing() && tried < MORE_TRIES => tried += 1,
                result => return result,
            }
            tokio::time::sleep(self.pause(tried)).await;
        }
    }

    /// Another connection after one was lost. `tried` counts the losses since anything was received, so that a
    /// server that hangs up at once is not called without a pause.
    pub(super) async fn again(&self, mut tried: u32) -> Reopened {
        let started = Instant::now();
        loop {
            if tried > 0 {
                tokio::time::sleep(self.pause(tried)).await;
            }
            let cause = match self.try_again().await {
                Ok(reopened) => return reopened,
                Err(cause) => cause,
            };
            tried += 1;
            if started.elapsed() > SEEK_FOR {
                return Reopened::Failed(cause);
            }
        }
    }

    /// One round: a new token and a connection with it. An error is worth another round.
    async fn try_again(&self) -> Result<Reopened, String> {
        let (url, token) = match self.reach.resume(&self.session.id).await {
            None => (self.session.stream_url.clone(), self.session.token.clone()),
            Some(Err(error)) if error.is_passing() => return Err(error.to_string()),
            Some(Err(error)) => return Ok(Reopened::Failed(error.to_string())),
            Some(Ok(resumed)) => match resumed.token_value.filter(|token| !token.is_empty()) {
                None => return Ok(Reopened::TimedOut),
                Some(token) => (
                    resumed
                        .stream_url
                        .unwrap_or_else(|| self.session.stream_url.clone()),
                    token,
                ),
            },
        };
        match self.dial(&url, &token).await {
            Ok(socket) => Ok(Reopened::Connected(Box::new(socket))),
            Err(error) if error.is_passing() => Err(error.to_string()),
            Err(error) => Ok(Reopened::Failed(error.to_string())),
        }
    }

    /// Ends the session as its owner.
    pub(super) async fn terminate(&self) -> Result<(), Error> {
        let credentials = self.reach.credentials().await?;
        let identity = Identity::Keys(&credentials);
        self.reach
            .ssm()
            .terminate_session(identity, &self.session.id)
            .await?;
        Ok(())
    }

    async fn dial(&self, url: &str, token: &Secret) -> Result<Socket, ConnectError> {
        let credentials = self.reach.upgrade_credentials().await;
        let region = self.reach.region();
        let signer = credentials.as_ref().map(|credentials| UpgradeSigner {
            credentials,
            region,
        });
        let url = self.reach.ssm().client().endpoint().dialled(url);
        let mut socket = connect(&url, signer, self.reach.trust()).await?;
        // A socket that fails on its first message says so, with its cause, when it is read.
        let _ = socket.feed_text(&self.open_text(token));
        Ok(socket)
    }

    fn open_text(&self, token: &Secret) -> String {
        let open = OpenDataChannel {
            message_schema_version: "1.0".to_owned(),
            request_id: Uuid::new_v4().to_string(),
            token_value: token.clone(),
            client_id: self.client_id.to_string(),
            client_version: Some(CLIENT_VERSION.to_owned()),
            client_instance_id: None,
        };
        serde_json::to_string(&open).unwrap_or_default()
    }

    fn pause(&self, tried: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(1 << tried.saturating_sub(1).min(16));
        doubled.min(LONGEST_PAUSE)
    }
}
