//! Who may use a key: its policy and the caller's together, and a node only for itself.

use serde_json::{Value, json};

use crate::assume_role::{DEPLOY, assume, keys as keys_of, may_assume};
use crate::harness::{Keys, Running};
use crate::kms::{PLAINTEXT, decrypt, encrypted, key, text};
use crate::nodes::node_with_keys;
use crate::roles::{ACCOUNT_ROOT, make, policy, trusting};

const ALICE: &str = "arn:aws:iam::000000000000:user/alice";

fn any_kms() -> String {
    policy(&json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}))
}

/// A key whose policy has these statements; the administrator may always replace it.
async fn key_with(server: &Running, statements: &[Value]) -> String {
    let admin = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::000000000000:user/admin"}});
    let all: Vec<&Value> = std::iter::once(&admin).chain(statements).collect();
    let text = json!({"Version": "2012-10-17", "Statement": all}).to_string();
    key(server, &json!({"Policy": text})).await
}

async fn generate(
    server: &Running,
    keys: &Keys,
    key: &str,
    context: Value,
) -> crate::harness::Reply {
    let input = json!({"KeyId": key, "NumberOfBytes": 64, "EncryptionContext": context});
    server.kms(keys, "GenerateDataKey", &input).await
}

#[tokio::test]
async fn a_policy_that_cannot_be_decided_on_or_locks_out_is_not_stored() {
    let server = Running::start().await;
    let id = key(&server, &json!({})).await;
    let statement = |principal: Value, action: &str| json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}]});
    let root = json!({"AWS": ACCOUNT_ROOT});
    for policy in [
        json!({}),
        json!("x"),
        statement(json!({"AWS": ALICE}), "kms:*"),
        statement(root.clone(), "s3:*"),
        statement(root.clone(), "kms:Decrypt"),
        json!({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*",
            "Condition": {"StringLooksLike": {"kms:ViaService": "x"}}}]}),
    ] {
        let input = json!({"KeyId": id, "Policy": policy.to_string()});
        let reply = server.kms(&server.admin, "PutKeyPolicy", &input).await;
        reply.refused(400, "MalformedPolicyDocumentException");
        let input = json!({"Policy": policy.to_string()});
        let reply = server.kms(&server.admin, "CreateKey", &input).await;
        reply.refused(400, "MalformedPolicyDocumentException");
    }
    let input = json!({"KeyId": id, "PolicyName": "other"});
    server
        .kms(&server.admin, "GetKeyPolicy", &input)
        .await
        .refused(400, "NotFoundException");
    let locking = statement(json!({"AWS": ACCOUNT_ROOT}), "kms:Decrypt").to_string();
    let input = json!({"KeyId": id, "Policy": locking, "BypassPolicyLockoutSafetyCheck": true});
    server
        .kms(&server.admin, "PutKeyPolicy", &input)
        .await
        .served();
    let input = json!({"KeyId": id});
    server
        .kms(&server.admin, "GetKeyPolicy", &input)
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn neither_the_callers_policy_alone_nor_the_keys_alone_is_enough() {
    let server = Running::start().await;
    let alice = server.user("alice", &any_kms()).await;
    let bob = server.user("bob", "").await;
    let closed = key_with(&server, &[]).await;
    let delegating = key(&server, &json!({})).await;
    let refused = generate(&server, &alice, &closed, json!({})).await;
    refused.refused(400, "AccessDeniedException");
    assert!(
        refused
            .message()
            .contains("because no resource-based policy allows the kms:GenerateDataKey action"),
        "{}",
        refused.message()
    );
    generate(&server, &bob, &delegating, json!({}))
        .await
        .refused(400, "AccessDeniedException");
    generate(&server, &alice, &delegating, json!({}))
        .await
        .served();
    // Who is named by the key needs no policy of their own; an explicit denial still wins.
    let named = json!({"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::000000000000:user/bob", ALICE]}, "Action": "kms:GenerateDataKey", "Resource": "*"});
    let denied =
        json!({"Effect": "Deny", "Principal": {"AWS": ALICE}, "Action": "kms:*", "Resource": "*"});
    let naming = key_with(&server, &[named, denied]).await;
    generate(&server, &alice, &naming, json!({}))
        .await
        .refused(400, "AccessDeniedException");
    generate(&server, &bob, &naming, json!({})).await.served();
    server
        .kms(&bob, "DescribeKey", &json!({"KeyId": naming}))
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn a_later_user_of_a_name_is_not_the_one_that_a_key_trusts() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let named =
        json!({"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "kms:*", "Resource": "*"});
    let id = key_with(&server, &[named]).await;
    generate(&server, &alice, &id, json!({})).await.served();
    for (operation, members) in [
        (
            "DeleteAccessKey",
            vec![("UserName", "alice"), ("AccessKeyId", alice.id.as_str())],
        ),
        ("DeleteUser", vec![("UserName", "alice")]),
    ] {
        server
            .iam(&server.admin, operation, &members)
            .await
            .served();
    }
    let later = server.user("alice", "").await;
    generate(&server, &later, &id, json!({}))
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn whether_a_key_exists_is_told_only_to_who_may_know() {
    let server = Running::start().await;
    let mallory = server.user("mallory", "").await;
    let real = key(&server, &json!({})).await;
    for named in [real.as_str(), "12345678-1234-4123-8123-123456789abc"] {
        let reply = server
            .kms(&mallory, "DescribeKey", &json!({"KeyId": named}))
            .await;
        reply.refused(400, "AccessDeniedException");
    }
    server
        .kms(&mallory, "ListKeys", &json!({}))
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&mallory, "CreateKey", &json!({}))
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn policies_may_ask_for_context_alias_and_tags() {
    let server = Running::start().await;
    let id = key(
        &server,
        &json!({"Tags": [{"TagKey": "team", "TagValue": "web"}]}),
    )
    .await;
    let alias = json!({"AliasName": "alias/sessions", "TargetKeyId": id});
    server
        .kms(&server.admin, "CreateAlias", &alias)
        .await
        .served();
    let allowed = async |name: &str, condition: Value, named: &str, context: Value| {
        let document = policy(
            &json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition}),
        );
        let keys = server.user(name, &document).await;
        generate(&server, &keys, named, context).await.status == 200
    };
    let target = json!({"StringEquals": {"kms:EncryptionContext:aws:ssm:TargetId": "mi-1"}});
    assert!(!allowed("a", target.clone(), &id, json!({})).await);
    assert!(
        !allowed(
            "b",
            target.clone(),
            &id,
            json!({"aws:ssm:TargetId": "mi-2"})
        )
        .await
    );
    assert!(
        allowed(
            "c",
            target,
            &id,
            json!({"aws:ssm:TargetId": "mi-1", "x": "y"})
        )
        .await
    );
    let keys = json!({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}, "Null": {"kms:EncryptionContextKeys": "false"}});
    assert!(!allowed("d", keys.clone(), &id, json!({})).await);
    assert!(!allowed("e", keys.clone(), &id, json!({"a": "1", "c": "2"})).await);
    assert!(allowed("f", keys, &id, json!({"a": "1", "b": "2"})).await);
    let by_alias = json!({"StringEquals": {"kms:RequestAlias": "alias/sessions"}});
    assert!(!allowed("g", by_alias.clone(), &id, json!({})).await);
    assert!(allowed("h", by_alias, "alias/sessions", json!({})).await);
    let has_alias = json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/sessions"}});
    assert!(allowed("i", has_alias, &id, json!({})).await);
    let team = json!({"StringEquals": {"aws:ResourceTag/team": "ops"}});
    assert!(!allowed("j", team, &id, json!({})).await);
    let own = json!({"StringEquals": {"aws:ResourceTag/team": "web", "kms:CallerAccount": "000000000000"}});
    assert!(allowed("k", own, &id, json!({})).await);
    let via = json!({"StringEquals": {"kms:ViaService": "logs.usher-1.amazonaws.com"}});
    assert!(!allowed("l", via, &id, json!({})).await);
}

