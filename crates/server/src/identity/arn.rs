//! How resources are named in this account and region.

use usher_wire::ids::AccountId;

use crate::store::{EntityRow, Kind};

/// Account and region: what every ARN needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// 12 digits.
    pub(crate) account: &'a AccountId,
    /// `usher-1`.
    pub(crate) region: &'a str,
}

impl Scope<'_> {
    /// An IAM entity; `path` begins and ends with `/`.
    pub(crate) fn entity(&self, kind: Kind, path: &str, name: &str) -> String {
        let kind = match kind {
            Kind::User => "user",
            Kind::Role => "role",
            Kind::Group => "group",
            Kind::Policy => "policy",
            Kind::OidcProvider => "oidc-provider",
            // What comes with the service belongs to no account.
            Kind::AwsPolicy => return format!("arn:aws:iam::aws:policy{path}{name}"),
        };
        format!("arn:aws:iam::{}:{kind}{path}{name}", self.account)
    }

    /// An IAM entity that exists.
    pub(crate) fn arn_of(&self, entity: &EntityRow) -> String {
        self.entity(entity.kind, &entity.path, &entity.name)
    }

    /// A role as somebody has assumed it; the role's path is no part of the name.
    pub(crate) fn assumed_role(&self, role: &str, session: &str) -> String {
        format!(
            "arn:aws:sts::{}:assumed-role/{role}/{session}",
            self.account
        )
    }

    /// A KMS key (`key/…`) or alias (`alias/…`).
    pub(crate) fn kms(&self, resource: &str) -> String {
        format!("arn:aws:kms:{}:{}:{resource}", self.region, self.account)
    }

    /// An audit trail.
    pub(crate) fn trail(&self, name: &str) -> String {
        format!(
            "arn:aws:cloudtrail:{}:{}:trail/{name}",
            self.region, self.account
        )
    }

    /// A log group.
    pub(crate) fn log_group(&self, name: &str) -> String {
        format!(
            "arn:aws:logs:{}:{}:log-group:{name}",
            self.region, self.account
        )
    }

    /// A log stream of a group.
    pub(crate) fn log_stream(&self, group: &str, name: &str) -> String {
        format!("{}:log-stream:{name}", self.log_group(group))
    }

    /// A session document of this account.
    pub(crate) fn document(&self, name: &str) -> String {
        format!(
            "arn:aws:ssm:{}:{}:document/{name}",
            self.region, self.account
        )
    }

    /// A document that comes with the service: it belongs to no account.
    pub(crate) fn built_in_document(&self, name: &str) -> String {
        format!("arn:aws:ssm:{}::document/{name}", self.region)
    }

    /// A parameter; the slash that its name may begin with is the ARN's own.
    pub(crate) fn parameter(&self, name: &str) -> String {
        format!(
            "arn:aws:ssm:{}:{}:parameter/{}",
            self.region,
            self.account,
            name.strip_prefix('/').unwrap_or(name)
        )
    }

    /// A managed node.
    pub(crate) fn managed_instance(&self, node_id: &str) -> String {
        format!(
            "arn:aws:ssm:{}:{}:managed-instance/{node_id}",
            self.region, self.account
        )
    }

    /// A session.
    pub(crate) fn session(&self, session_id: &str) -> String {
        format!(
            "arn:aws:ssm:{}:{}:session/{session_id}",
            self.region, self.account
        )
    }
}
