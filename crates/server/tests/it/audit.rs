//! The audit trail: what is recorded, what is not, how it is looked up, and that a change to it is found.

use serde_json::{Value, json};

use usher_server::{Config, ServerError, Verification, verify_audit_trail};

use crate::assume_role::keys;
use crate::database;
use crate::gateway_peers::{scene, start};
use crate::harness::{Keys, REGION, Reply, Running, config};
use crate::web_identity::World;

const LOOK_UP: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

const STATUS: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetTrailStatus";

async fn status(server: &Running, keys: &Keys, name: &str) -> Reply {
    server
        .json_call(STATUS, &json!({"Name": name}))
        .signed(keys, "cloudtrail", server.now())
        .send()
        .await
}

async fn look_up(server: &Running, keys: &Keys, input: &Value) -> Reply {
    server
        .json_call(LOOK_UP, input)
        .signed(keys, "cloudtrail", server.now())
        .send()
        .await
}

/// The records of that attribute, newest first.
pub(crate) async fn records(server: &Running, key: &str, value: &str) -> Vec<Value> {
    let by = json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
    let found = look_up(server, &server.admin, &by).await.served().json();
    let events = found["Events"].as_array().unwrap();
    events
        .iter()
        .map(|event| serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn who_may_not_look_anything_up_is_refused_and_that_is_recorded() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    look_up(&server, &alice, &json!({}))
        .await
        .refused(400, "AccessDeniedException");
    let record = &records(&server, "Username", "alice").await[0];
    assert_eq!(record["eventName"], "LookupEvents");
    assert_eq!(record["eventSource"], "cloudtrail.amazonaws.com");
    assert_eq!(record["errorCode"], "AccessDeniedException");
    assert!(
        record["errorMessage"]
            .as_str()
            .unwrap()
            .contains("alice is not authorized")
    );
    assert_eq!(record["userIdentity"]["type"], "IAMUser");
    assert_eq!(record["userIdentity"]["accessKeyId"], alice.id);
    assert_eq!(record["sourceIPAddress"], "127.0.0.1");
    assert_eq!(record["awsRegion"], REGION);
    assert_eq!(record["readOnly"], true);
    let decided = &record["additionalEventData"]["decisions"][0];
    assert_eq!(decided["action"], "cloudtrail:LookupEvents");
    assert!(
        decided["decision"]
            .as_str()
            .unwrap()
            .contains("identity-based policy"),
        "{decided}"
    );
}

#[tokio::test]
async fn the_trail_says_whether_it_is_written_and_when_it_was_last_signed() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    status(&server, &alice, "usher")
        .await
        .refused(400, "AccessDeniedException");
    status(&server, &server.admin, "another")
        .await
        .refused(400, "TrailNotFoundException");
    let arn = format!("arn:aws:cloudtrail:{REGION}:000000000000:trail/usher");
    for name in ["usher", &arn] {
        let told = status(&server, &server.admin, name).await.served().json();
        assert_eq!(told["IsLogging"], true);
        assert_eq!(told.get("LatestDigestDeliveryError"), None);
        // The first record had a head before a second was answered.
        let signed = told["LatestDigestDeliveryTime"].as_f64().unwrap();
        assert!(signed <= told["LatestDeliveryTime"].as_f64().unwrap());
    }
}

#[tokio::test]
async fn calls_that_nobody_signed_rightly_are_recorded_once_and_then_counted() {
    let server = Running::start().await;
    let wrong = Keys {
        secret: "wrong".to_owned(),
        ..server.admin.clone()
    };
    for _ in 0..5 {
        server
            .whoami(&wrong)
            .await
            .refused(403, "SignatureDoesNotMatch");
    }
    let counted = records(&server, "EventName", "GetCallerIdentity").await;
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0]["userIdentity"]["type"], "Unknown");
    assert_eq!(counted[0]["requestParameters"], Value::Null);
    let server = server.restart().await;
    let written = &records(&server, "EventName", "GetCallerIdentity").await[0];
    assert_eq!(written["additionalEventData"]["repeated"]["calls"], 4);
}

