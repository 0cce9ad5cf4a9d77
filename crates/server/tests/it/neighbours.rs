//! What clients of Session Manager ask before they ask it: which nodes are there, of the inventory and of EC2.

use serde_json::{Value, json};

use crate::harness::{Keys, Reply, Running};
use crate::nodes::node_with_keys;

const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ssm:GetInventory","ec2:DescribeInstances"],"Resource":"*"}}"#;

async fn instances(server: &Running, keys: &Keys, members: &[(&str, &str)]) -> Reply {
    server
        .query_call("DescribeInstances", "2016-11-15", members)
        .signed(keys, "ec2", server.now())
        .send()
        .await
}

async fn inventory(server: &Running, input: &Value) -> Reply {
    server.ssm(&server.admin, "GetInventory", input).await
}

fn of_inventory(reply: &Reply) -> Vec<String> {
    let reply = reply.json();
    let entities = reply["Entities"].as_array().unwrap().iter();
    entities
        .map(|entity| entity["Id"].as_str().unwrap().to_owned())
        .collect()
}

fn of_ec2(reply: &Reply) -> Vec<String> {
    let found = reply.body.split("<instanceId>").skip(1);
    found
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

async fn report(server: &Running, node: &str, keys: &Keys, name: &str) {
    let report = json!({
        "InstanceId": node, "AgentName": "amazon-ssm-agent", "AgentVersion": "3.3.0.0", "PlatformType": "Linux",
        "PlatformName": "Debian GNU/Linux", "PlatformVersion": "12", "IPAddress": "192.0.2.7", "ComputerName": name,
    });
    server
        .ssm(keys, "UpdateInstanceInformation", &report)
        .await
        .served();
}

#[tokio::test]
async fn who_is_not_allowed_sees_no_node_in_ec2_s_words() {
    let server = Running::start().await;
    let (_, node_keys) = node_with_keys(&server).await;
    let stranger = server.user("eve", "").await;
    for keys in [&stranger, &node_keys] {
        let reply = instances(&server, keys, &[]).await;
        reply.refused(403, "UnauthorizedOperation");
        assert!(reply.body.starts_with("<Response><Errors><Error>"));
        assert!(reply.message().contains("ec2:DescribeInstances"));
        server
            .ssm(keys, "GetInventory", &json!({}))
            .await
            .refused(400, "AccessDeniedException");
    }
    let forged = Keys {
        secret: "x".to_owned(),
        ..server.admin.clone()
    };
    instances(&server, &forged, &[])
        .await
        .refused(401, "AuthFailure");
    // A key that is good, of a call that was signed for another service.
    let elsewhere = server
        .query_call("DescribeInstances", "2016-11-15", &[])
        .signed(&server.admin, "iam", server.now());
    elsewhere.send().await.refused(403, "SignatureDoesNotMatch");
    let unknown = server.query_call("RunInstances", "2016-11-15", &[]).signed(
        &server.admin,
        "ec2",
        server.now(),
    );
    unknown.send().await.refused(400, "InvalidAction");
}

#[tokio::test]
async fn what_ec2_cannot_read_is_refused_by_name() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    for (members, code) in [
        (
            &[("InstanceId.1", "web-1")][..],
            "InvalidInstanceID.Malformed",
        ),
        (
            &[("InstanceId.1", "i-0123456789abcdef0")],
            "InvalidInstanceID.NotFound",
        ),
        (
            &[
                ("InstanceId.1", &node),
                ("InstanceId.2", "mi-0123456789abcdef0"),
            ],
            "InvalidInstanceID.NotFound",
        ),
        (
            &[("InstanceId.1", &node), ("MaxResults", "5")],
            "InvalidParameterCombination",
        ),
        (&[("MaxResults", "4")], "InvalidParameterValue"),
        (&[("MaxResults", "1001")], "InvalidParameterValue"),
        (&[("NextToken", "!")], "InvalidParameterValue"),
        (
            &[("Filter.1.Name", "color"), ("Filter.1.Value.1", "red")],
            "InvalidParameterValue",
        ),
        (&[("Filter.1.Name", "instance-id")], "InvalidParameterValue"),
        (&[("Filter.x.Name", "instance-id")], "MalformedQueryString"),
    ] {
        instances(&server, &server.admin, members)
            .await
            .refused(400, code);
    }
    instances(&server, &server.admin, &[("DryRun", "true")])
        .await
        .refused(412, "DryRunOperation");
}

#[tokio::test]
async fn what_the_inventory_does_not_hold_is_refused_or_left_out() {
    let server = Running::start().await;
    let (node, _) = node_with_keys(&server).await;
    let filter = |key: &str| json!({"Filters": [{"Key": key, "Values": ["a"]}]});
    for (input, code) in [
        (
            json!({"Aggregators": [{"Expression": "AWS:InstanceInformation.PlatformType"}]}),
            "InvalidAggregatorException",
        ),
        (
            json!({"ResultAttributes": [{"TypeName": "Application"}]}),
            "InvalidTypeNameException",
        ),
        (json!({"MaxResults": 0}), "ValidationException"),
        (json!({"MaxResults": 51}), "ValidationException"),
        (json!({"NextToken": "!"}), "InvalidNextToken"),
        (filter("InstanceId"), "InvalidFilter"),
    ] {
        inventory(&server, &input).await.refused(400, code);
    }
    let software = json!({"ResultAttributes": [{"TypeName": "AWS:Application"}]});
    let reply = inventory(&server, &software).await.served().json();
    assert_eq!(reply, json!({"Entities": [{"Id": node, "Data": {}}]}));
}

