//! The ways to an OS user: every call that decides, now or with the next session, as whom somebody's sessions run.
//!
//! A new operation that touches tags, preferences, policies, keys or trust belongs here, too.

/// What the call is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Users,
    Roles,
    Groups,
    /// Managed policies of the account.
    Policies,
    /// Identity providers.
    Providers,
    /// The document of the account's preferences.
    Preferences,
}

/// Which tag the call names, as conditions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagging {
    None,
    /// The tag that names the OS user, exactly so spelled: others are refused.
    Set,
    /// The same, in any casing: all of them remove it.
    Removed,
    /// The tag of a provider that makes a claim the session tag.
    ClaimSet,
    ClaimRemoved,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// The name of the way in the answer.
    pub(super) way: &'static str,
    pub(super) action: &'static str,
    pub(super) target: Target,
    pub(super) tagging: Tagging,
}

const fn call(way: &'static str, action: &'static str, target: Target, tagging: Tagging) -> Call {
    Call {
        way,
        action,
        target,
        tagging,
    }
}

const fn permission(action: &'static str, target: Target) -> Call {
    call("ChangesPermissions", action, target, Tagging::None)
}

const fn preference(action: &'static str) -> Call {
    call(
        "ChangesPreferences",
        action,
        Target::Preferences,
        Tagging::None,
    )
}

/// All but those that go through a role's trust: assuming it and tagging its session.
pub(super) const CALLS: [Call; 33] = [
    call("SetsTag", "iam:TagUser", Target::Users, Tagging::Set),
    call("SetsTag", "iam:TagRole", Target::Roles, Tagging::Set),
    call(
        "RemovesTag",
        "iam:UntagUser",
        Target::Users,
        Tagging::Removed,
    ),
    call(
        "RemovesTag",
        "iam:UntagRole",
        Target::Roles,
        Tagging::Removed,
    ),
    call(
        "MapsClaims",
        "iam:TagOpenIDConnectProvider",
        Target::Providers,
        Tagging::ClaimSet,
    ),
    call(
        "MapsClaims",
        "iam:UntagOpenIDConnectProvider",
        Target::Providers,
        Tagging::ClaimRemoved,
    ),
    preference("ssm:CreateDocument"),
    preference("ssm:UpdateDocument"),
    preference("ssm:UpdateDocumentDefaultVersion"),
    preference("ssm:DeleteDocument"),
    permission("iam:PutUserPolicy", Target::Users),
    permission("iam:DeleteUserPolicy", Target::Users),
    permission("iam:AttachUserPolicy", Target::Users),
    permission("iam:DetachUserPolicy", Target::Users),
    permission("iam:PutUserPermissionsBoundary", Target::Users),
    permission("iam:DeleteUserPermissionsBoundary", Target::Users),
    permission("iam:PutRolePolicy", Target::Roles),
    permission("iam:DeleteRolePolicy", Target::Roles),
    permission("iam:AttachRolePolicy", Target::Roles),
    permission("iam:DetachRolePolicy", Target::Roles),
    permission("iam:PutRolePermissionsBoundary", Target::Roles),
    permission("iam:DeleteRolePermissionsBoundary", Target::Roles),
    permission("iam:UpdateAssumeRolePolicy", Target::Roles),
    permission("iam:PutGroupPolicy", Target::Groups),
    permission("iam:DeleteGroupPolicy", Target::Groups),
    permission("iam:AttachGroupPolicy", Target::Groups),
    permission("iam:DetachGroupPolicy", Target::Groups),
    permission("iam:AddUserToGroup", Target::Groups),
    permission("iam:RemoveUserFromGroup", Target::Groups),
    permission("iam:CreatePolicyVersion", Target::Policies),
    permission("iam:SetDefaultPolicyVersion", Target::Policies),
    call(
        "TakesKeys",
        "iam:CreateAccessKey",
        Target::Users,
        Tagging::None,
    ),
    call(
        "TakesKeys",
        "iam:UpdateAccessKey",
        Target::Users,
        Tagging::None,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;

    #[test]
    fn every_call_is_an_operation_that_this_server_serves() {
        for call in CALLS {
            let (service, name) = call.action.split_once(':').unwrap();
            let found = api::OPERATIONS.iter().any(|entry| {
                entry.service.scope_name() == service
                    && entry.name == name
                    && entry.rule == call.action
            });
            assert!(found, "{}", call.action);
        }
    }
}
