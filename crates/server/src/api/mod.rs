//! The AWS APIs: a folder for each service, a file for each operation, and the table of them all.
//!
//! Owns the invariant that what is not in the table is not served, and that each entry states who
//! may call it. Must not know HTTP; reaches the database by `store` only.

mod cloudtrail;
mod ec2;
mod iam;
mod kms;
mod logs;
mod node_list;
mod operation;
mod page;
pub(crate) mod s3;
mod ssm;
mod sts;
#[cfg(test)]
mod table;

pub(crate) use ec2::Ec2Code;
pub(crate) use iam::{check_name, make_access_key};
pub(crate) use kms::{
    KmsCode, Wish, decrypt_for, encrypt_for, ensure_service_key, key_arn, permitted, rehearse,
};
pub(crate) use logs::{LogsCode, deliver_log_events};
pub(crate) use operation::{Access, Call, Entry, Operation, Service, entry};
pub(crate) use ssm::{InventoryCode, ParameterCode};

/// Every operation served.
static OPERATIONS: &[Entry] = &[
    entry::<sts::GetCallerIdentity>(),
    entry::<sts::AssumeRole>(),
    entry::<sts::AssumeRoleWithWebIdentity>(),
    entry::<sts::GetSessionToken>(),
    entry::<sts::GetAccessKeyInfo>(),
    entry::<iam::CreateUser>(),
    entry::<iam::GetUser>(),
    entry::<iam::ListUsers>(),
    entry::<iam::UpdateUser>(),
    entry::<iam::DeleteUser>(),
    entry::<iam::CreateAccessKey>(),
    entry::<iam::ListAccessKeys>(),
    entry::<iam::UpdateAccessKey>(),
    entry::<iam::DeleteAccessKey>(),
    entry::<iam::GetAccessKeyLastUsed>(),
    entry::<iam::CreateRole>(),
    entry::<iam::GetRole>(),
    entry::<iam::ListRoles>(),
    entry::<iam::UpdateRole>(),
    entry::<iam::UpdateAssumeRolePolicy>(),
    entry::<iam::DeleteRole>(),
    entry::<iam::CreateGroup>(),
    entry::<iam::GetGroup>(),
    entry::<iam::ListGroups>(),
    entry::<iam::DeleteGroup>(),
    entry::<iam::AddUserToGroup>(),
    entry::<iam::RemoveUserFromGroup>(),
    entry::<iam::ListGroupsForUser>(),
    entry::<iam::CreatePolicy>(),
    entry::<iam::GetManagedPolicy>(),
    entry::<iam::ListManagedPolicies>(),
    entry::<iam::DeleteManagedPolicy>(),
    entry::<iam::CreatePolicyVersion>(),
    entry::<iam::GetPolicyVersion>(),
    entry::<iam::ListPolicyVersions>(),
    entry::<iam::SetDefaultPolicyVersion>(),
    entry::<iam::DeletePolicyVersion>(),
    entry::<iam::ListEntitiesForPolicy>(),
    entry::<iam::SetTags<iam::User>>(),
    entry::<iam::RemoveTags<iam::User>>(),
    entry::<iam::ListTags<iam::User>>(),
    entry::<iam::SetTags<iam::Role>>(),
    entry::<iam::RemoveTags<iam::Role>>(),
    entry::<iam::ListTags<iam::Role>>(),
    entry::<iam::SetTags<iam::ManagedPolicy>>(),
    entry::<iam::RemoveTags<iam::ManagedPolicy>>(),
    entry::<iam::ListTags<iam::ManagedPolicy>>(),
    entry::<iam::PutPolicy<iam::User>>(),
    entry::<iam::GetPolicy<iam::User>>(),
    entry::<iam::ListPolicies<iam::User>>(),
    entry::<iam::DeletePolicy<iam::User>>(),
    entry::<iam::Attach<iam::User>>(),
    entry::<iam::Detach<iam::User>>(),
    entry::<iam::ListAttached<iam::User>>(),
    entry::<iam::PutPolicy<iam::Role>>(),
    entry::<iam::GetPolicy<iam::Role>>(),
    entry::<iam::ListPolicies<iam::Role>>(),
    entry::<iam::DeletePolicy<iam::Role>>(),
    entry::<iam::Attach<iam::Role>>(),
    entry::<iam::Detach<iam::Role>>(),
    entry::<iam::ListAttached<iam::Role>>(),
    entry::<iam::PutPolicy<iam::Group>>(),
    entry::<iam::GetPolicy<iam::Group>>(),
    entry::<iam::ListPolicies<iam::Group>>(),
    entry::<iam::DeletePolicy<iam::Group>>(),
    entry::<iam::Attach<iam::Group>>(),
    entry::<iam::Detach<iam::Group>>(),
    entry::<iam::ListAttached<iam::Group>>(),
    entry::<iam::PutBoundary<iam::User>>(),
    entry::<iam::DeleteBoundary<iam::User>>(),
    entry::<iam::PutBoundary<iam::Role>>(),
    entry::<iam::DeleteBoundary<iam::Role>>(),
    entry::<iam::CreateOidcProvider>(),
    entry::<iam::GetOidcProvider>(),
    entry::<iam::ListOidcProviders>(),
    entry::<iam::DeleteOidcProvider>(),
    entry::<iam::AddClientId>(),
    entry::<iam::RemoveClientId>(),
    entry::<iam::UpdateThumbprint>(),
    entry::<iam::SetTags<iam::OidcProvider>>(),
    entry::<iam::RemoveTags<iam::OidcProvider>>(),
    entry::<iam::ListTags<iam::OidcProvider>>(),
    entry::<kms::CreateKey>(),
    entry::<kms::DescribeKey>(),
    entry::<kms::ListKeys>(),
    entry::<kms::UpdateKeyDescription>(),
    entry::<kms::CreateAlias>(),
    entry::<kms::UpdateAlias>(),
    entry::<kms::DeleteAlias>(),
    entry::<kms::ListAliases>(),
    entry::<kms::GetKeyPolicy>(),
    entry::<kms::PutKeyPolicy>(),
    entry::<kms::ListKeyPolicies>(),
    entry::<kms::CreateGrant>(),
    entry::<kms::ListGrants>(),
    entry::<kms::RevokeGrant>(),
    entry::<kms::RetireGrant>(),
    entry::<kms::Encrypt>(),
    entry::<kms::Decrypt>(),
    entry::<kms::ReEncrypt>(),
    entry::<kms::GenerateDataKey>(),
    entry::<kms::GenerateDataKeyWithoutPlaintext>(),
    entry::<kms::EnableKey>(),
    entry::<kms::DisableKey>(),
    entry::<kms::ScheduleKeyDeletion>(),
    entry::<kms::CancelKeyDeletion>(),
    entry::<kms::EnableKeyRotation>(),
    entry::<kms::DisableKeyRotation>(),
    entry::<kms::GetKeyRotationStatus>(),
    entry::<kms::RotateKeyOnDemand>(),
    entry::<kms::ListKeyRotations>(),
    entry::<kms::TagResource>(),
    entry::<kms::UntagResource>(),
    entry::<kms::ListResourceTags>(),
    entry::<logs::CreateLogGroup>(),
    entry::<logs::DescribeLogGroups>(),
    entry::<logs::DeleteLogGroup>(),
    entry::<logs::PutRetentionPolicy>(),
    entry::<logs::DeleteRetentionPolicy>(),
    entry::<logs::AssociateKmsKey>(),
    entry::<logs::DisassociateKmsKey>(),
    entry::<logs::CreateLogStream>(),
    entry::<logs::DescribeLogStreams>(),
    entry::<logs::DeleteLogStream>(),
    entry::<logs::PutLogEvents>(),
    entry::<logs::GetLogEvents>(),
    entry::<logs::FilterLogEvents>(),
    entry::<logs::TagResource>(),
    entry::<logs::UntagResource>(),
    entry::<logs::ListTagsForResource>(),
    entry::<logs::TagLogGroup>(),
    entry::<logs::UntagLogGroup>(),
    entry::<logs::ListTagsLogGroup>(),
    entry::<iam::SimulateCustomPolicy>(),
    entry::<iam::SimulatePrincipalPolicy>(),
    entry::<ssm::CreateDocument>(),
    entry::<ssm::UpdateDocument>(),
    entry::<ssm::GetDocument>(),
    entry::<ssm::DescribeDocument>(),
    entry::<ssm::ListDocuments>(),
    entry::<ssm::ListRunAsAdministrators>(),
    entry::<ssm::ListDocumentVersions>(),
    entry::<ssm::UpdateDocumentDefaultVersion>(),
    entry::<ssm::DeleteDocument>(),
    entry::<ssm::AddTagsToResource>(),
    entry::<ssm::RemoveTagsFromResource>(),
    entry::<ssm::ListTagsForResource>(),
    entry::<ssm::PutParameter>(),
    entry::<ssm::GetParameter>(),
    entry::<ssm::GetParameters>(),
    entry::<ssm::GetParametersByPath>(),
    entry::<ssm::DescribeParameters>(),
    entry::<ssm::DeleteParameter>(),
    entry::<ssm::DeleteParameters>(),
    entry::<ssm::CreateActivation>(),
    entry::<ssm::DescribeActivations>(),
    entry::<ssm::DeleteActivation>(),
    entry::<ssm::RegisterManagedInstance>(),
    entry::<ssm::RequestManagedInstanceRoleToken>(),
    entry::<ssm::UpdateManagedInstancePublicKey>(),
    entry::<ssm::UpdateInstanceInformation>(),
    entry::<ssm::DescribeInstanceInformation>(),
    entry::<ssm::GetInventory>(),
    entry::<ssm::DeregisterManagedInstance>(),
    entry::<ssm::UpdateManagedInstanceRole>(),
    entry::<ssm::StartSession>(),
    entry::<ssm::ResumeSession>(),
    entry::<ssm::ExplainRunAs>(),
    entry::<ssm::TerminateSession>(),
    entry::<ssm::DescribeSessions>(),
    entry::<ssm::GetConnectionStatus>(),
    entry::<ssm::GetSessionRecording>(),
    entry::<ssm::VerifySessionRecording>(),
    entry::<ssm::DescribeSessionLogs>(),
    entry::<ssm::RetrySessionLogs>(),
    entry::<ssm::TestSessionLogs>(),
    entry::<ssm::ReportSessionLog>(),
    entry::<cloudtrail::GetTrailStatus>(),
    entry::<cloudtrail::LookupEvents>(),
    entry::<ec2::DescribeInstances>(),
];

