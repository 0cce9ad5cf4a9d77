//! What of a request and of its answer the trail may hold.
//!
//! Owns one invariant: a member's value is written only if the member's name stands here. A member that nobody thought
//! of is hidden, so a new operation cannot leak a secret into the trail; it can only show too little until its members
//! are listed. Values are judged by the names that lead to them, at every depth.

use serde_json::{Map, Value};

/// What stands for a value that is not shown; the words are CloudTrail's.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Characters of a value that are shown; a document has at most so many.
const LONGEST: usize = 64 * 1024;

/// Members whose values are shown. Compared without regard to the case of the first letter, which services spell
/// differently.
const SHOWN: &[&str] = &[
    "AccessKey",
    "AccessKeyId",
    "ActionNames",
    "ActivationId",
    "ActivationIds",
    "AgentName",
    "AgentStatus",
    "AgentVersion",
    "AliasName",
    "Arn",
    "AssumeRolePolicyDocument",
    "AssumedRoleId",
    "AssumedRoleUser",
    "AttachmentCount",
    "AttributeKey",
    "AttributeValue",
    "CallerArn",
    "ComputerName",
    "Constraints",
    "Content",
    "ContextEntries",
    "ContextKeyName",
    "ContextKeyType",
    "ContextKeyValues",
    "CreateDate",
    "CreatedDate",
    "CreationDate",
    "Credentials",
    "DefaultInstanceName",
    "DefaultVersion",
    "DefaultVersionId",
    "DefaultVersionName",
    "DeletionDate",
    "Description",
    "DestinationEncryptionAlgorithm",
    "DestinationEncryptionContext",
    "DestinationKeyId",
    "DisplayName",
    "Document",
    "DocumentDescription",
    "DocumentFilterList",
    "DocumentFormat",
    "DocumentName",
    "DocumentType",
    "DocumentVersion",
    "DurationSeconds",
    "Enabled",
    "EncryptionAlgorithm",
    "EncryptionContext",
    "EncryptionContextEquals",
    "EncryptionContextSubset",
    "EndTime",
    "EntityFilter",
    "ExpirationDate",
    "Expiration",
    "ExternalId",
    "FilterKey",
    "FilterPattern",
    "FilterValues",
    "Filters",
    "Fingerprint",
    "Force",
    "GrantId",
    "GranteePrincipal",
    "Group",
    "GroupId",
    "GroupName",
    "Hash",
    "HashType",
    "IamRole",
    "InstanceId",
    "InstanceInformationFilterList",
    "IPAddress",
    "IsAttachable",
    "IsDefaultVersion",
    "Key",
    "KeyId",
    "KeyManager",
    "KeyMetadata",
    "KeySpec",
    "KeyState",
    "KeyUsage",
    "KmsKeyId",
    "LatestVersion",
    "Limit",
    "LogGroupClass",
    "LogGroupIdentifier",
    "LogGroupIdentifiers",
    "LogGroupName",
    "LogGroupNamePattern",
    "LogGroupNamePrefix",
    "LogStreamName",
    "LogStreamNamePrefix",
    "LogStreamNames",
    "LookupAttributes",
    "Marker",
    "MaxItems",
    "MaxResults",
    "MaxSessionDuration",
    "MultiRegion",
    "Name",
    "NewPath",
    "NewUserName",
    "NumberOfBytes",
    "OnlyAttached",
    "Operations",
    "OrderBy",
    "Origin",
    "Owner",
    "Parameters",
    "Path",
    "PathPrefix",
    "PendingWindowInDays",
    "PermissionsBoundary",
    "PermissionsBoundaryPolicyInputList",
    "PlatformName",
    "PlatformType",
    "PlatformVersion",
    "Policy",
    "PolicyArn",
    "PolicyArns",
    "PolicyDocument",
    "PolicyId",
    "PolicyInputList",
    "PolicyName",
    "PolicySourceArn",
    "PolicyUsageFilter",
    "PolicyVersion",
    "PublicKeyType",
    "Reason",
    "RegistrationLimit",
    "ResourceArn",
    "ResourceArns",
    "ResourceId",
    "ResourceType",
    "RetentionInDays",
    "RetiringPrincipal",
    "Role",
    "RoleArn",
    "RoleId",
    "RoleName",
    "RoleSessionName",
    "RotationPeriodInDays",
    "SchemaVersion",
    "Scope",
    "SerialNumber",
    "SessionId",
    "SetAsDefault",
    "Sink",
    "SourceEncryptionAlgorithm",
    "SourceEncryptionContext",
    "SourceIdentity",
    "SourceKeyId",
    "StartFromHead",
    "StartTime",
    "State",
    "Status",
    "TagKey",
    "TagKeys",
    "TagValue",
    "Tags",
    "Target",
    "TargetKeyId",
    "TargetType",
    "TransitiveTagKeys",
    "UpdateDate",
    "User",
    "UserId",
    "UserName",
    "Value",
    "Values",
    "ValueSet",
    "VersionId",
    "VersionName",
    "Audience",
    "ClientID",
    "ClientIDList",
    "OpenIDConnectProviderArn",
    "PackedPolicySize",
    "Principal",
    "Provider",
    "ProviderId",
    "SessionTags",
    "SubjectFromWebIdentityToken",
    "ThumbprintList",
    "Url",
    // Of a session's parameters, where it leads; what is run there may hold a secret.
    "Host",
    "LocalPortNumber",
    "PortNumber",
];

