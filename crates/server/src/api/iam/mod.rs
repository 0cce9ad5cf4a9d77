//! IAM: users and roles, their tags and inline policies, access keys, trust policies (control-plane.md 6).
//!
//! What users and roles have in common is written once, in `owner` and the operations generic over it.

mod access_keys;
mod inline_policies;
mod names;
mod owner;
mod paging;
mod roles;
mod tagging;
mod tags;
mod trust;
mod users;

pub(crate) use access_keys::{
    CreateAccessKey, DeleteAccessKey, ListAccessKeys, UpdateAccessKey, make_access_key,
};
pub(crate) use inline_policies::{DeletePolicy, GetPolicy, ListPolicies, PutPolicy};
pub(crate) use names::check_name;
pub(crate) use owner::{Role, User};
pub(crate) use roles::{CreateRole, DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy};
pub(crate) use tagging::{ListTags, RemoveTags, SetTags};
pub(crate) use tags::{Tag, check_tags};
pub(crate) use users::{CreateUser, DeleteUser, GetUser, ListUsers};
