//! The server: AWS's control plane for sessions, and the message gateway, on one listener.
//!
//! Start reading at [`Server`], then `http::dispatch` (one call from request to answer) and
//! `api::operation` (how an operation states who may call it). Only `store` has SQL; decisions are
//! made by `usher_policy`, bytes are understood by `usher_wire`. Nothing here knows OS accounts.

#![forbid(unsafe_code)]

mod activations;
mod api;
mod audit;
mod aws_policies;
mod bootstrap;
mod bus;
mod chores;
mod clock;
mod codec;
mod config;
mod console;
mod context;
mod delivery;
mod documents;
mod error;
mod gateway;
mod grant_key;
mod http;
mod identity;
mod keys;
mod limits;
mod logs;
mod objects;
mod openid;
mod parameters;
mod per_address;
mod recording;
mod server;
mod settings;
mod standing;
mod store;
mod tls;
mod vault;

pub use audit::{Finding, Verification, verify as verify_audit_trail};
pub use clock::Clock;
pub use config::{
    AuditWebhook, CommandParameters, Config, Database, Perimeter, Recording, RootKey, StreamUrl,
};
pub use http::Listener;
pub use server::{AccessKeyPair, Activation, Nodes, Server, ServerError};
pub use settings::{ListenError, Place, Settings, SettingsError};
pub use store::{PostgresUrl, PostgresUrlError};
pub use tls::{Certificates, TlsError};
pub use usher_policy::Preferences;