/// Members whose own members are chosen by the caller and shown whatever they are called.
const MAPS: &[&str] = &[
    "DestinationEncryptionContext",
    "EncryptionContext",
    "EncryptionContextEquals",
    "EncryptionContextSubset",
    "SourceEncryptionContext",
    "tags",
];

/// `members` as the trail shows them, names beginning in lower case as CloudTrail writes them; null where there are
/// none.
pub(super) fn shown(members: &Value) -> Value {
    match members {
        Value::Object(members) if !members.is_empty() => object(members),
        _ => Value::Null,
    }
}

fn object(members: &Map<String, Value>) -> Value {
    let shown = members.iter().map(|(name, value)| {
        let value = match name.as_str() {
            name if MAPS.contains(&name) && value.is_object() => capped_map(value),
            "Value" | "value" if !is_tag(members) => HIDDEN.into(),
            name if is_shown(name) => inner(value),
            _ => HIDDEN.into(),
        };
        (lower_first(name), value)
    });
    Value::Object(shown.collect())
}

/// Whether these are the two members of a tag. Any other value, such as a parameter's, may be a secret.
fn is_tag(members: &Map<String, Value>) -> bool {
    let of_tag = ["key", "value"];
    members.len() == of_tag.len()
        && members
            .keys()
            .all(|name| of_tag.contains(&lower_first(name).as_str()))
}

fn inner(value: &Value) -> Value {
    match value {
        Value::Object(members) => object(members),
        Value::Array(items) => items.iter().map(inner).collect(),
        Value::String(text) => capped(text),
        other => other.clone(),
    }
}

fn capped_map(value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    let shown = members.map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), capped(&text))
    });
    Value::Object(shown.collect())
}

fn capped(text: &str) -> Value {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!(
            "{}… ({} bytes in all)",
            &text.get(..end).unwrap_or_default(),
            text.len()
        )
        .into(),
        None => text.into(),
    }
}

fn is_shown(name: &str) -> bool {
    SHOWN
        .iter()
        .any(|shown| lower_first(shown) == lower_first(name))
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_ascii_lowercase().to_string() + letters.as_str(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_every_operation_are_hidden() {
        let secrets = [
            "SecretAccessKey",
            "SessionToken",
            "TokenValue",
            "ActivationCode",
            "Plaintext",
            "CiphertextBlob",
            "TokenCode",
            "GrantToken",
            "GrantTokens",
            "StreamUrl",
            "UpdateToken",
            "WebIdentityToken",
            "logEvents",
            "message",
            "PublicKey",
        ];
        for name in secrets {
            for nested in [
                json!({name: "hunter2"}),
                json!({"Credentials": {name: ["hunter2"]}}),
            ] {
                let text = shown(&nested).to_string();
                assert!(!text.contains("hunter2") && text.contains(HIDDEN), "{text}");
            }
        }
    }

    #[test]
    fn a_member_that_nobody_listed_is_hidden() {
        assert_eq!(
            shown(&json!({"NewThing": {"Name": "x"}})),
            json!({"newThing": HIDDEN})
        );
    }

    #[test]
    fn a_value_that_is_no_tags_is_hidden() {
        for members in [
            json!({"Name": "db", "Value": "hunter2", "Type": "SecureString", "KeyId": "k"}),
            json!({"Name": "db", "Key": "k", "Value": "hunter2"}),
            json!({"Parameters": [{"Name": "db", "Value": "hunter2"}]}),
            json!({"Parameter": {"Name": "db", "Value": "hunter2"}}),
        ] {
            let text = shown(&members).to_string();
            assert!(!text.contains("hunter2") && text.contains(HIDDEN), "{text}");
        }
    }

    #[test]
    fn what_a_session_runs_is_hidden_and_where_it_leads_is_shown() {
        let parameters =
            json!({"Parameters": {"portNumber": ["80"], "command": ["mysql -phunter2"]}});
        let expected = json!({"parameters": {"portNumber": ["80"], "command": HIDDEN}});
        assert_eq!(shown(&parameters), expected);
    }

    #[test]
    fn names_begin_in_lower_case_and_nothing_is_null() {
        assert_eq!(
            shown(&json!({"UserName": "alice", "Tags": [{"Key": "K", "Value": "V"}]})),
            json!({"userName": "alice", "tags": [{"key": "K", "value": "V"}]})
        );
        assert_eq!(shown(&json!({})), Value::Null);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = "ü".repeat(LONGEST + 1);
        let cut = shown(&json!({"Content": long}));
        assert!(
            cut["content"]
                .as_str()
                .is_some_and(|text| text.ends_with("(131074 bytes in all)"))
        );
    }
}
