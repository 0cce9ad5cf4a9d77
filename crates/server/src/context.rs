//! What every call may reach. Built once by `Server::open`; nothing in it changes afterwards.

use std::sync::Arc;

use usher_wire::grant::GrantKey;

use crate::audit::{Receiver, Trail};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::http::LargeBodies;
use crate::objects::Folder;
use crate::openid::ProviderKeys;
use crate::recording::Recordings;
use crate::standing::Standing;
use crate::store::Store;
use crate::vault::Vault;

/// The server's parts, shared by all calls behind one `Arc`.
#[derive(Debug)]
pub(crate) struct Context {
    /// As given at the start.
    pub(crate) config: Config,
    /// The database.
    pub(crate) store: Store,
    /// Seals secrets.
    pub(crate) vault: Arc<Vault>,
    /// What the gateway records.
    pub(crate) recordings: Recordings,
    /// Where the embedded S3 keeps its bytes.
    pub(crate) objects: Folder,
    /// Signs grants; its public half is given out at registration.
    pub(crate) grant_key: GrantKey,
    /// Control and data channels.
    pub(crate) gateway: Gateway,
    /// Places for large request bodies.
    pub(crate) large_bodies: LargeBodies,
    /// Whether those who are in live sessions may still be there.
    pub(crate) standing: Standing,
    /// The keys of identity providers.
    pub(crate) provider_keys: ProviderKeys,
    /// What was done, by whom.
    pub(crate) trail: Trail,
    /// Who is told of it.
    pub(crate) receiver: Option<Receiver>,
    /// The time.
    pub(crate) clock: Clock,
}

impl Context {
    /// Now, as the database keeps it: milliseconds.
    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }
}
