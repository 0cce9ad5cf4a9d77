//! Outbound calls, shared by agent and client: where an endpoint is, who calls, signed JSON and REST
//! requests, and one WebSocket that batches writes and never blocks its driver.
//!
//! Invariants: nothing here retries on its own (the protocol says who may, callers do), secrets never
//! reach an error text, and a redirect is never followed with a signature. It must not know policies,
//! sessions or terminals; what a frame means is the business of `usher-wire` and the callers.
#![forbid(unsafe_code)]

mod alarm;
mod call;
mod channel_token;
mod clock;
mod cloudtrail;
mod connect;
mod console;
mod credentials;
mod endpoint;
mod kms;
mod logs;
mod metadata_addresses;
#[cfg(feature = "profiles")]
pub mod openid;
#[cfg(feature = "profiles")]
mod profiles;
mod proxy;
mod public_json;
mod random;
mod s3;
mod signing;
mod socket;
mod ssm;
#[cfg(feature = "profiles")]
mod sts;
mod tls;
mod webhook;

pub use alarm::Alarm;
pub use call::{ApiError, CallError, JsonClient};
pub use channel_token::{Channel, create_channel};
pub use clock::wall_ms;
pub use cloudtrail::{EventQuery, look_up_events};
pub use connect::{ConnectError, UpgradeSigner, connect};
pub use console::{ConsoleLink, console_link};
pub use credentials::{CredentialError, CredentialSource, Credentials};
pub use endpoint::{Endpoint, EndpointError};
pub use kms::{DataKey, Kms};
pub use logs::{LogStream, Logs};
pub use metadata_addresses::hands_out_credentials;
#[cfg(feature = "profiles")]
pub use profiles::{Caller, CallerOptions, ProfileError, resolve_caller};
pub use proxy::ports_toward;
pub use public_json::{PublicJson, PublicJsonError};
pub use random::{NoRandomness, random};
pub use s3::S3;
pub use signing::{Identity, SigningError};
pub use socket::{Arrival, Socket, SocketError};
pub use ssm::{
    ActivationRegistration, ExplainRunAs, ExplainedRunAs, ManagedNode, NodeVerdict, RecordingPage,
    RegisteredNode, ResumedSession, RoleToken, RunAsAdministrator, RunAsWay, SessionLogReport, Ssm,
    StartSession, StartedSession, Tag, VerifiedRecording,
};
#[cfg(feature = "profiles")]
pub use sts::{AssumedRole, WebIdentityRole, assume_role_with_web_identity};
pub use tls::{TlsError, Trust};
pub use webhook::{Webhook, WebhookError, WebhookUrl, WebhookUrlError};
