//! IAM: users, their tags, inline policies and access keys (control-plane.md 6).

mod access_keys;
mod entity;
mod policies;
mod tags;
mod users;

pub(crate) use access_keys::{CreateAccessKey, DeleteAccessKey, ListAccessKeys, make_access_key};
pub(crate) use policies::{DeleteUserPolicy, GetUserPolicy, ListUserPolicies, PutUserPolicy};
pub(crate) use tags::{ListUserTags, TagUser, UntagUser};
pub(crate) use users::{CreateUser, DeleteUser, GetUser, ListUsers};
