//! IAM: users, roles, groups and managed policies, what hangs on them, and access keys (control-plane.md 6).
//!
//! What several kinds of entity have in common is written once, in `owner` and the operations generic over it.

mod access_keys;
mod attachments;
mod boundaries;
mod groups;
mod identity_providers;
mod inline_policies;
mod managed_policies;
mod names;
mod owner;
mod paging;
mod policy_entities;
mod policy_versions;
mod roles;
mod simulate;
mod tagging;
mod tags;
mod trust;
mod users;

pub(crate) use access_keys::{
    CreateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed, ListAccessKeys, UpdateAccessKey,
    make_access_key,
};
pub(crate) use attachments::{Attach, Detach, ListAttached};
pub(crate) use boundaries::{DeleteBoundary, PutBoundary};
pub(crate) use groups::{
    AddUserToGroup, CreateGroup, DeleteGroup, GetGroup, ListGroups, ListGroupsForUser,
    RemoveUserFromGroup,
};
pub(crate) use identity_providers::{
    AddClientId, CreateOidcProvider, DeleteOidcProvider, GetOidcProvider, ListOidcProviders,
    RemoveClientId, UpdateThumbprint,
};
pub(crate) use inline_policies::{DeletePolicy, GetPolicy, ListPolicies, PutPolicy};
pub(crate) use managed_policies::{
    CreatePolicy, DeleteManagedPolicy, GetManagedPolicy, ListManagedPolicies,
};
pub(crate) use names::check_name;
pub(crate) use owner::{Group, ManagedPolicy, OidcProvider, Role, User};
pub(crate) use policy_entities::ListEntitiesForPolicy;
pub(crate) use policy_versions::{
    CreatePolicyVersion, DeletePolicyVersion, GetPolicyVersion, ListPolicyVersions,
    SetDefaultPolicyVersion,
};
pub(crate) use roles::{
    CreateRole, DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy, UpdateRole,
};
pub(crate) use simulate::{SimulateCustomPolicy, SimulatePrincipalPolicy};
pub(crate) use tagging::{ListTags, RemoveTags, SetTags};
pub(crate) use tags::{Tag, check_tags};
pub(crate) use users::{CreateUser, DeleteUser, GetUser, ListUsers, UpdateUser};
