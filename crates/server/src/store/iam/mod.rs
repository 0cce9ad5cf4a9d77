//! IAM users, roles, groups and managed policies: one table for what they share, and what hangs on them.
//!
//! Names and tag keys keep the case they were given and are compared folded. A bounded set and its limit are one
//! transaction, so two callers cannot both take the last place.

mod attachments;
mod entities;
mod groups;
mod held_policies;
mod identity_providers;
mod inline_policies;
mod managed_policies;
mod roles;
mod tags;

pub(crate) use entities::{EntityRow, Hindrance, Kind};
pub(crate) use held_policies::PolicySource;
pub(crate) use identity_providers::ProviderRow;
pub(crate) use inline_policies::InlinePolicyRow;
pub(crate) use managed_policies::{PolicyRow, PolicyVersionRow, VersionDeletion};
pub(crate) use roles::{RoleRow, TrustRow};
pub(crate) use tags::TagRow;

/// Whether a bounded insert found room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Room {
    /// It was stored.
    Stored,
    /// The limit is reached; nothing was stored.
    Full,
}

pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}
