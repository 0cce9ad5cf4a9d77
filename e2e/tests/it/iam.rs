//! IAM and STS by boto3: every answer in botocore's shape, every list by botocore's own paginators' members.

use serde_json::{Value, json};

use crate::fixtures::{BY_TAG, ByTag, SESSION};
use crate::harness::boto3::{AwsError, Keys};
use crate::harness::dev::Dev;
use crate::harness::skip::lacks;

const LIST_USERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}]}"#;
const OF_SERVICE: &str = "arn:aws:iam::aws:policy/UsherSessionManagerUser";

/// The administrator's calls.
struct Iam<'a> {
    dev: &'a Dev,
    admin: Keys,
}

impl Iam<'_> {
    fn must(&self, operation: &str, arguments: &Value) -> Value {
        self.dev
            .call(&self.admin, "iam", operation, arguments)
            .must()
    }

    fn refused(&self, operation: &str, arguments: &Value, code: &str) -> AwsError {
        self.dev
            .call(&self.admin, "iam", operation, arguments)
            .refused_with(code)
    }
}

/// Calls `check` with a server's IAM, unless the machine lacks what that takes.
fn with_iam(check: impl FnOnce(&Iam<'_>)) {
    if lacks(&SESSION) {
        return;
    }
    let fixture = BY_TAG.hold(|| ByTag::start("alice"));
    let dev = &fixture.dev;
    check(&Iam {
        dev,
        admin: dev.admin(),
    });
}

#[test]
fn refusals_of_iam_are_the_errors_that_botocore_knows() {
    with_iam(|iam| {
        let ghost = json!({"GroupName": "ghost"});
        for operation in ["get_group", "delete_group", "list_group_policies"] {
            assert_eq!(iam.refused(operation, &ghost, "NoSuchEntity").status, 404);
        }
        let policy = json!({"PolicyArn": OF_SERVICE, "PolicyDocument": LIST_USERS});
        iam.refused("create_policy_version", &policy, "InvalidInput");
        let bad = json!({"PolicyName": "bad", "PolicyDocument": "{}"});
        iam.refused("create_policy", &bad, "MalformedPolicyDocument");
        let role = json!({"RoleName": "UsherManagedNode", "PolicyArn": OF_SERVICE});
        iam.refused("attach_role_policy", &role, "UnmodifiableEntity");
        let admin = json!({"UserName": "admin"});
        assert_eq!(
            iam.refused("create_user", &admin, "EntityAlreadyExists")
                .status,
            409
        );
        assert_eq!(
            iam.refused("delete_user", &admin, "DeleteConflict").status,
            409
        );
    });
}

#[test]
fn groups_answer_in_botocores_shapes() {
    with_iam(|iam| {
        let group = json!({"GroupName": "e2e-group"});
        let made = iam.must(
            "create_group",
            &json!({"GroupName": "e2e-group", "Path": "/e2e/"}),
        );
        assert_eq!(
            made["Group"]["Arn"],
            "arn:aws:iam::000000000000:group/e2e/e2e-group"
        );
        iam.must("create_user", &json!({"UserName": "e2e-member"}));
        let member = json!({"GroupName": "e2e-group", "UserName": "e2e-member"});
        iam.must("add_user_to_group", &member);
        let shown = iam.must("get_group", &group);
        assert_eq!(shown["Users"][0]["UserName"], "e2e-member");
        let listed = iam.must("list_groups", &json!({"PathPrefix": "/e2e/"}));
        assert_eq!(listed["Groups"][0]["GroupName"], "e2e-group");
        let of_user = iam.must("list_groups_for_user", &json!({"UserName": "e2e-member"}));
        assert_eq!(of_user["Groups"][0]["GroupName"], "e2e-group");
        let inline =
            json!({"GroupName": "e2e-group", "PolicyName": "p", "PolicyDocument": LIST_USERS});
        iam.must("put_group_policy", &inline);
        let named = json!({"GroupName": "e2e-group", "PolicyName": "p"});
        // boto3 decodes the text that IAM percent-encodes.
        let text = iam.must("get_group_policy", &named);
        assert_eq!(
            text["PolicyDocument"]["Statement"][0]["Action"],
            "iam:ListUsers"
        );
        assert_eq!(
            iam.must("list_group_policies", &group)["PolicyNames"],
            json!(["p"])
        );
        let attached = json!({"GroupName": "e2e-group", "PolicyArn": OF_SERVICE});
        iam.must("attach_group_policy", &attached);
        let policies = iam.must("list_attached_group_policies", &group);
        assert_eq!(policies["AttachedPolicies"][0]["PolicyArn"], OF_SERVICE);
        let entities = iam.must(
            "list_entities_for_policy",
            &json!({"PolicyArn": OF_SERVICE}),
        );
        assert_eq!(entities["PolicyGroups"][0]["GroupName"], "e2e-group");
        iam.must("detach_group_policy", &attached);
        iam.must("delete_group_policy", &named);
        iam.must("remove_user_from_group", &member);
        iam.must("delete_group", &group);
        iam.must("delete_user", &json!({"UserName": "e2e-member"}));
    });
}

#[test]
fn managed_policies_and_boundaries_answer_in_botocores_shapes() {
    with_iam(|iam| {
        let arn = "arn:aws:iam::000000000000:policy/e2e/E2e";
        let policy = json!({"PolicyArn": arn});
        iam.must(
            "create_policy",
            &json!({"PolicyName": "E2e", "Path": "/e2e/", "PolicyDocument": LIST_USERS, "Description": "for a test",
                "Tags": [{"Key": "team", "Value": "web"}]}),
        );
        let shown = iam.must("get_policy", &policy);
        assert_eq!(shown["Policy"]["Description"], "for a test");
        let version = json!({"PolicyArn": arn, "PolicyDocument": LIST_USERS, "SetAsDefault": true});
        assert_eq!(
            iam.must("create_policy_version", &version)["PolicyVersion"]["VersionId"],
            "v2"
        );
        let first = json!({"PolicyArn": arn, "VersionId": "v1"});
        let text = iam.must("get_policy_version", &first);
        assert_eq!(text["PolicyVersion"]["Document"]["Version"], "2012-10-17");
        assert_eq!(
            iam.must("list_policy_versions", &policy)["Versions"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        iam.must("set_default_policy_version", &first);
        iam.must(
            "delete_policy_version",
            &json!({"PolicyArn": arn, "VersionId": "v2"}),
        );
        iam.must(
            "tag_policy",
            &json!({"PolicyArn": arn, "Tags": [{"Key": "k", "Value": ""}]}),
        );
        assert_eq!(
            iam.must("list_policy_tags", &policy)["Tags"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        iam.must("untag_policy", &json!({"PolicyArn": arn, "TagKeys": ["k"]}));
        iam.must("list_policies", &json!({"Scope": "All", "MaxItems": 1}));

        iam.must(
            "create_user",
            &json!({"UserName": "e2e-fenced", "PermissionsBoundary": arn}),
        );
        let user = json!({"UserName": "e2e-fenced"});
        let shown = iam.must("get_user", &user);
        assert_eq!(
            shown["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"],
            arn
        );
        iam.must("list_entities_for_policy", &policy);
        iam.must(
            "put_user_permissions_boundary",
            &json!({"UserName": "e2e-fenced", "PermissionsBoundary": OF_SERVICE}),
        );
        iam.must("delete_user_permissions_boundary", &user);
        iam.must(
            "update_user",
            &json!({"UserName": "e2e-fenced", "NewUserName": "e2e-free"}),
        );
        let attached = json!({"UserName": "e2e-free", "PolicyArn": arn});
        iam.must("attach_user_policy", &attached);
        iam.must(
            "list_attached_user_policies",
            &json!({"UserName": "e2e-free"}),
        );
        iam.must("detach_user_policy", &attached);
        iam.must("delete_user", &json!({"UserName": "e2e-free"}));

        let role = json!({"RoleName": "e2e-role"});
        iam.must(
            "create_role",
            &json!({"RoleName": "e2e-role", "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": arn}),
        );
        iam.must("get_role", &role);
        iam.must(
            "update_role",
            &json!({"RoleName": "e2e-role", "Description": "d", "MaxSessionDuration": 7200}),
        );
        iam.must("delete_role_permissions_boundary", &role);
        iam.must(
            "put_role_permissions_boundary",
            &json!({"RoleName": "e2e-role", "PermissionsBoundary": arn}),
        );
        iam.must(
            "attach_role_policy",
            &json!({"RoleName": "e2e-role", "PolicyArn": arn}),
        );
        iam.must("list_attached_role_policies", &role);
        let asked = json!({"RoleArn": "arn:aws:iam::000000000000:role/e2e-role", "RoleSessionName": "s1",
            "Policy": LIST_USERS, "PolicyArns": [{"arn": arn}], "SourceIdentity": "admin"});
        let assumed = iam
            .dev
            .call(&iam.admin, "sts", "assume_role", &asked)
            .must();
        assert_eq!(assumed["SourceIdentity"], "admin");
        iam.must(
            "detach_role_policy",
            &json!({"RoleName": "e2e-role", "PolicyArn": arn}),
        );
        iam.must("delete_role", &role);
        iam.must("delete_policy", &policy);
    });
}

#[test]
fn keys_and_tokens_answer_in_botocores_shapes() {
    with_iam(|iam| {
        let key = json!({"AccessKeyId": iam.admin.id});
        let used = iam.must("get_access_key_last_used", &key);
        assert_eq!(used["UserName"], "admin");
        let sts = |operation: &str, arguments: &Value| {
            iam.dev.call(&iam.admin, "sts", operation, arguments).must()
        };
        assert_eq!(sts("get_access_key_info", &key)["Account"], "000000000000");
        let token = sts("get_session_token", &json!({"DurationSeconds": 900}));
        assert!(token["Credentials"]["SessionToken"].is_string(), "{token}");
    });
}
