//! The embedded S3: objects are whole or not there, and come back as they were, whatever their keys.

use crate::client::Http;
use crate::harness::{Keys, Reply, Running};

/// A request for S3, signed by `keys`.
pub(crate) async fn s3(
    server: &Running,
    keys: &Keys,
    method: &'static str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    call(server, method, path, headers, body)
        .signed(keys, "s3", server.now())
        .send()
        .await
}

/// The same, not signed.
pub(crate) fn call(
    server: &Running,
    method: &'static str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Http {
    let call = Http::get(server.address, path).method(method).body(body);
    headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value))
}

async fn admin(server: &Running, method: &'static str, path: &str, body: &str) -> Reply {
    s3(server, &server.admin, method, path, &[], body).await
}

/// A server with the bucket `logs`.
pub(crate) async fn with_bucket() -> Running {
    let server = Running::start().await;
    assert_eq!(admin(&server, "PUT", "/logs", "").await.status, 200);
    server
}

/// All files of the object store.
fn files(server: &Running) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![server.data_dir().join("objects")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.refusal(), (status, code.to_owned()), "{}", reply.body);
}

#[tokio::test]
async fn a_body_that_is_not_what_was_signed_or_said_leaves_nothing() {
    let server = with_bucket().await;
    let signed =
        call(&server, "PUT", "/logs/a", &[], "right").signed(&server.admin, "s3", server.now());
    refused(&signed.body("wrong").send().await, 400, "BadDigest");
    for (name, value) in [
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-crc32c", "AAAAAA=="),
        ("x-amz-checksum-sha256", "AAAA"),
    ] {
        let reply = s3(
            &server,
            &server.admin,
            "PUT",
            "/logs/a",
            &[(name, value)],
            "x",
        )
        .await;
        refused(&reply, 400, "BadDigest");
    }
    refused(
        &admin(&server, "GET", "/logs/a", "").await,
        404,
        "NoSuchKey",
    );
    assert!(files(&server).is_empty(), "{:?}", files(&server));
}

#[tokio::test]
async fn what_is_promised_nowhere_is_refused_in_words() {
    let server = with_bucket().await;
    for (header, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-tagging", "a=b"),
        ("if-match", "\"x\""),
    ] {
        let put = [(header, value)];
        let reply = s3(&server, &server.admin, "PUT", "/logs/a", &put, "x").await;
        refused(&reply, 501, "NotImplemented");
        assert!(reply.message().contains("support"), "{}", reply.body);
    }
    for path in ["/logs?acl", "/logs?policy", "/logs?versioning"] {
        refused(
            &admin(&server, "GET", path, "").await,
            501,
            "NotImplemented",
        );
    }
    let form = [("content-type", "multipart/form-data; boundary=x")];
    let reply = s3(&server, &server.admin, "POST", "/logs", &form, "--x--").await;
    refused(&reply, 501, "NotImplemented");
}

#[tokio::test]
async fn buckets_have_no_names_of_routes_and_are_removed_empty() {
    let server = with_bucket().await;
    for name in [
        "console", "healthz", "metrics", "readyz", "Logs", "a_b", "a..b",
    ] {
        let reply = admin(&server, "PUT", &format!("/{name}"), "").await;
        assert_ne!(reply.status, 200, "{name}: {}", reply.body);
    }
    refused(
        &admin(&server, "PUT", "/logs", "").await,
        409,
        "BucketAlreadyOwnedByYou",
    );
    admin(&server, "PUT", "/logs/a", "x").await;
    refused(
        &admin(&server, "DELETE", "/logs", "").await,
        409,
        "BucketNotEmpty",
    );
    assert_eq!(admin(&server, "DELETE", "/logs/a", "").await.status, 204);
    assert_eq!(admin(&server, "DELETE", "/logs", "").await.status, 204);
    refused(
        &admin(&server, "DELETE", "/logs", "").await,
        404,
        "NoSuchBucket",
    );
    refused(
        &admin(&server, "PUT", "/logs/a", "x").await,
        404,
        "NoSuchBucket",
    );
    refused(
        &admin(&server, "GET", "/logs?list-type=2", "").await,
        404,
        "NoSuchBucket",
    );
}

