//! The log of a session that KMS hides from the server, written by its node: what the node may write, what the server makes
//! of it, and what it makes of a node that came to no end.

use serde_json::{Value, json};
use usher_wire::message::SessionStateName;

use crate::gateway_peers::{
    Node, Peer, Started, client, completion, described, keys_in, scene, session_state, start,
    task_in,
};
use crate::harness::{Keys, Running};
use crate::s3::s3;
use crate::session_logs::{PATIENCE, prefer};

struct Logged {
    server: Running,
    node: Node,
    control: Peer,
    session: Started,
    /// The session's own.
    keys: Keys,
}

/// A session under KMS whose log goes to `inputs`, with bucket `logs` and group `sessions`.
async fn logged(mut inputs: Value) -> Logged {
    let (server, node, mut control) = scene().await;
    let made = s3(&server, &server.admin, "PUT", "/logs", &[], "").await;
    assert_eq!(made.status, 200, "{}", made.body);
    let group = json!({"logGroupName": "sessions"});
    server
        .logs(&server.admin, "CreateLogGroup", &group)
        .await
        .served();
    let key = server.kms(&server.admin, "CreateKey", &json!({})).await;
    inputs["kmsKeyId"] = key.served().json()["KeyMetadata"]["Arn"].clone();
    prefer(&server, inputs).await;
    let session = start(&server, &server.admin, &node).await;
    let task = task_in(&control.next_frame().await);
    let inputs = &task.document_content["inputs"];
    let wanted = ["s3BucketName", "cloudWatchLogGroupName"].map(|name| inputs[name].clone());
    assert!(wanted.iter().any(|name| name != ""), "{wanted:?}");
    let keys = keys_in(task);
    Logged {
        server,
        node,
        control,
        session,
        keys,
    }
}

impl Logged {
    async fn put(&self, keys: &Keys, key: &str, body: &str) -> u16 {
        let path = format!("/logs/{key}");
        s3(&self.server, keys, "PUT", &path, &[], body).await.status
    }

    fn segment(&self, number: u8) -> String {
        format!("a/.usher/{}/00000000000{number}", self.session.id)
    }

    async fn report(&self, sink: &str, problem: Option<&str>, is_complete: bool) {
        let input = json!({"SessionId": self.session.id, "Sink": sink, "Problem": problem,
            "IsComplete": is_complete});
        self.server
            .ssm(&self.keys, "ReportSessionLog", &input)
            .await
            .served();
    }

    async fn put_events(&self, token: &str, message: &str) -> Value {
        let input = json!({"logGroupName": "sessions", "logStreamName": self.session.id, "sequenceToken": token,
            "logEvents": [{"timestamp": self.server.now(), "message": message}]});
        let reply = self.server.logs(&self.keys, "PutLogEvents", &input).await;
        reply.served().json()
    }

    async fn messages(&self) -> Vec<String> {
        let input = json!({"logGroupName": "sessions", "logStreamName": self.session.id, "startFromHead": true});
        let reply = self
            .server
            .logs(&self.server.admin, "GetLogEvents", &input)
            .await;
        let events = reply.served().json()["events"].as_array().unwrap().clone();
        let text = |event: &Value| event["message"].as_str().unwrap().to_owned();
        events.iter().map(text).collect()
    }

    /// How the one delivery stands.
    async fn delivery(&self) -> Value {
        let input = json!({"SessionId": self.session.id});
        let reply = self
            .server
            .ssm(&self.server.admin, "RetrySessionLogs", &input)
            .await;
        reply.served().json()["Logs"][0].clone()
    }

