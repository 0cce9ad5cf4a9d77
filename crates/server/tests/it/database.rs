//! The database that a server is tested with: SQLite, or a schema of its own in the PostgreSQL that
//! `USHER_TEST_POSTGRES` names. `cargo xtask test` runs every test with the one and with the other.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;
use usher_server::Database;

use crate::harness::Running;

/// A database for the server in `folder`: the same one for the same folder.
pub(crate) fn of(folder: &Path) -> Database {
    let Some(postgres) = postgres() else {
        return Database::InDataDir;
    };
    let schema = schema_of(folder);
    psql(&["-c", &format!("CREATE SCHEMA IF NOT EXISTS {schema}")]);
    let url = format!("{postgres}&options[search_path]={schema}");
    Database::Postgres(url.parse().unwrap())
}

/// What the database of the server in `folder` holds.
pub(crate) fn dump(folder: &Path) -> Vec<u8> {
    if !is_postgres() {
        let read = |file: &str| std::fs::read(folder.join("data").join(file)).unwrap_or_default();
        return [read("usher.db"), read("usher.db-wal")].concat();
    }
    let schema = schema_of(folder);
    let tables = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'");
    let tables = psql(&["-At", "-c", &tables]).stdout;
    let tables = String::from_utf8(tables).unwrap();
    let read = |table: &str| {
        let rows = format!("SET bytea_output = 'escape'; SELECT * FROM {schema}.{table}");
        psql(&["-At", "-c", &rows]).stdout
    };
    tables.lines().flat_map(read).collect()
}

/// Makes of the user alice in the records of the audit trail the user alicf, as somebody would who has the database.
pub(crate) fn change_letter(folder: &Path) {
    let (recorded, changed) = ("{\"userName\":\"alice\"}", "{\"userName\":\"alicf\"}");
    if is_postgres() {
        let schema = schema_of(folder);
        let update = format!(
            "UPDATE {schema}.audit_records SET record = replace(record, '{recorded}', '{changed}') \
             WHERE record LIKE '%{recorded}%' RETURNING number"
        );
        let updated = psql(&["-At", "-c", &update]).stdout;
        assert!(!updated.is_empty(), "there is no such record");
        return;
    }
    let path = folder.join("data/usher.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - recorded.len())
        .filter(|at| bytes[*at..].starts_with(recorded.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "there is no such record");
    for at in places {
        bytes[at..at + changed.len()].copy_from_slice(changed.as_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
}

pub(crate) fn is_postgres() -> bool {
    postgres().is_some()
}

fn postgres() -> Option<String> {
    std::env::var("USHER_TEST_POSTGRES").ok()
}

/// Names of schemas are folded to lower case, those of temporary folders are not.
fn schema_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap().as_encoded_bytes();
    name.iter().fold("usher_".to_owned(), |schema, byte| {
        format!("{schema}{byte:02x}")
    })
}

fn psql(arguments: &[&str]) -> Output {
    let output = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
        .arg(postgres().unwrap())
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[tokio::test]
async fn a_text_that_a_database_cannot_keep_is_the_callers_fault() {
    let server = Running::start().await;
    let nul = "a\0b";
    let lookups = [
        ("GetDocument", json!({"Name": nul})),
        ("TerminateSession", json!({"SessionId": nul})),
        (
            "DescribeSessions",
            json!({"State": "History", "Filters": [{"key": "Owner", "value": nul}]}),
        ),
        (
            "DescribeInstanceInformation",
            json!({"Filters": [{"Key": "tag:Name", "Values": [nul]}]}),
        ),
    ];
    for (operation, input) in lookups {
        let reply = server.ssm(&server.admin, operation, &input).await;
        assert!(reply.status < 500, "{operation}: {}", reply.body);
    }
    for operation in ["GetUser", "GetPolicy", "ListUserPolicies"] {
        let members = [("UserName", nul), ("PolicyArn", nul)];
        let reply = server.iam(&server.admin, operation, &members).await;
        assert!(reply.status < 500, "{operation}: {}", reply.body);
    }
    let events = json!({
        "logGroupName": "/usher/nul",
        "logStreamName": "one",
        "logEvents": [{"timestamp": server.now() * 1000, "message": nul}],
    });
    for operation in ["CreateLogGroup", "CreateLogStream", "PutLogEvents"] {
        let reply = server.logs(&server.admin, operation, &events).await;
        assert!(reply.status < 500, "{operation}: {}", reply.body);
    }
}
