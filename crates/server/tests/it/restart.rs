//! What is on disk: closed to others, and the same after a restart.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use usher_server::{Server, ServerError};

use crate::database;
use crate::harness::{Running, config};
use crate::nodes::register;

/// Everything below `folder`, folders first.
fn all_below(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    let mut next = 0;
    while let Some(folder) = folders.get(next).cloned() {
        next += 1;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    (folders, files)
}

#[tokio::test]
async fn nobody_else_can_read_the_data() {
    let server = Running::start().await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (folders, files) = all_below(&server.data_dir());
    for folder in folders {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    let of_the_database = usize::from(!database::is_postgres());
    assert!(files.len() >= 2 + of_the_database);
}

#[tokio::test]
async fn no_secret_is_on_disk_in_the_clear() {
    let server = Running::start().await;
    let (secret, code) = (
        server.admin.secret.clone(),
        server.activation.code.expose().to_owned(),
    );
    for file in all_below(&server.data_dir()).1 {
        let bytes = std::fs::read(&file).unwrap();
        for secret in [&secret, &code] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{}",
                file.display()
            );
        }
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::open(config(folder.path())).await.unwrap();
    assert!(matches!(
        Server::open(config(folder.path())).await,
        Err(ServerError::InUse { .. })
    ));
    drop(first);
}

#[tokio::test]
async fn a_lost_root_key_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(Server::open(config(folder.path())).await.unwrap());
    std::fs::remove_file(folder.path().join("data/root.key")).unwrap();
    let error = Server::open(config(folder.path())).await.unwrap_err();
    assert!(error.to_string().contains("put the file back"), "{error}");
}

#[tokio::test]
async fn a_restart_keeps_keys_users_documents_and_nodes() {
    let server = Running::start().await;
    let admin = server.admin.clone();
    let alice = server.user("alice", "").await;
    let node = register(&server).await;
    let document = json!({
        "Name": "SSM-SessionManagerRunShell",
        "DocumentType": "Session",
        "Content": r#"{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{"idleSessionTimeout":"5"}}"#,
    });
    server
        .ssm(&admin, "CreateDocument", &document)
        .await
        .served();

    let server = server.restart().await;
    assert_eq!(
        (&server.admin.id, &server.admin.secret),
        (&admin.id, &admin.secret)
    );
    server.whoami(&alice).await.served();
    let nodes = server
        .ssm(&admin, "DescribeInstanceInformation", &json!({}))
        .await
        .served()
        .json();
    assert_eq!(
        nodes["InstanceInformationList"][0]["InstanceId"],
        node.as_str()
    );
    server
        .ssm(
            &admin,
            "GetDocument",
            &json!({"Name": "SSM-SessionManagerRunShell"}),
        )
        .await
        .served();
}

#[tokio::test]
async fn a_stop_waits_for_no_client_for_ever() {
    let server = Running::start().await;
    let connect = async |sent: &str| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream
    };
    let host = server.address;
    let idle = connect(&format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
    let half_a_head = connect("POST / HTTP/1.1\r\nhost: ").await;
    let half_a_body = connect(&format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-length: 9\r\n\r\nAct"
    ))
    .await;
    // The answer to a request after them says that the server has met them all.
    server.whoami(&server.admin).await.served();
    let restarted = tokio::time::timeout(Duration::from_secs(20), server.restart()).await;
    restarted.expect("the server stops while clients dawdle");
    drop((idle, half_a_head, half_a_body));
}

#[tokio::test]
async fn a_narrowed_administrator_stays_narrowed() {
    let server = Running::start().await;
    let members = [("UserName", "admin"), ("PolicyName", "AdministratorAccess")];
    server
        .iam(&server.admin, "DeleteUserPolicy", &members)
        .await
        .served();
    let server = server.restart().await;
    server
        .iam(&server.admin, "ListUsers", &[])
        .await
        .refused(403, "AccessDenied");
}