#[tokio::test]
async fn a_role_session_is_trusted_by_its_role_and_by_its_own_name() {
    let server = Running::start().await;
    let alice = server.user("alice", &may_assume()).await;
    make(&server, "deploy", &trusting(ACCOUNT_ROOT))
        .await
        .served();
    let web = keys_of(&assume(&server, &alice, DEPLOY, "web", &[]).await.served());
    let ops = keys_of(&assume(&server, &alice, DEPLOY, "ops", &[]).await.served());
    let allow = |principal: &str| json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:GenerateDataKey", "Resource": "*"});
    let by_role = key_with(&server, &[allow(DEPLOY)]).await;
    let by_session = key_with(
        &server,
        &[allow("arn:aws:sts::000000000000:assumed-role/deploy/web")],
    )
    .await;
    generate(&server, &alice, &by_role, json!({}))
        .await
        .refused(400, "AccessDeniedException");
    generate(&server, &ops, &by_session, json!({}))
        .await
        .refused(400, "AccessDeniedException");
    for (keys, id) in [(&web, &by_role), (&ops, &by_role), (&web, &by_session)] {
        generate(&server, keys, id, json!({})).await.served();
    }
}

#[tokio::test]
async fn a_node_decrypts_what_is_for_itself_and_nothing_else() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    let id = key(&server, &json!({})).await;
    let made_for = async |context: Value| {
        let made = generate(&server, &server.admin, &id, context.clone())
            .await
            .served()
            .json();
        json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context})
    };
    let own = made_for(json!({"aws:ssm:SessionId": "alice-1", "aws:ssm:TargetId": node})).await;
    for foreign in [
        made_for(
            json!({"aws:ssm:SessionId": "alice-1", "aws:ssm:TargetId": "mi-0123456789abcdef0"}),
        )
        .await,
        made_for(json!({"aws:ssm:targetid": node})).await,
        made_for(json!({"target": node})).await,
        decrypt(&encrypted(&server, &server.admin, &id, "a").await, "a"),
    ] {
        server
            .kms(&keys, "Decrypt", &foreign)
            .await
            .refused(400, "AccessDeniedException");
    }
    let context = json!({"aws:ssm:TargetId": node});
    for (operation, input) in [
        (
            "GenerateDataKey",
            json!({"KeyId": id, "NumberOfBytes": 64, "EncryptionContext": context}),
        ),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": PLAINTEXT, "EncryptionContext": context}),
        ),
        ("DescribeKey", json!({"KeyId": id})),
        ("ListKeys", json!({})),
        ("CreateKey", json!({})),
        ("ScheduleKeyDeletion", json!({"KeyId": id})),
        (
            "CreateGrant",
            json!({"KeyId": id, "GranteePrincipal": ALICE, "Operations": ["Decrypt"]}),
        ),
    ] {
        server
            .kms(&keys, operation, &input)
            .await
            .refused(400, "AccessDeniedException");
    }
    let opened = server.kms(&keys, "Decrypt", &own).await.served().json();
    assert_eq!(text(&opened["Plaintext"]).len(), 88);
    // A key that does not trust the nodes' role, or the account, is closed to nodes too.
    let closed = key_with(&server, &[]).await;
    let context = json!({"aws:ssm:TargetId": node});
    let made = generate(&server, &server.admin, &closed, context.clone())
        .await
        .served()
        .json();
    let input = json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context});
    server
        .kms(&keys, "Decrypt", &input)
        .await
        .refused(400, "AccessDeniedException");
}
