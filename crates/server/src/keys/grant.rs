//! What a grant may allow, and whether its constraints fit an encryption context.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EncryptionContext;

/// An operation that a grant can allow; those of keys that we do not have are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GrantOperation {
    /// `kms:Encrypt`
    Encrypt,
    /// `kms:Decrypt`
    Decrypt,
    /// `kms:GenerateDataKey`
    GenerateDataKey,
    /// `kms:GenerateDataKeyWithoutPlaintext`
    GenerateDataKeyWithoutPlaintext,
    /// `kms:ReEncryptFrom`
    ReEncryptFrom,
    /// `kms:ReEncryptTo`
    ReEncryptTo,
    /// `kms:CreateGrant`: hands on what it allows, within its own constraints.
    CreateGrant,
    /// `kms:RetireGrant`
    RetireGrant,
    /// `kms:DescribeKey`
    DescribeKey,
}

impl GrantOperation {
    /// The action that a policy calls it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Encrypt => "kms:Encrypt",
            Self::Decrypt => "kms:Decrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
            Self::GenerateDataKeyWithoutPlaintext => "kms:GenerateDataKeyWithoutPlaintext",
            Self::ReEncryptFrom => "kms:ReEncryptFrom",
            Self::ReEncryptTo => "kms:ReEncryptTo",
            Self::CreateGrant => "kms:CreateGrant",
            Self::RetireGrant => "kms:RetireGrant",
            Self::DescribeKey => "kms:DescribeKey",
        }
    }

    /// Whether an encryption context belongs to it, so that constraints can hold it back.
    fn has_context(self) -> bool {
        !matches!(
            self,
            Self::DescribeKey | Self::RetireGrant | Self::CreateGrant
        )
    }
}

/// What the encryption context of an operation must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GrantConstraints {
    /// It must have at least these pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_context_subset: Option<BTreeMap<String, String>>,
    /// It must have exactly these pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_context_equals: Option<BTreeMap<String, String>>,
}

/// Whether a grant with these constraints allows `operation` with `context`.
pub(crate) fn check_constraints(
    constraints: &GrantConstraints,
    operation: GrantOperation,
    context: &EncryptionContext,
) -> bool {
    if !operation.has_context() {
        return true;
    }
    let has_all = |wanted: &BTreeMap<String, String>| {
        wanted
            .iter()
            .all(|(name, value)| context.value(name) == Some(value.as_str()))
    };
    constraints
        .encryption_context_subset
        .as_ref()
        .is_none_or(has_all)
        && constraints
            .encryption_context_equals
            .as_ref()
            .is_none_or(|wanted| wanted == context.pairs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn constraints_hold_back_what_has_a_context() {
        let subset = GrantConstraints {
            encryption_context_subset: Some(pairs(&[("a", "1")])),
            ..GrantConstraints::default()
        };
        let equals = GrantConstraints {
            encryption_context_equals: Some(pairs(&[("a", "1")])),
            ..GrantConstraints::default()
        };
        let check = |constraints: &GrantConstraints, given: &[(&str, &str)], expected: bool| {
            let context = EncryptionContext::new(pairs(given)).unwrap();
            assert_eq!(
                check_constraints(constraints, GrantOperation::Decrypt, &context),
                expected,
                "{given:?}"
            );
            assert!(check_constraints(
                constraints,
                GrantOperation::DescribeKey,
                &context
            ));
        };
        for wrong in [&[][..], &[("a", "2")], &[("A", "1")], &[("b", "1")]] {
            check(&subset, wrong, false);
            check(&equals, wrong, false);
        }
        check(&equals, &[("a", "1"), ("b", "2")], false);
        check(&subset, &[("a", "1"), ("b", "2")], true);
        check(&equals, &[("a", "1")], true);
    }
}