#[tokio::test]
async fn a_host_that_is_a_bucket_has_its_objects_and_nothing_else() {
    let server = with_bucket().await;
    admin(&server, "PUT", "/logs/healthz", "object").await;
    admin(&server, "PUT", "/logs/a/b", "deeper").await;
    let at = |host: &str, path: &str| {
        call(&server, "GET", path, &[], "")
            .without("host")
            .header("host", host)
    };
    let unsigned = at("logs.s3.usher.example", "/healthz").send().await;
    refused(&unsigned, 403, "AccessDenied");
    for (path, body) in [("/healthz", "object"), ("/a/b", "deeper")] {
        let signed =
            at("logs.s3.usher.example:8480", path).signed(&server.admin, "s3", server.now());
        assert_eq!(signed.send().await.body, body);
    }
    let listed =
        at("logs.s3.usher.example", "/?list-type=2").signed(&server.admin, "s3", server.now());
    assert!(listed.send().await.body.contains("<Key>a/b</Key>"));
    let none = at("none.s3.usher.example", "/a").signed(&server.admin, "s3", server.now());
    refused(&none.send().await, 404, "NoSuchBucket");
}

#[tokio::test]
async fn an_object_that_is_to_be_created_replaces_none() {
    let server = with_bucket().await;
    let create = [("if-none-match", "*")];
    let first = s3(&server, &server.admin, "PUT", "/logs/a", &create, "first").await;
    assert_eq!(first.status, 200, "{}", first.body);
    let second = s3(&server, &server.admin, "PUT", "/logs/a", &create, "second").await;
    refused(&second, 412, "PreconditionFailed");
    assert_eq!(admin(&server, "GET", "/logs/a", "").await.body, "first");
    assert_eq!(files(&server).len(), 1);
}

#[tokio::test]
async fn keys_that_try_to_leave_their_place_are_stored_and_listed_as_given() {
    let server = with_bucket().await;
    let long = "k".repeat(1024);
    let before = std::fs::read_dir(server.data_dir()).unwrap().count();
    let keys = [
        "..%2F..%2F..%2Fescaped",
        "../../escaped",
        "%2E%2E/x",
        "a//b",
        "%2Fa",
        "a%20b%2Bc",
        "%00nul",
        "%C3%BC",
        long.as_str(),
    ];
    for (number, key) in keys.iter().enumerate() {
        let path = format!("/logs/{key}");
        let body = format!("object {number}");
        let reply = admin(&server, "PUT", &path, &body).await;
        assert_eq!(reply.status, 200, "{key}: {}", reply.body);
        assert_eq!(admin(&server, "GET", &path, "").await.body, body, "{key}");
    }
    let too_long = admin(&server, "PUT", &format!("/logs/{long}k"), "x").await;
    refused(&too_long, 400, "KeyTooLongError");
    let listed = admin(&server, "GET", "/logs?encoding-type=url&list-type=2", "").await;
    for key in [
        "../../../escaped",
        "../../escaped",
        "../x",
        "a//b",
        "/a",
        "a%20b%2Bc",
        "%00nul",
        "%C3%BC",
        long.as_str(),
    ] {
        assert!(
            listed.body.contains(&format!("<Key>{key}</Key>")),
            "{key}: {}",
            listed.body
        );
    }
    assert_eq!(files(&server).len(), keys.len());
    assert_eq!(
        std::fs::read_dir(server.data_dir()).unwrap().count(),
        before
    );
    for path in files(&server) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()),
            "{name}"
        );
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            !bytes.windows(6).any(|six| six == b"object"),
            "{name} is in the clear"
        );
    }
}

#[tokio::test]
async fn ranges_and_conditions_are_kept_across_frames() {
    let server = with_bucket().await;
    let body: String = (0..200_000u32)
        .map(|n| char::from(b'a' + (n % 26) as u8))
        .collect();
    let put = admin(&server, "PUT", "/logs/big", &body).await;
    let etag = put.header("etag").unwrap().to_owned();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=65535-65536", 65_535, 65_537),
        ("bytes=65536-131071", 65_536, 131_072),
        ("bytes=199999-", 199_999, 200_000),
        ("bytes=-70000", 130_000, 200_000),
        ("bytes=5-999999", 5, 200_000),
    ] {
        let reply = s3(
            &server,
            &server.admin,
            "GET",
            "/logs/big",
            &[("range", range)],
            "",
        )
        .await;
        assert_eq!(reply.status, 206, "{range}");
        assert!(reply.body == body[from..to], "{range}");
        let told = format!("bytes {from}-{}/200000", to - 1);
        assert_eq!(reply.header("content-range"), Some(told.as_str()));
    }
    let beyond = [("range", "bytes=200000-")];
    let reply = s3(&server, &server.admin, "GET", "/logs/big", &beyond, "").await;
    refused(&reply, 416, "InvalidRange");
    for (header, value, status) in [
        ("if-none-match", etag.as_str(), 304),
        ("if-match", "\"other\"", 412),
        ("if-match", etag.as_str(), 200),
        ("if-modified-since", "Wed, 01 Jan 2200 00:00:00 GMT", 304),
        ("if-unmodified-since", "Wed, 01 Jan 2020 00:00:00 GMT", 412),
    ] {
        let reply = s3(
            &server,
            &server.admin,
            "GET",
            "/logs/big",
            &[(header, value)],
            "",
        )
        .await;
        assert_eq!(reply.status, status, "{header}: {value}");
    }
    let head = admin(&server, "HEAD", "/logs/big", "").await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("200000"))
    );
    assert_eq!(head.header("x-amz-server-side-encryption"), Some("aes256"));
}