    async fn done(&self) -> Value {
        let look = async {
            loop {
                let found = self.delivery().await;
                if found["State"] == "done" {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap()
    }

    async fn log(&self) -> String {
        let path = format!("/logs/a/{}.log", self.session.id);
        let server = &self.server;
        let reply = s3(server, &server.admin, "GET", &path, &[], "").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    /// The service ends the session, and its agent says nothing to that.
    async fn terminate(&self) {
        let input = json!({"SessionId": self.session.id});
        let reply = self
            .server
            .ssm(&self.server.admin, "TerminateSession", &input)
            .await;
        reply.served();
    }
}

#[tokio::test]
async fn a_node_puts_segments_of_its_own_session_where_they_belong_and_nothing_else() {
    let logged = logged(json!({"s3BucketName": "logs", "s3KeyPrefix": "a"})).await;
    let id = &logged.session.id;
    for key in [
        format!("a/{id}.log"),
        format!("{id}.log"),
        format!("b/.usher/{id}/000000000001"),
        format!(".usher/{id}/000000000001"),
        format!("a/.usher/{id}/1"),
    ] {
        assert_eq!(logged.put(&logged.keys, &key, "forged").await, 403, "{key}");
    }
    let activation = json!({"IamRole": "service-role/UsherManagedNode"});
    let activation = logged
        .server
        .ssm(&logged.server.admin, "CreateActivation", &activation)
        .await;
    let other = Node::register_with(&logged.server, &activation.served().json()).await;
    let first = logged.segment(1);
    assert_eq!(logged.put(&other.keys, &first, "forged").await, 403);
    assert_eq!(logged.put(&logged.keys, &first, "text").await, 200);
    assert_eq!(logged.put(&logged.keys, &first, "another").await, 412);
    let path = format!("/logs/{first}");
    let read = s3(&logged.server, &logged.keys, "GET", &path, &[], "").await;
    assert_eq!(read.status, 403);
    let report = json!({"SessionId": id, "Sink": "s3", "IsComplete": true});
    for keys in [&logged.node.keys, &logged.server.admin, &other.keys] {
        logged
            .server
            .ssm(keys, "ReportSessionLog", &report)
            .await
            .refused(400, "AccessDeniedException");
    }
    logged.report("s3", None, true).await;
    let late = logged.segment(2);
    assert_eq!(logged.put(&logged.keys, &late, "late").await, 403);
}

#[tokio::test]
async fn segments_become_the_log_when_the_agent_says_that_it_is_whole() {
    const MARKER: &str = "marker-of-the-log";
    let logged = logged(json!({"s3BucketName": "logs", "s3KeyPrefix": "a"})).await;
    let text = format!("$ id\r\n{MARKER} w\u{f6}rter");
    assert_eq!(
        logged.put(&logged.keys, &logged.segment(1), &text).await,
        200
    );
    logged.report("s3", Some("a\u{1b}[2J bad day"), false).await;
    let found = logged.delivery().await;
    assert_eq!(found["State"], "node");
    assert_eq!(found["Problem"], "a[2J bad day");
    logged.report("s3", None, false).await;
    assert_eq!(logged.delivery().await["Problem"], Value::Null);
    let second = logged.segment(2);
    assert_eq!(logged.put(&logged.keys, &second, "\r\nend\r\n").await, 200);
    logged.terminate().await;
    logged.report("s3", None, true).await;
    logged.done().await;
    // Again, as after an answer that got lost: nothing happens.
    logged.report("s3", None, true).await;
    let log = logged.log().await;
    let (head, rest) = log.split_once('\n').unwrap();
    assert!(head.starts_with("Script started on 2026-"), "{log}");
    let (body, foot) = rest.split_once("\nScript done on 2026-").unwrap();
    assert_eq!(body, format!("{text}\r\nend\r\n"));
    assert!(foot.ends_with("Z\n"), "{log}");
    let server = &logged.server;
    let listed = s3(server, &server.admin, "GET", "/logs?list-type=2", &[], "").await;
    assert_eq!(listed.body.matches("<Key>").count(), 1, "{}", listed.body);
    let id = &logged.session.id;
    let shown = described(server, "History", id).await.unwrap();
    let place = format!("s3://logs/a/{id}.log");
    assert_eq!(shown["OutputUrl"]["S3OutputUrl"], *place);
    let server = logged.server.restart().await;
    let stored = server.stored();
    let holds = |text: &[u8]| stored.windows(text.len()).any(|window| window == text);
    assert!(holds(id.as_bytes()) && !holds(MARKER.as_bytes()));
}

#[tokio::test]
async fn a_node_that_comes_to_no_end_leaves_a_log_that_says_so() {
    let mut logged = logged(json!({"s3BucketName": "logs", "s3KeyPrefix": "a"})).await;
    let first = logged.segment(1);
    assert_eq!(logged.put(&logged.keys, &first, "kept\r\n").await, 200);
    logged.terminate().await;
    assert_eq!(logged.delivery().await["State"], "node");
    // The agent says that it is done with the session, and has said nothing of its log.
    let id = logged.session.id.clone();
    logged
        .control
        .frame(&completion(&id, "Failed", "killed"))
        .await;
    logged.control.next_frame().await;
    logged.server.pass(11);
    logged
        .control
        .frame(&completion(&id, "Failed", "killed"))
        .await;
    logged.done().await;
    let log = logged.log().await;
    assert!(
        log.contains("\nkept\r\n\n[not recorded from here on: the node did not finish"),
        "{log}"
    );
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_in_the_stream_once() {
    let logged =
        logged(json!({"cloudWatchLogGroupName": "sessions", "cloudWatchEncryptionEnabled": false}))
            .await;
    let id = &logged.session.id;
    let stream = json!({"logGroupName": "sessions", "logStreamName": id});
    let made = logged
        .server
        .logs(&logged.keys, "CreateLogStream", &stream)
        .await;
    made.served();
    for (token, message) in [
        ("0", "one"),
        ("0", "one"),
        ("1", "two"),
        ("0", "one"),
        ("1", "two"),
    ] {
        logged.put_events(token, message).await;
    }
    let next = logged.put_events("1", "two").await;
    assert_eq!(next["nextSequenceToken"], "2");
    let session = (logged.session.id.as_str(), logged.session.token.as_str());
    let mut person = client(&logged.server, session.0, session.1).await;
    let mut agent = logged.node.data(&logged.server, id).await;
    let over = session_state(id, SessionStateName::Terminating, None);
    agent.frame(&over).await;
    person.farewell().await;
    logged.put_events("2", "last").await;
    logged.report("logs", None, true).await;
    let late = json!({"logGroupName": "sessions", "logStreamName": id, "sequenceToken": "3",
        "logEvents": [{"timestamp": logged.server.now(), "message": "late"}]});
    logged
        .server
        .logs(&logged.keys, "PutLogEvents", &late)
        .await
        .refused(400, "AccessDeniedException");
    logged.done().await;
    assert_eq!(logged.messages().await, ["one", "two", "last"]);
    let shown = described(&logged.server, "History", id).await.unwrap();
    assert_eq!(
        shown["OutputUrl"]["CloudWatchOutputUrl"],
        format!("sessions:{id}")
    );
}