#[tokio::test]
async fn no_secret_that_a_call_brings_or_gets_stands_in_the_trail() {
    let server = Running::start().await;
    let alice = server.user("alice", "").await;
    let record = &records(&server, "EventName", "CreateAccessKey").await[0];
    assert_eq!(record["requestParameters"], json!({"userName": "alice"}));
    let made = &record["responseElements"]["accessKey"];
    assert_eq!(made["accessKeyId"], alice.id);
    assert_eq!(made["secretAccessKey"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    let by = json!({"LookupAttributes": []});
    let everything = look_up(&server, &server.admin, &by).await.served();
    assert!(!everything.json().to_string().contains(&alice.secret));
}

#[tokio::test]
async fn who_became_a_role_by_web_identity_is_recorded_and_the_token_is_not() {
    let world = World::new().await;
    let server = &world.server;
    let only = json!({"StringEquals": {format!("{}:sub", world.provider.name()): "person-1"}});
    world.role(&only).await;
    let tokens = [
        world.token(&json!({"exp": server.now() / 1000 - 3600})),
        world.token(&json!({"sub": "person-2"})),
        world.token(&json!({})),
    ];
    world
        .assume(&tokens[0])
        .await
        .refused(400, "ExpiredTokenException");
    world.assume(&tokens[1]).await.refused(403, "AccessDenied");
    let keys = keys(&world.assume(&tokens[2]).await.served());
    server.whoami(&keys).await.served();

    let calls = records(server, "EventName", "AssumeRoleWithWebIdentity").await;
    let [served, untrusted, expired] = &calls[..] else {
        panic!("{calls:#?}");
    };
    for (record, token) in [expired, untrusted, served].into_iter().zip(&tokens) {
        let hidden = &record["requestParameters"]["webIdentityToken"];
        assert_eq!(hidden, "HIDDEN_DUE_TO_SECURITY_REASONS");
        let text = record.to_string();
        assert!(token.split('.').all(|part| !text.contains(part)), "{text}");
    }
    let of_untrusted = &untrusted["additionalEventData"];
    assert_eq!(of_untrusted["webIdentity"]["subject"], "person-2");
    assert_eq!(
        of_untrusted["decisions"][0]["action"],
        "sts:AssumeRoleWithWebIdentity"
    );
    assert_eq!(
        served["additionalEventData"]["webIdentity"]["subject"],
        "person-1"
    );
    let given = &served["responseElements"]["credentials"];
    assert_eq!(given["accessKeyId"], keys.id);
    assert_eq!(given["sessionToken"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    let later = &records(server, "AccessKeyId", &keys.id).await[0];
    let vouched = &later["userIdentity"]["sessionContext"]["webIdFederationData"];
    assert_eq!(vouched["federatedProvider"], world.arn());
    let subject = format!("{}:sub", world.provider.name());
    assert_eq!(vouched["attributes"][subject], "person-1");
}

#[tokio::test]
async fn a_change_shows_what_was_before_and_what_is_after() {
    let server = Running::start().await;
    server.user("alice", "").await;
    let tag = [
        ("UserName", "alice"),
        ("Tags.member.1.Key", "SSMSessionRunAs"),
        ("Tags.member.1.Value", "deploy"),
    ];
    server.iam(&server.admin, "TagUser", &tag).await.served();
    let record = &records(&server, "EventName", "TagUser").await[0];
    let change = &record["additionalEventData"]["changes"][0];
    assert_eq!(change["before"], json!({"tags": {}}));
    assert_eq!(
        change["after"],
        json!({"tags": {"SSMSessionRunAs": "deploy"}})
    );
    assert_eq!(record["requestParameters"]["tags"][0]["value"], "deploy");
    assert_eq!(record["resources"][0]["type"], "AWS::IAM::User");

    let name = "SSM-SessionManagerRunShell";
    let content = |user: &str| {
        json!({"schemaVersion": "1.0", "sessionType": "Standard_Stream",
            "inputs": {"runAsEnabled": true, "runAsDefaultUser": user}})
        .to_string()
    };
    let made = json!({"Name": name, "DocumentType": "Session", "Content": content("one")});
    server
        .ssm(&server.admin, "CreateDocument", &made)
        .await
        .served();
    let updated = json!({"Name": name, "DocumentVersion": "$LATEST", "Content": content("two")});
    server
        .ssm(&server.admin, "UpdateDocument", &updated)
        .await
        .served();
    let of_document = records(&server, "ResourceName", name).await;
    let names: Vec<&Value> = of_document
        .iter()
        .map(|record| &record["eventName"])
        .collect();
    assert_eq!(names, ["UpdateDocument", "CreateDocument"]);
    let change = &of_document[0]["additionalEventData"]["changes"][0];
    assert!(
        change["before"]["latestContent"]
            .as_str()
            .unwrap()
            .contains("\"one\""),
        "{change}"
    );
    assert!(
        change["after"]["latestContent"]
            .as_str()
            .unwrap()
            .contains("\"two\""),
        "{change}"
    );
}

#[tokio::test]
async fn a_session_is_recorded_with_the_rule_that_chose_its_os_user_and_with_its_end() {
    let (server, node, _control) = scene().await;
    let session = start(&server, &server.admin, &node).await;
    let begun = &records(&server, "EventName", "StartSession").await[0];
    assert_eq!(begun["responseElements"]["sessionId"], session.id);
    assert!(
        begun["additionalEventData"]["runAs"]["rule"].is_string(),
        "{begun}"
    );
    let decided = begun["additionalEventData"]["decisions"]
        .as_array()
        .unwrap();
    assert!(
        decided
            .iter()
            .any(|one| one["action"] == "ssm:StartSession"),
        "{begun}"
    );

    let ended = json!({"SessionId": session.id});
    server
        .ssm(&server.admin, "TerminateSession", &ended)
        .await
        .served();
    let server = server.restart().await;
    let over = &records(&server, "EventName", "SessionEnded").await[0];
    assert_eq!(over["eventType"], "AwsServiceEvent");
    let details = &over["serviceEventDetails"];
    assert_eq!(details["sessionId"], session.id);
    assert_eq!(details["target"], node.id);
    assert_eq!(details["state"], "Terminated");
    let of_session = records(&server, "ResourceName", &session.id).await;
    // The call that ends a session may be recorded before its end or after.
    let mut names: Vec<&str> = of_session
        .iter()
        .filter_map(|record| record["eventName"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["SessionEnded", "StartSession", "TerminateSession"]);
}

#[tokio::test]
async fn pings_are_recorded_once_and_then_counted() {
    let (server, node, _control) = scene().await;
    let ping = json!({"InstanceId": node.id, "AgentStatus": "Active", "AgentVersion": "1"});
    for _ in 0..4 {
        server
            .ssm(&node.keys, "UpdateInstanceInformation", &ping)
            .await
            .served();
    }
    assert_eq!(
        records(&server, "EventName", "UpdateInstanceInformation")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn every_attribute_finds_its_records_and_pages_follow_each_other() {
    let server = Running::start().await;
    for number in 0..3 {
        server.user(&format!("user-{number}"), "").await;
    }
    let found = async |key: &str, value: &str| records(&server, key, value).await.len();
    assert_eq!(found("EventName", "CreateUser").await, 3);
    assert_eq!(found("ResourceName", "user-1").await, 2);
    assert_eq!(found("ResourceName", "nobody").await, 0);
    assert_eq!(found("EventSource", "iam.amazonaws.com").await, 7);
    assert_eq!(found("ResourceType", "AWS::IAM::User").await, 7);
    assert_eq!(found("ReadOnly", "false").await, 7);
    assert_eq!(found("Username", "admin").await, 12);
    assert_eq!(found("AccessKeyId", &server.admin.id).await, 13);
    let first = &records(&server, "EventName", "CreateUser").await[0];
    let id = first["eventID"].as_str().unwrap();
    assert_eq!(records(&server, "EventId", id).await.first(), Some(first));

    let page = |token: Option<&str>| {
        let by = json!([{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]);
        json!({"LookupAttributes": by, "MaxResults": 2, "NextToken": token})
    };
    let newest = look_up(&server, &server.admin, &page(None))
        .await
        .served()
        .json();
    assert_eq!(newest["Events"].as_array().unwrap().len(), 2);
    let next = page(newest["NextToken"].as_str());
    let oldest = look_up(&server, &server.admin, &next).await.served().json();
    assert_eq!(oldest["Events"].as_array().unwrap().len(), 1);
    assert_eq!(oldest["NextToken"], Value::Null);
    let named = oldest["Events"][0]["Resources"][0]["ResourceName"].clone();
    assert_eq!(named, "user-0");
    let late = json!({"StartTime": server.now() / 1000 + 60});
    let none = look_up(&server, &server.admin, &late).await.served().json();
    assert_eq!(none["Events"], json!([]));
}

async fn verify(config: &Config) -> Result<Verification, ServerError> {
    verify_audit_trail(&config.data_dir, &config.database, &config.root_key).await
}

#[tokio::test]
async fn a_letter_changed_in_the_database_is_found_and_an_untouched_trail_is_whole() {
    let server = Running::start().await;
    server.user("alice", "").await;
    let server = server.restart().await;
    let config = config(server.folder());
    let whole = verify(&config).await.unwrap();
    assert!(whole.is_whole(), "{whole:?}");
    assert!(whole.last_head.is_some() && whole.records > 0, "{whole:?}");

    let folder = server.stop().await;
    database::change_letter(folder.path());
    let changed = verify(&config).await.unwrap();
    assert!(!changed.is_whole());
    drop(folder);
}
