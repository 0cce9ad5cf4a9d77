//! How nodes and activations end.

use serde_json::{Value, json};

use crate::gateway_peers::{described, scene, start};
use crate::harness::Running;
use crate::nodes::node_with_keys;

async fn activations(server: &Running, filters: Value) -> Vec<Value> {
    let input = json!({ "Filters": filters });
    let reply = server
        .ssm(&server.admin, "DescribeActivations", &input)
        .await;
    reply.served().json()["ActivationList"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn what_is_no_node_or_activation_is_refused() {
    let server = Running::start().await;
    for id in ["mi-00000000000000000", "i-0123456789abcdef0"] {
        let input = json!({ "InstanceId": id });
        server
            .ssm(&server.admin, "DeregisterManagedInstance", &input)
            .await
            .refused(400, "InvalidInstanceId");
    }
    let input = json!({ "ActivationId": "00000000-0000-0000-0000-000000000000" });
    server
        .ssm(&server.admin, "DeleteActivation", &input)
        .await
        .refused(400, "InvalidActivationId");
    let color = json!({ "Filters": [{ "FilterKey": "Color", "FilterValues": ["red"] }] });
    server
        .ssm(&server.admin, "DescribeActivations", &color)
        .await
        .refused(400, "InvalidFilter");
}

#[tokio::test]
async fn nobody_registers_with_a_deleted_activation_and_its_nodes_stay() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    let id = &server.activation.id;
    let by_id = json!([{ "FilterKey": "ActivationIds", "FilterValues": [id] }]);
    let found = activations(&server, by_id.clone()).await;
    assert_eq!(found[0]["RegistrationsCount"], 1);
    assert_eq!(found[0]["Expired"], false);
    assert!(
        !found[0]
            .to_string()
            .contains(server.activation.code.expose())
    );
    let input = json!({ "ActivationId": id });
    server
        .ssm(&server.admin, "DeleteActivation", &input)
        .await
        .served();
    assert_eq!(activations(&server, by_id).await, [] as [Value; 0]);
    let input = json!({ "InstanceId": node, "AgentName": "amazon-ssm-agent", "AgentVersion": "3.3.0.0", "PlatformType": "Linux" });
    server
        .ssm(&keys, "UpdateInstanceInformation", &input)
        .await
        .served();
}

#[tokio::test]
async fn a_deregistered_nodes_keys_are_worthless_and_its_sessions_and_channel_end() {
    let (server, node, mut control) = scene().await;
    let admin = server.admin.clone();
    let session = start(&server, &admin, &node).await;
    let input = json!({ "InstanceId": node.id });
    server
        .ssm(&admin, "DeregisterManagedInstance", &input)
        .await
        .served();
    let ping = json!({ "InstanceId": node.id });
    server
        .ssm(&node.keys, "UpdateInstanceInformation", &ping)
        .await
        .refused(400, "UnrecognizedClientException");
    control.farewell().await;
    let ended = described(&server, "History", &session.id).await.unwrap();
    assert_eq!(ended["Status"], "Terminated");
    let reply = server
        .ssm(&admin, "StartSession", &json!({ "Target": node.id }))
        .await;
    reply.refused(400, "TargetNotConnected");
}

#[tokio::test]
async fn a_nodes_role_is_the_one_there_is() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    let set = async |role: &str| {
        let input = json!({ "InstanceId": node, "IamRole": role });
        server
            .ssm(&server.admin, "UpdateManagedInstanceRole", &input)
            .await
    };
    set("Administrator")
        .await
        .refused(400, "ValidationException");
    set("UsherManagedNode").await.served();
}
