//! Grants: what they do not allow, and that they end.

use serde_json::{Value, json};

use crate::harness::{Keys, Running};
use crate::kms::{decrypt, encrypted, key, text};
use crate::roles::policy;

fn arn(name: &str) -> String {
    format!("arn:aws:iam::000000000000:user/{name}")
}

async fn grant(server: &Running, keys: &Keys, input: &Value) -> Value {
    server.kms(keys, "CreateGrant", input).await.served().json()
}

#[tokio::test]
async fn a_grant_that_names_nobody_or_no_operation_is_refused() {
    let server = Running::start().await;
    server.user("alice", "").await;
    let id = key(&server, &json!({})).await;
    let check = async |grantee: &str, operations: Value, code: &str| {
        let input = json!({"KeyId": id, "GranteePrincipal": grantee, "Operations": operations});
        server
            .kms(&server.admin, "CreateGrant", &input)
            .await
            .refused(400, code);
    };
    check(&arn("bob"), json!(["Decrypt"]), "InvalidArnException").await;
    check("alice", json!(["Decrypt"]), "InvalidArnException").await;
    let nodes = "arn:aws:iam::000000000000:role/service-role/UsherManagedNode";
    check(nodes, json!(["Decrypt"]), "InvalidArnException").await;
    check(&arn("alice"), json!([]), "ValidationException").await;
    check(&arn("alice"), json!(["Sign"]), "ValidationException").await;
    let mallory = server.user("mallory", "").await;
    let input = json!({"KeyId": id, "GranteePrincipal": arn("mallory"), "Operations": ["Decrypt"]});
    server
        .kms(&mallory, "CreateGrant", &input)
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn a_grant_allows_its_operations_within_its_constraints_until_it_is_revoked() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let bob = server.user("bob", "").await;
    let id = key(&server, &json!({})).await;
    let [a, b] = [
        encrypted(&server, &server.admin, &id, "a").await,
        encrypted(&server, &server.admin, &id, "b").await,
    ];
    let input = json!({"KeyId": id, "GranteePrincipal": arn("alice"), "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"target": "a"}}, "Name": "for-alice"});
    let made = grant(&server, &server.admin, &input).await;
    server
        .kms(&alice, "Decrypt", &decrypt(&b, "b"))
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&bob, "Decrypt", &decrypt(&a, "a"))
        .await
        .refused(400, "AccessDeniedException");
    let encrypt = json!({"KeyId": id, "Plaintext": "AAAA", "EncryptionContext": {"target": "a"}});
    server
        .kms(&alice, "Encrypt", &encrypt)
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&alice, "Decrypt", &decrypt(&a, "a"))
        .await
        .served();
    let listed = server
        .kms(&server.admin, "ListGrants", &json!({"KeyId": id}))
        .await
        .served()
        .json();
    assert_eq!(
        listed["Grants"][0]["Constraints"]["EncryptionContextSubset"]["target"],
        "a"
    );
    assert_eq!(listed["Grants"][0]["Operations"], json!(["Decrypt"]));
    let revoke = json!({"KeyId": id, "GrantId": made["GrantId"]});
    server
        .kms(&alice, "RevokeGrant", &revoke)
        .await
        .refused(400, "AccessDeniedException");
    server
        .kms(&server.admin, "RevokeGrant", &revoke)
        .await
        .served();
    server
        .kms(&server.admin, "RevokeGrant", &revoke)
        .await
        .refused(400, "NotFoundException");
    server
        .kms(&alice, "Decrypt", &decrypt(&a, "a"))
        .await
        .refused(400, "AccessDeniedException");
}

#[tokio::test]
async fn a_denial_outdoes_a_grant() {
    let server = Running::start().await;
    let denial = policy(&json!({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}));
    let alice = server.user("alice", &denial).await;
    let id = key(&server, &json!({})).await;
    let blob = encrypted(&server, &server.admin, &id, "a").await;
    let input = json!({"KeyId": id, "GranteePrincipal": arn("alice"), "Operations": ["Decrypt", "Encrypt"]});
    grant(&server, &server.admin, &input).await;
    server
        .kms(&alice, "Decrypt", &decrypt(&blob, "a"))
        .await
        .refused(400, "AccessDeniedException");
    encrypted(&server, &alice, &id, "a").await;
}

#[tokio::test]
async fn who_has_a_grant_hands_on_no_more_than_that() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let bob = server.user("bob", "").await;
    let id = key(&server, &json!({})).await;
    let blob = encrypted(&server, &server.admin, &id, "a").await;
    let input = json!({"KeyId": id, "GranteePrincipal": arn("alice"), "Operations": ["Decrypt", "CreateGrant"],
        "Constraints": {"EncryptionContextEquals": {"target": "a"}}});
    grant(&server, &server.admin, &input).await;
    let to_bob = |operations: Value, constraints: Value| json!({"KeyId": id, "GranteePrincipal": arn("bob"), "Operations": operations, "Constraints": constraints});
    for input in [
        to_bob(
            json!(["Encrypt"]),
            json!({"EncryptionContextEquals": {"target": "a"}}),
        ),
        to_bob(json!(["Decrypt"]), json!({})),
        to_bob(
            json!(["Decrypt"]),
            json!({"EncryptionContextEquals": {"target": "b"}}),
        ),
        // A context that only contains the pair may have others: more than alice has.
        to_bob(
            json!(["Decrypt"]),
            json!({"EncryptionContextSubset": {"target": "a"}}),
        ),
    ] {
        server
            .kms(&alice, "CreateGrant", &input)
            .await
            .refused(400, "AccessDeniedException");
    }
    let input = to_bob(
        json!(["Decrypt"]),
        json!({"EncryptionContextEquals": {"target": "a"}}),
    );
    grant(&server, &alice, &input).await;
    server
        .kms(&bob, "Decrypt", &decrypt(&blob, "a"))
        .await
        .served();
}

#[tokio::test]
async fn a_grant_is_retired_by_whom_it_names_for_that() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let bob = server.user("bob", "").await;
    let id = key(&server, &json!({})).await;
    let input = json!({"KeyId": id, "GranteePrincipal": arn("alice"), "RetiringPrincipal": arn("bob"), "Operations": ["Decrypt"]});
    let made = grant(&server, &server.admin, &input).await;
    let by_id = json!({"KeyId": id, "GrantId": made["GrantId"]});
    server
        .kms(&alice, "RetireGrant", &by_id)
        .await
        .refused(400, "NotFoundException");
    server
        .kms(&bob, "RetireGrant", &json!({"GrantToken": "nonsense"}))
        .await
        .refused(400, "NotFoundException");
    let by_token = json!({"GrantToken": text(&made["GrantToken"])});
    server.kms(&bob, "RetireGrant", &by_token).await.served();
    server
        .kms(&bob, "RetireGrant", &by_id)
        .await
        .refused(400, "NotFoundException");
}
