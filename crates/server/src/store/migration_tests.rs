//! Data of an earlier release, brought up to date: whoever had keys, tags and policies still has them.

use sqlx::{AnyPool, Executor};

use super::{Kind, Store, open};
use crate::config::Database;
use crate::identity::Bearer;

/// A database as the release before `version` left it, filled by `rows`.
async fn earlier(path: &std::path::Path, version: i64, rows: &'static str) {
    sqlx::any::install_default_drivers();
    std::fs::File::create(path).unwrap();
    let options = open::address_of(path).parse().unwrap();
    let database: AnyPool = open::sqlite(1).connect_with(options).await.unwrap();
    sqlx::migrate!()
        .run_to(version - 1, &database)
        .await
        .unwrap();
    database.execute(rows).await.unwrap();
    database.close().await;
}

#[tokio::test]
async fn users_and_roles_of_an_earlier_release_keep_what_they_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usher.db");
    let rows = "
        INSERT INTO iam_users VALUES ('AIDA1', 'Alice', 'alice', '/ops/', 7);
        INSERT INTO iam_user_tags VALUES ('AIDA1', 'ssmsessionrunas', 'SSMSessionRunAs', 'deploy');
        INSERT INTO iam_user_policies VALUES ('AIDA1', 'p', '{}');
        INSERT INTO access_keys (access_key_id, user_id, secret_sealed, created, active) VALUES ('AKIA1', 'AIDA1', x'01', 8, 0);
        INSERT INTO iam_roles VALUES ('AROA1', 'Web', 'web', '/', 'trust', '{}', 'words', 3600, 9);
        INSERT INTO iam_role_tags VALUES ('AROA1', 'team', 'Team', 'web');
        INSERT INTO iam_role_policies VALUES ('AROA1', 'q', '{}');
        INSERT INTO role_credentials VALUES ('ASIA1', 'AROA1', 's', 'AIDA1', '[{\"key\":\"k\",\"value\":\"v\",\"transitive\":true}]', x'02', x'03', 10, 11);";
    earlier(&path, 4, rows).await;

    let store = Store::open(&Database::InDataDir, folder.path())
        .await
        .unwrap();
    let alice = store.entity_named(Kind::User, "ALICE").await.unwrap();
    let alice = alice.unwrap();
    assert_eq!(
        (alice.id.as_str(), alice.path.as_str(), alice.created),
        ("AIDA1", "/ops/", 7)
    );
    assert_eq!(
        store.tags("AIDA1").await.unwrap()[0].pair(),
        ("SSMSessionRunAs", "deploy")
    );
    assert_eq!(store.inline_policies("AIDA1").await.unwrap()[0].name, "p");
    let keys = store.access_keys_of("AIDA1").await.unwrap();
    assert_eq!(
        (keys[0].access_key_id.as_str(), keys[0].is_active),
        ("AKIA1", false)
    );
    let web = store.role_named("web").await.unwrap().unwrap();
    assert_eq!(
        (web.trust.document.as_str(), web.description.as_deref()),
        ("trust", Some("words"))
    );
    assert_eq!(
        store.tags("AROA1").await.unwrap()[0].pair(),
        ("Team", "web")
    );
    assert_eq!(store.inline_policies("AROA1").await.unwrap()[0].name, "q");
    let keys = store.sts_credential("ASIA1").await.unwrap().unwrap();
    let bearer: Bearer = serde_json::from_str(&keys.bearer).unwrap();
    assert_eq!(
        (bearer.origin.entity_id(), bearer.issued),
        ("AIDA1", Some(10))
    );
    let role = bearer.role.unwrap();
    assert_eq!(
        (
            role.role_id.as_str(),
            role.session_name.as_str(),
            role.tags.len()
        ),
        ("AROA1", "s", 1)
    );
    assert!(
        store
            .role_named("UsherManagedNode")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn temporary_keys_still_end_with_the_person_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usher.db");
    let rows = "
        INSERT INTO iam_users VALUES ('AIDA1', 'Alice', 'alice', '/', 7);
        INSERT INTO iam_roles VALUES ('AROA1', 'Web', 'web', '/', 'trust', '{}', NULL, 3600, 9);
        INSERT INTO role_credentials VALUES ('ASIA1', 'AROA1', 's', 'AIDA1', '[]', x'02', x'03', 10, 11);";
    earlier(&path, 4, rows).await;

    let store = Store::open(&Database::InDataDir, folder.path())
        .await
        .unwrap();
    assert_eq!(store.delete_entity("AIDA1").await.unwrap(), None);
    assert_eq!(store.sts_credential("ASIA1").await.unwrap(), None);
}
