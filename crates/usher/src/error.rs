//! Everything that can keep a command from doing its work, with the sentence a person reads and, where there is
//! one, the hint that helps. Which exit status it becomes is decided in `exit.rs`.

use std::io::{self, Write};

use usher_aws::{CallError, ConnectError, CredentialError, ProfileError};

use crate::client::Listen;
use crate::cp::CpError;
use crate::dev::DevError;
use crate::server::ServeError;
use crate::sign_in::SignInError;
use crate::target::TargetError;
use crate::text::printable;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Region or endpoint.
    #[error(transparent)]
    Caller(#[from] ProfileError),
    /// Nobody to sign as.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// A call of the API failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The name of a node led nowhere, or to several.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The session's data channel could not be opened.
    #[error("the session's data channel could not be opened: {0}")]
    Connect(#[from] ConnectError),
    /// The data channel broke and could not be opened again.
    #[error("the connection to session {session} was lost and could not be made again: {cause}")]
    Lost {
        /// The session.
        session: String,
        /// The last thing that went wrong.
        cause: String,
    },
    /// The person gave up while there was no connection.
    #[error("session {session} was left while its connection was down")]
    Left {
        /// The session.
        session: String,
    },
    /// The service ended the session before its shell ended.
    #[error("{}", ended_sentence(.session, .reason))]
    Ended {
        /// The session.
        session: String,
        /// The service's sentence, which may be empty.
        reason: String,
    },
    /// The session was over when it should have been taken up again.
    #[error("session {session} has timed out")]
    TimedOut {
        /// The session.
        session: String,
    },
    /// The peer broke the protocol, or somebody between did.
    #[error("the session was ended: {0}")]
    Peer(#[from] usher_wire::data_channel::PeerError),
    /// KMS made no data key for an encrypted session.
    #[error(
        "the session is to be encrypted with the KMS key {key}, and kms:GenerateDataKey at {endpoint} fails: {cause}"
    )]
    NoKey {
        /// As the node named it.
        key: String,
        /// Where KMS is.
        endpoint: String,
        /// What it answered.
        cause: CallError,
    },
    /// KMS does not decrypt the data key of a recorded session.
    #[error(
        "the session was encrypted with the KMS key {key}, and kms:Decrypt of its data key at {endpoint} fails: {cause}"
    )]
    SealedRecording {
        /// As the node named it.
        key: String,
        /// Where KMS is.
        endpoint: String,
        /// What it answered.
        cause: CallError,
    },
    /// A recording of what travelled is not what the session's ends sent.
    #[error("the recording cannot be read: {0}")]
    Unseal(#[from] usher_wire::sealed_recording::UnsealError),
    /// A line of one is none.
    #[error("the recording cannot be read: a line of it makes no sense")]
    SenselessRecording,
    /// No nonce could be drawn.
    #[error(transparent)]
    Random(#[from] usher_aws::NoRandomness),
    /// What the session prints cannot be written.
    #[error("the session's output cannot be written: {0}")]
    Output(#[source] io::Error),
    /// A forward has nowhere to listen.
    #[error("cannot listen on {listen}: {cause}")]
    Listen {
        /// Where it was to listen.
        listen: Listen,
        /// What the system answered.
        cause: io::Error,
    },
    /// The document names a local port that is none.
    #[error("the session document names a local port that is no number from 0 to 65535")]
    NoLocalPort,
    /// An agent that carries one connection at a time.
    #[error(
        "the node's agent ({0}) is too old to forward ports with this client: 3.0.196.1 or newer is needed"
    )]
    OldAgent(String),
    /// Files were not copied, or not all of them.
    #[error(transparent)]
    Cp(#[from] CpError),
    /// The node serves something else than files.
    #[error("the node's end of the session copies no files")]
    NoCopy,
    /// A copy's document, held as a session.
    #[error("sessions of this document copy files: use usher cp")]
    OnlyCopies,
    /// Terminal, signals or the runtime.
    #[error("the terminal cannot be set up: {0}")]
    Terminal(#[source] io::Error),
    /// AWS's command handed over something else than a StartSession answer.
    #[error("the StartSession response has no {0}")]
    IncompleteResponse(&'static str),
    /// Single sign-on.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// `usher dev`.
    #[error(transparent)]
    Dev(#[from] DevError),
    /// `usher server` and `usher admin`.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Error {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Caller(ProfileError::NoRegion) => {
                "set AWS_REGION or give --region; Usher's own default is usher-1"
            }
            Self::Caller(ProfileError::Endpoint(_)) => {
                "give --endpoint-url or AWS_ENDPOINT_URL as http://HOST:PORT"
            }
            Self::Credentials(_) => {
                "sign in with `usher login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::Call(error) => return call_hint(error),
            Self::NoKey {
                cause: CallError::Unreachable { .. } | CallError::TimedOut { .. },
                ..
            } => "AWS_ENDPOINT_URL_KMS says where KMS is, where it is not beside SSM",
            Self::Target(TargetError::Ambiguous { .. }) => "name the node by its id",
            Self::Target(TargetError::Unknown(_)) => "`usher nodes` lists the nodes you may see",
            Self::Connect(ConnectError::Unreachable { .. } | ConnectError::TimedOut { .. }) => {
                "the address comes from the server's own public URL: it must be reachable from here"
            }
            Self::Connect(ConnectError::Untrusted { .. }) => TRUST_HINT,
            Self::Lost { .. } | Self::Left { .. } => {
                "what runs in the session goes on until its idle timeout; `aws ssm terminate-session` ends it now"
            }
            Self::Cp(error) => return error.hint().map(str::to_owned),
            Self::SignIn(error) => return error.hint(),
            Self::Dev(error) => return error.hint(),
            Self::Serve(error) => return error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Message, blank line, hint: on standard error, which may be gone.
    pub(crate) fn report(&self) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "usher: {}", printable(&self.to_string()));
        if let Some(hint) = self.hint() {
            let _ = writeln!(stderr, "\nhint: {hint}");
        }
    }
}

fn ended_sentence(session: &str, reason: &str) -> String {
    if reason.is_empty() {
        format!("session {session} was ended from outside")
    } else {
        reason.to_owned()
    }
}

/// AWS's names for it, so that one setting serves the `aws` command and ours.
const TRUST_HINT: &str = "name the certificate of the server's authority with --ca-bundle, AWS_CA_BUNDLE or SSL_CERT_FILE";

pub(crate) fn call_hint(error: &CallError) -> Option<String> {
    let hint = match (error.code(), error) {
        (Some("TargetNotConnected"), _) => "`usher nodes` shows which nodes are online",
        (Some("UnrecognizedClientException" | "InvalidSignatureException"), _) => {
            "the access key is not this server's: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL"
        }
        (Some("ExpiredTokenException"), _) => {
            "the temporary credentials have expired: get new ones"
        }
        (_, CallError::Untrusted { .. }) => TRUST_HINT,
        (_, CallError::Unreachable { .. } | CallError::TimedOut { .. }) => {
            "is the server running, and is AWS_ENDPOINT_URL its address?"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_the_service_stands_alone() {
        let ended = |reason: &str| {
            Error::Ended {
                session: "s-1".to_owned(),
                reason: reason.to_owned(),
            }
            .to_string()
        };
        assert_eq!(
            ended("bob does not exist on mi-1"),
            "bob does not exist on mi-1"
        );
        assert_eq!(ended(""), "session s-1 was ended from outside");
    }
}