#[tokio::test]
async fn a_node_is_in_both_as_it_reported() {
    let server = Running::start().await;
    let (node, keys) = node_with_keys(&server).await;
    report(&server, &node, &keys, "web-1.example").await;
    let tag = json!({"ResourceType": "ManagedInstance", "ResourceId": node, "Tags": [{"Key": "Team", "Value": "blue"}]});
    server
        .ssm(&server.admin, "AddTagsToResource", &tag)
        .await
        .served();
    let person = server.user("alice", ALLOW).await;
    let told = server.ssm(&person, "GetInventory", &json!({})).await;
    let entity = &told.served().json()["Entities"][0];
    let item = &entity["Data"]["AWS:InstanceInformation"];
    assert_eq!(item["TypeName"], "AWS:InstanceInformation");
    assert_eq!(
        item["Content"],
        json!([{
            "AgentType": "amazon-ssm-agent", "AgentVersion": "3.3.0.0", "ComputerName": "web-1.example",
            "InstanceId": node, "InstanceStatus": "Active", "IpAddress": "192.0.2.7", "PlatformName": "Debian GNU/Linux",
            "PlatformType": "Linux", "PlatformVersion": "12", "ResourceType": "ManagedInstance",
        }])
    );
    let told = instances(&server, &person, &[]).await.served();
    assert_eq!(of_ec2(&told), [node.as_str()]);
    assert!(
        told.body
            .contains("<instanceState><code>16</code><name>running</name></instanceState>")
    );
    assert!(
        told.body
            .contains("<privateIpAddress>192.0.2.7</privateIpAddress>")
    );
    // The name of its activation stands for the tag that it does not have.
    assert!(
        told.body
            .contains("<item><key>Name</key><value>web-1</value></item><item><key>Team</key>")
    );

    server.pass(301);
    let told = inventory(&server, &json!({})).await.served().json();
    let content = &told["Entities"][0]["Data"]["AWS:InstanceInformation"]["Content"];
    assert_eq!(content[0]["InstanceStatus"], "ConnectionLost");
    let told = instances(&server, &server.admin, &[]).await.served();
    assert!(
        told.body
            .contains("<instanceState><code>80</code><name>stopped</name></instanceState>")
    );
}

#[tokio::test]
async fn filters_choose_and_pages_follow_each_other() {
    let server = Running::start().await;
    let input = json!({"IamRole": "UsherManagedNode", "RegistrationLimit": 7});
    let made = server.ssm(&server.admin, "CreateActivation", &input).await;
    let made = made.served().json();
    let (id, code) = (
        made["ActivationId"].as_str().unwrap(),
        made["ActivationCode"].as_str().unwrap(),
    );
    let mut nodes = Vec::new();
    for number in 0..7 {
        let (node, keys) = crate::nodes::node_of(&server, id, code).await;
        report(&server, &node, &keys, &format!("rack-{number}")).await;
        nodes.push(node);
    }
    let wanted = nodes[3].clone();
    nodes.sort();

    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let mut members = vec![("MaxResults", "5")];
        if !next.is_empty() {
            members.push(("NextToken", &next));
        }
        let page = instances(&server, &server.admin, &members).await.served();
        pages.push(of_ec2(&page));
        match page.find("nextToken") {
            Some(token) => next = token,
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 2]);
    assert_eq!(pages.concat(), nodes);

    let first = inventory(&server, &json!({"MaxResults": 3})).await.served();
    let rest = json!({"NextToken": first.json()["NextToken"]});
    let rest = inventory(&server, &rest).await.served();
    assert_eq!([of_inventory(&first), of_inventory(&rest)].concat(), nodes);

    let filters = |state: &str, name: &str| {
        vec![
            ("Filter.1.Name".to_owned(), "instance-state-name".to_owned()),
            ("Filter.1.Value.1".to_owned(), state.to_owned()),
            ("Filter.2.Name".to_owned(), "private-dns-name".to_owned()),
            ("Filter.2.Value.1".to_owned(), "none".to_owned()),
            ("Filter.2.Value.2".to_owned(), name.to_owned()),
        ]
    };
    for (state, name, expected) in [
        ("stopped", "*-3", vec![]),
        ("running", "RACK-3", vec![]),
        ("running", "r*k-3", vec![wanted.clone()]),
        ("run*", "rack-?", nodes.clone()),
    ] {
        let members = filters(state, name);
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let told = instances(&server, &server.admin, &members).await.served();
        assert_eq!(of_ec2(&told), expected, "{state} {name}");
    }
    let named = instances(&server, &server.admin, &[("InstanceId.1", &wanted)]).await;
    assert_eq!(of_ec2(&named.served()), [wanted.as_str()]);

    let by_name = json!({"Filters": [
        {"Key": "AWS:InstanceInformation.ComputerName", "Values": ["rack-3"], "Type": "Equal"},
        {"Key": "AWS:InstanceInformation.InstanceStatus", "Values": ["Terminated", "Stopped", "ConnectionLost"], "Type": "NotEqual"},
    ]});
    assert_eq!(
        of_inventory(&inventory(&server, &by_name).await.served()),
        [wanted]
    );
}
