//! IAM: users and roles, their tags and inline policies, access keys, trust policies (control-plane.md 6).

mod access_keys;
mod entity;
mod policies;
mod role_policies;
mod role_tags;
mod roles;
mod tags;
mod trust;
mod users;

pub(crate) use access_keys::{
    CreateAccessKey, DeleteAccessKey, ListAccessKeys, UpdateAccessKey, make_access_key,
};
pub(crate) use entity::check_name;
pub(crate) use policies::{DeleteUserPolicy, GetUserPolicy, ListUserPolicies, PutUserPolicy};
pub(crate) use role_policies::{DeleteRolePolicy, GetRolePolicy, ListRolePolicies, PutRolePolicy};
pub(crate) use role_tags::{ListRoleTags, TagRole, UntagRole};
pub(crate) use roles::{CreateRole, DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy};
pub(crate) use tags::{ListUserTags, Tag, TagUser, UntagUser, check_tags};
pub(crate) use users::{CreateUser, DeleteUser, GetUser, ListUsers};
