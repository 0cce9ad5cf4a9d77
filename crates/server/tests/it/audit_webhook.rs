//! The audit trail's events at a receiver that fails, lies and comes back.

use std::collections::VecDeque;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use usher_aws::WebhookUrl;
use usher_server::AuditWebhook;

use crate::audit::records;
use crate::harness::Running;

const SECRET: [u8; 32] = [7; 32];

/// How long a test waits for what must come.
const SOON: Duration = Duration::from_secs(60);

struct Heard {
    path: String,
    headers: HeaderMap,
    body: String,
}

/// Answers with the statuses that it is told, in their order, and then with 200.
struct Receiver {
    address: SocketAddr,
    heard: mpsc::Receiver<Heard>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

type Shared = (mpsc::Sender<Heard>, Arc<Mutex<VecDeque<StatusCode>>>);

async fn answer(
    State((sender, answers)): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    // Before it is told, so that a test which has heard of it changes only the answers to what comes later.
    let status = answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::OK);
    let path = uri.path().to_owned();
    let heard = Heard {
        path,
        headers,
        body,
    };
    sender.send(heard).await.unwrap();
    match status.is_redirection() {
        true => Redirect::temporary("/elsewhere").into_response(),
        false => status.into_response(),
    }
}

impl Receiver {
    async fn start(answers: &[StatusCode]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, heard) = mpsc::channel(1000);
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let routes = Router::new()
            .fallback(answer)
            .with_state((sender, Arc::clone(&answers)));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            address,
            heard,
            answers,
        }
    }

    /// What a server in `folder` is told of it.
    fn settings(&self, folder: &Path) -> AuditWebhook {
        let secret_file = folder.join("webhook.secret");
        fs::write(&secret_file, format!("whsec_{}\n", STANDARD.encode(SECRET))).unwrap();
        fs::set_permissions(&secret_file, fs::Permissions::from_mode(0o600)).unwrap();
        let url = format!("http://{}/hook", self.address);
        AuditWebhook {
            url: WebhookUrl::parse(&url).unwrap(),
            secret_file,
        }
    }

    async fn server(&self) -> Running {
        Running::start_with(|folder, config| config.audit_webhook = Some(self.settings(folder)))
            .await
    }

    async fn next(&mut self) -> Heard {
        let heard = tokio::time::timeout(SOON, self.heard.recv()).await;
        heard.expect("nothing was sent").unwrap()
    }

    /// The next event of that name; what comes before it goes by.
    async fn event(&mut self, name: &str) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.next().await.body).unwrap();
            if event["detail"]["eventName"] == name {
                return event;
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_event_comes_again() {
    let mut receiver = Receiver::start(&[StatusCode::TEMPORARY_REDIRECT]).await;
    let server = receiver.server().await;
    server.user("alice", "").await;
    let (first, again) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.body, again.body);
    assert_eq!((first.path, again.path), ("/hook".into(), "/hook".into()));
}

#[tokio::test]
async fn an_event_is_event_bridges_and_signed_and_reads_are_not_sent() {
    let mut receiver = Receiver::start(&[]).await;
    let server = receiver.server().await;
    server.iam(&server.admin, "ListUsers", &[]).await.served();
    let alice = server.user("alice", "").await;
    server
        .iam(&alice, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
    let heard = loop {
        let heard = receiver.next().await;
        assert!(!heard.body.contains(&alice.secret));
        if heard.body.contains("CreateAccessKey") && heard.body.contains("alice") {
            break heard;
        }
    };
    let event: Value = serde_json::from_str(&heard.body).unwrap();
    assert_eq!(event["source"], "aws.iam");
    assert_eq!(event["detail-type"], "AWS API Call via CloudTrail");
    let recorded = &records(&server, "EventName", "CreateAccessKey").await[0];
    assert_eq!(event["detail"], *recorded);

    let (id, time) = (
        text(&heard.headers, "webhook-id"),
        text(&heard.headers, "webhook-timestamp"),
    );
    assert_eq!(id, event["id"]);
    let signed = format!("{id}.{time}.{}", heard.body);
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &SECRET),
        signed.as_bytes(),
    );
    let expected = format!("v1,{}", STANDARD.encode(tag));
    assert_eq!(text(&heard.headers, "webhook-signature"), expected);

    // The read that was served is not sent; the one that was refused is.
    let refused = receiver.event("ListUsers").await;
    assert_eq!(refused["detail"]["errorCode"], "AccessDenied");
}

#[tokio::test]
async fn what_a_receiver_fails_to_take_comes_again_in_order_and_after_a_restart() {
    let mut receiver = Receiver::start(&[StatusCode::INTERNAL_SERVER_ERROR]).await;
    let server = receiver.server().await;
    server.user("alice", "").await;
    let (first, again) = (receiver.next().await, receiver.next().await);
    assert_eq!(first.body, again.body);
    assert_eq!(
        text(&first.headers, "webhook-id"),
        text(&again.headers, "webhook-id")
    );
    receiver.event("CreateAccessKey").await;

    // From here on nothing is taken, until the server was started again.
    let busy = vec![StatusCode::SERVICE_UNAVAILABLE; 500];
    *receiver.answers.lock().unwrap() = busy.into();
    server.user("bob", "").await;
    let untaken: Value = serde_json::from_str(&receiver.next().await.body).unwrap();
    let folder = server.stop().await;
    receiver.answers.lock().unwrap().clear();
    let settings = receiver.settings(folder.path());
    let server = Running::start_again(folder, |config| config.audit_webhook = Some(settings)).await;
    let taken = receiver.event("CreateUser").await;
    assert_eq!(taken["detail"]["requestParameters"]["userName"], "bob");
    assert_eq!(taken["id"], untaken["id"]);
    receiver.event("CreateAccessKey").await;
    server.stop().await;
}

#[tokio::test]
async fn an_event_that_a_receiver_says_is_wrong_is_given_up_after_a_day_and_that_is_recorded() {
    let refusals = vec![StatusCode::UNPROCESSABLE_ENTITY; 500];
    let mut receiver = Receiver::start(&refusals).await;
    let server = receiver.server().await;
    server.user("alice", "").await;
    let (refused, again) = (receiver.next().await, receiver.next().await);
    assert_eq!(refused.body, again.body);
    server.pass(24 * 3600);
    let given_up = loop {
        receiver.next().await;
        if let Some(record) = records(&server, "EventName", "WebhookEventGivenUp")
            .await
            .pop()
        {
            break record;
        }
    };
    receiver.answers.lock().unwrap().clear();
    let details = json!({"eventID": text(&refused.headers, "webhook-id"), "status": 422});
    assert_eq!(given_up["serviceEventDetails"], details);
    receiver.event("WebhookEventGivenUp").await;
}