#[tokio::test]
async fn a_listing_folds_and_goes_on_where_it_stopped() {
    let server = with_bucket().await;
    for key in ["a", "b/1", "b/2", "b/3", "c", "d/e/1", "e"] {
        admin(&server, "PUT", &format!("/logs/{key}"), "x").await;
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("/logs?{token}delimiter=%2F&list-type=2&max-keys=2");
        let reply = admin(&server, "GET", &path, "").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        seen.extend(reply.body.split('<').filter_map(|tag| {
            let key = tag.strip_prefix("Key>").or(tag.strip_prefix("Prefix>"))?;
            (!key.is_empty()).then(|| key.to_owned())
        }));
        match reply.find("NextContinuationToken") {
            Some(next) => token = format!("continuation-token={next}&"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["a", "b/", "c", "d/", "e"]);
    let below = admin(
        &server,
        "GET",
        "/logs?list-type=2&prefix=b%2F&start-after=b%2F1",
        "",
    )
    .await;
    assert!(
        !below.body.contains("b/1</Key>") && below.body.contains("b/3</Key>"),
        "{}",
        below.body
    );
    let first = admin(&server, "GET", "/logs?marker=c", "").await;
    assert!(first.body.contains("<Key>d/e/1</Key>") && !first.body.contains("<Key>c</Key>"));
}

#[tokio::test]
async fn a_copy_has_the_bytes_and_the_terms_unless_it_is_told_others() {
    let server = with_bucket().await;
    let terms = [("content-type", "text/plain"), ("x-amz-meta-a", "b")];
    s3(
        &server,
        &server.admin,
        "PUT",
        "/logs/a%2Bb",
        &terms,
        "bytes",
    )
    .await;
    let copy = [("x-amz-copy-source", "/logs/a%2Bb")];
    let copied = s3(&server, &server.admin, "PUT", "/logs/copy", &copy, "").await;
    assert_eq!(copied.status, 200, "{}", copied.body);
    let got = admin(&server, "GET", "/logs/copy", "").await;
    assert_eq!(got.body, "bytes");
    assert_eq!(got.header("content-type"), Some("text/plain"));
    assert_eq!(got.header("x-amz-meta-a"), Some("b"));
    let replaced = [
        ("x-amz-copy-source", "logs/copy"),
        ("x-amz-metadata-directive", "REPLACE"),
        ("content-type", "text/html"),
    ];
    s3(&server, &server.admin, "PUT", "/logs/copy", &replaced, "").await;
    let got = admin(&server, "GET", "/logs/copy", "").await;
    assert_eq!(
        (got.header("content-type"), got.header("x-amz-meta-a")),
        (Some("text/html"), None)
    );
    assert_eq!(files(&server).len(), 2);
}

#[tokio::test]
async fn many_are_deleted_at_once_with_an_answer_for_each() {
    let server = with_bucket().await;
    admin(&server, "PUT", "/logs/a", "x").await;
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object></Delete>";
    let reply = admin(&server, "POST", "/logs?delete=", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body.matches("<Deleted>").count(), 2, "{}", reply.body);
    refused(
        &admin(&server, "GET", "/logs/a", "").await,
        404,
        "NoSuchKey",
    );
    assert!(files(&server).is_empty());
}

#[tokio::test]
async fn what_a_crash_left_is_gone_at_the_next_start_and_objects_are_there() {
    let server = with_bucket().await;
    admin(&server, "PUT", "/logs/a", "kept").await;
    let store = server.data_dir().join("objects");
    std::fs::write(store.join("new/0123"), "unfinished").unwrap();
    std::fs::create_dir_all(store.join("ab")).unwrap();
    std::fs::write(store.join("ab/abcd"), "of no object").unwrap();
    assert_eq!(files(&server).len(), 3);
    let server = server.restart().await;
    assert_eq!(files(&server).len(), 1);
    assert_eq!(admin(&server, "GET", "/logs/a", "").await.body, "kept");
}