/// The operation `name` of `service`.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static Entry> {
    OPERATIONS
        .iter()
        .find(|entry| entry.service == service && entry.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::identity::Signature;

    #[test]
    fn every_operation_states_who_may_call_it() {
        for entry in OPERATIONS {
            assert!(!entry.rule.is_empty(), "{} has no rule", entry.name);
            if let Some((service, action)) = entry.rule.split_once(':') {
                assert_eq!(service, entry.service.scope_name(), "{}", entry.name);
                assert_eq!(
                    action, entry.name,
                    "an operation is guarded by another's action"
                );
                assert_eq!(
                    entry.signature,
                    Signature::SigV4,
                    "{} asks policy about nobody",
                    entry.name
                );
            }
        }
    }

    #[test]
    fn only_these_operations_are_not_guarded_by_policy() {
        let others: BTreeSet<_> = OPERATIONS
            .iter()
            .filter(|entry| !entry.rule.contains(':'))
            .map(|entry| entry.name)
            .collect();
        let expected = [
            "AssumeRoleWithWebIdentity",
            "GetCallerIdentity",
            "GetSessionToken",
            "RegisterManagedInstance",
            "ReportSessionLog",
            "RequestManagedInstanceRoleToken",
            "UpdateInstanceInformation",
            "UpdateManagedInstancePublicKey",
        ];
        assert_eq!(others, BTreeSet::from(expected));
    }

    #[test]
    fn no_operation_is_in_the_table_twice() {
        let names: BTreeSet<_> = OPERATIONS
            .iter()
            .map(|entry| (entry.service.scope_name(), entry.name))
            .collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }
}
