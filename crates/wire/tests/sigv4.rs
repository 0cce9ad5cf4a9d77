//! Signature Version 4 against real botocore: every captured request verifies, signs to the same bytes, and stops
//! verifying when any part of it is changed. The vectors and the script that made them are in `vectors/`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests: a bad vector should end the run where it is"
)]

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{
    AmzDate, Authorization, Expectation, Fault, PlusRule, Request, SigV4Error, SigningCredentials,
    SigningScope, UriRule, Verified, canonical_request, payload_hash, sign, sign_rsa,
};

#[derive(Deserialize)]
struct Vectors {
    now: String,
    region: String,
    cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
struct Case {
    name: String,
    service: String,
    access_key_id: String,
    secret: Option<String>,
    session_token: Option<String>,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body_base64: String,
    canonical_request: String,
    public_key: Option<String>,
}

impl Case {
    fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body_base64).unwrap()
    }

    fn set_body(&mut self, body: &[u8]) {
        self.body_base64 = STANDARD.encode(body);
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn set_header(&mut self, name: &str, value: &str) {
        self.headers
            .retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn with_request<T>(&self, run: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        run(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body(),
        })
    }

    fn verify_as(&self, change: impl FnOnce(&mut Expectation<'_>)) -> Result<Verified, SigV4Error> {
        let mut expected = Expectation {
            service: &self.service,
            regions: &["usher-1"],
            now_ms: now_ms(),
            over_tls: false,
        };
        change(&mut expected);
        self.with_request(|request| {
            let checked = Authorization::from_request(request)?.check(request, &expected)?;
            match &self.public_key {
                Some(key) => checked.verify_rsa(&STANDARD.decode(key).unwrap()),
                None => checked.verify(&Secret::from(self.secret.clone().unwrap_or_default())),
            }
        })
    }

    fn verify(&self) -> Result<Verified, SigV4Error> {
        self.verify_as(|_| {})
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/sigv4.json")).unwrap()
}

fn now_ms() -> u64 {
    AmzDate::parse_basic(&vectors().now).unwrap().unix_seconds() * 1000
}

fn named(name: &str) -> Case {
    vectors()
        .cases
        .into_iter()
        .find(|case| case.name == name)
        .unwrap_or_else(|| panic!("no vector {name}"))
}

fn refused(case: &Case, expected: SigV4Error) {
    assert_eq!(case.verify(), Err(expected), "{}", case.name);
}

fn unsigned(name: &str) -> SigV4Error {
    SigV4Error::UnsignedHeader(name.to_owned())
}

#[test]
fn a_request_without_authorization_is_missing_authentication() {
    let mut case = named("json call");
    case.headers.retain(|(name, _)| name != "Authorization");
    refused(&case, SigV4Error::MissingAuthentication);
    assert_eq!(SigV4Error::MissingAuthentication.fault(), Fault::Missing);
}

#[test]
fn headers_that_decide_must_not_be_repeated() {
    for name in [
        "authorization",
        "x-amz-date",
        "host",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ] {
        let mut case = named("s3 list with a query");
        let value = case.header(name).unwrap().to_owned();
        case.headers.push((name.to_owned(), value));
        refused(&case, SigV4Error::DuplicateHeader(name));
    }
}

#[test]
fn a_changed_method_path_query_header_or_body_does_not_verify() {
    for case in vectors().cases {
        let mut changed = case.clone();
        changed.method = "DELETE".to_owned();
        refused(&changed, SigV4Error::SignatureMismatch);

        let mut changed = case.clone();
        changed.path.push('x');
        refused(&changed, SigV4Error::SignatureMismatch);

        let mut changed = case.clone();
        changed.query.push_str("&x=1");
        refused(&changed, SigV4Error::SignatureMismatch);

        let mut changed = case.clone();
        changed.set_header("Host", "other.example");
        refused(&changed, SigV4Error::SignatureMismatch);

        let mut changed = case.clone();
        changed.set_body(&[case.body().as_slice(), b" "].concat());
        let hashed = case.header("x-amz-content-sha256").is_some();
        refused(
            &changed,
            if hashed {
                SigV4Error::PayloadMismatch
            } else {
                SigV4Error::SignatureMismatch
            },
        );
    }
}

#[test]
fn another_secret_or_another_key_does_not_verify() {
    let mut case = named("json call");
    case.secret = Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEz".to_owned());
    refused(&case, SigV4Error::SignatureMismatch);

    let mut case = named("registration key, host as sent");
    case.public_key = Some(STANDARD.encode(b"not a key"));
    refused(&case, SigV4Error::SignatureMismatch);
}

#[test]
fn a_secret_does_not_verify_what_a_registration_key_must_sign_nor_the_reverse() {
    let mut case = named("registration key, host as sent");
    let key = case.public_key.take();
    case.secret = Some(String::new());
    refused(&case, SigV4Error::SignatureMismatch);

    let mut case = named("json call");
    case.public_key = key;
    refused(&case, SigV4Error::SignatureMismatch);
}

#[test]
fn scopes_of_another_service_region_or_day_are_refused_by_name() {
    let case = named("json call");
    let service = case.verify_as(|expected| expected.service = "kms");
    assert_eq!(
        service,
        Err(SigV4Error::WrongScopeService {
            expected: "kms".to_owned()
        })
    );

    let region = case.verify_as(|expected| expected.regions = &["eu-1", "eu-2"]);
    assert_eq!(
        region,
        Err(SigV4Error::WrongScopeRegion {
            found: "usher-1".to_owned()
        })
    );

    let mut other_day = case;
    other_day.set_header("X-Amz-Date", "20261121T235959Z");
    let (scope, header) = ("20261122".to_owned(), "20261121".to_owned());
    refused(&other_day, SigV4Error::WrongScopeDate { scope, header });
}

#[test]
fn requests_more_than_five_minutes_old_or_ahead_are_refused_with_aws_sentences() {
    let case = named("json call");
    let late = case
        .verify_as(|expected| expected.now_ms += 301_000)
        .unwrap_err();
    assert_eq!(late.fault(), Fault::Clock);
    assert_eq!(
        late.to_string(),
        "Signature expired: 20261122T085116Z is now earlier than 20261122T085117Z (20261122T085617Z - 5 min.)"
    );
    let early = case
        .verify_as(|expected| expected.now_ms -= 301_000)
        .unwrap_err();
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20261122T085116Z is still later than 20261122T085115Z (20261122T084615Z + 5 min.)"
    );
    for offset in [-300_000_i64, 300_000] {
        case.verify_as(|expected| {
            expected.now_ms = expected.now_ms.checked_add_signed(offset).unwrap();
        })
        .unwrap();
    }
}

#[test]
fn s3_requests_have_fifteen_minutes() {
    let case = named("s3 put");
    case.verify_as(|expected| expected.now_ms += 900_000)
        .unwrap();
    let late = case
        .verify_as(|expected| expected.now_ms += 901_000)
        .unwrap_err();
    assert_eq!(late.fault(), Fault::Clock);
}

#[test]
fn every_header_that_changes_the_meaning_must_be_signed() {
    let mut case = named("json call");
    case.headers
        .push(("X-AMZ-Extra".to_owned(), "1".to_owned()));
    refused(&case, unsigned("x-amz-extra"));

    for name in ["host", "x-amz-date", "x-amz-target"] {
        let mut case = named("json call");
        let without = case
            .header("authorization")
            .unwrap()
            .replace(&format!("{name};"), "")
            .replace(&format!(";{name},"), ",");
        case.set_header("authorization", &without);
        refused(&case, unsigned(name));
    }

    let mut case = named("date header in place of x-amz-date");
    let without = case
        .header("authorization")
        .unwrap()
        .replace("date;host", "host");
    case.set_header("authorization", &without);
    refused(&case, unsigned("date"));
}

#[test]
fn an_unsigned_content_hash_is_let_through_for_registration_keys_only_and_still_checked() {
    let mut case = named("json call");
    let hash = payload_hash(&case.body());
    case.set_header("x-amz-content-sha256", &hash);
    refused(&case, unsigned("x-amz-content-sha256"));

    let mut case = named("registration key, host as sent");
    case.set_header("x-amz-content-sha256", &payload_hash(b"other"));
    refused(&case, SigV4Error::PayloadMismatch);
}

#[test]
fn a_signed_header_that_is_gone_is_named() {
    let mut case = named("json call");
    case.headers.retain(|(name, _)| name != "Content-Type");
    refused(
        &case,
        SigV4Error::SignedHeaderAbsent("content-type".to_owned()),
    );
}

#[test]
fn unsigned_payloads_are_for_s3_over_tls_and_chunks_for_s3_alone() {
    let with_literal = |name: &str, literal: &str| {
        let mut case = named(name);
        case.set_header("x-amz-content-sha256", literal);
        case
    };
    let plain = with_literal("s3 put", "UNSIGNED-PAYLOAD");
    refused(&plain, SigV4Error::UnsignedPayloadRefused);
    // Over TLS the rule is passed and the signature, made for another hash, is what fails.
    assert_eq!(
        plain.verify_as(|expected| expected.over_tls = true),
        Err(SigV4Error::SignatureMismatch)
    );

    refused(
        &with_literal("registration key, host as sent", "UNSIGNED-PAYLOAD"),
        SigV4Error::UnsignedPayloadRefused,
    );
    let (signed, unsigned) = (
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    );
    for literal in [signed, unsigned, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"] {
        refused(
            &with_literal("registration key, host as sent", literal),
            SigV4Error::StreamingPayloadRefused,
        );
    }
    let chunks = with_literal("s3 put", unsigned);
    refused(&chunks, SigV4Error::StreamingPayloadRefused);
    let chunks_over_tls = chunks.verify_as(|expected| expected.over_tls = true);
    assert_eq!(chunks_over_tls, Err(SigV4Error::SignatureMismatch));
    refused(
        &with_literal("s3 put", signed),
        SigV4Error::SignatureMismatch,
    );
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let credentials = SigningCredentials {
        access_key_id: "AKIA".to_owned(),
        secret: Secret::from("hunter2"),
        session_token: Some(Secret::from("token-of-hunter2")),
    };
    let shown = format!("{credentials:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn canonical_requests_are_botocores_to_the_byte() {
    for case in vectors().cases {
        let names = Authorization::parse(case.header("authorization").unwrap())
            .unwrap()
            .signed_headers()
            .to_vec();
        let hash = case.canonical_request.rsplit('\n').next().unwrap();
        // Where the agent signs a port it does not send, the port is only in the canonical request.
        let host = case
            .canonical_request
            .lines()
            .find_map(|line| line.strip_prefix("host:"));
        let ours = case.with_request(|request| {
            canonical_request(
                request,
                &names,
                UriRule::of_service(&case.service),
                PlusRule::Plus,
                host,
                hash,
            )
        });
        assert_eq!(
            String::from_utf8(ours).unwrap(),
            case.canonical_request,
            "{}",
            case.name
        );
    }
}

#[test]
fn every_captured_request_verifies() {
    for case in vectors().cases {
        let verified = case
            .verify()
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(verified.key_id(), case.access_key_id);
        assert_eq!(verified.scope().region(), vectors().region);
    }
}

#[test]
fn our_signer_makes_botocores_authorization() {
    let mut compared = 0;
    for mut case in vectors().cases {
        // The two that botocore signs otherwise than we do: an extra handshake header, and Date in place of X-Amz-Date.
        let foreign = ["sec-websocket-version", "date"].iter().any(|name| {
            Authorization::parse(case.header("authorization").unwrap())
                .is_ok_and(|read| read.signed_headers().iter().any(|signed| signed == name))
        });
        let Some(secret) = case.secret.clone().filter(|_| !foreign) else {
            continue;
        };
        let expected = case.headers.clone();
        let made_by_us = ["authorization", "x-amz-date", "x-amz-security-token"];
        case.headers.retain(|(name, _)| {
            let name = name.to_ascii_lowercase();
            let hash_of_s3 = case.service == "s3" && name == "x-amz-content-sha256";
            !hash_of_s3 && !made_by_us.contains(&name.as_str())
        });
        let credentials = SigningCredentials {
            access_key_id: case.access_key_id.clone(),
            secret: Secret::from(secret),
            session_token: case.session_token.clone().map(Secret::from),
        };
        let scope = SigningScope {
            region: "usher-1",
            service: &case.service,
            now_ms: now_ms(),
        };
        let added = case
            .with_request(|request| sign(request, &credentials, &scope))
            .unwrap();
        for (name, value) in added {
            let theirs = expected
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name));
            assert_eq!(
                theirs.map(|(_, value)| value.as_str()),
                Some(value.as_str()),
                "{}: {name}",
                case.name
            );
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn a_plus_in_the_query_verifies_as_itself_and_as_a_space() {
    let mut case = named("query with an escaped plus");
    case.query = "k=a+b".to_owned();
    case.verify().unwrap();

    // What a Go signer makes of the same raw query.
    let credentials = SigningCredentials {
        access_key_id: case.access_key_id.clone(),
        secret: Secret::from(case.secret.clone().unwrap()),
        session_token: None,
    };
    case.headers.retain(|(name, _)| name == "Host");
    case.query = "k=a%20b".to_owned();
    let scope = SigningScope {
        region: "usher-1",
        service: "ssmmessages",
        now_ms: now_ms(),
    };
    let added = case
        .with_request(|request| sign(request, &credentials, &scope))
        .unwrap();
    case.headers.extend(
        added
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    case.query = "k=a+b".to_owned();
    case.verify().unwrap();
}

#[test]
fn a_registration_key_signs_what_the_server_verifies() {
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;

    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut case = named("registration key, host as sent");
    case.headers
        .retain(|(name, _)| ["Content-Type", "X-Amz-Target", "Host"].contains(&name.as_str()));
    let scope = SigningScope {
        region: "usher-1",
        service: "ssm",
        now_ms: now_ms(),
    };
    let added = case
        .with_request(|request| sign_rsa(request, "mi-0123456789abcdef0", &key, &scope))
        .unwrap();
    case.headers.extend(
        added
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    case.public_key = Some(STANDARD.encode(key.public_key().as_ref()));
    assert_eq!(case.verify().unwrap().key_id(), "mi-0123456789abcdef0");
}

#[test]
fn signing_needs_a_host_and_does_not_sign_over_earlier_headers() {
    let mut case = named("json call");
    let credentials = SigningCredentials {
        access_key_id: "AKIA".to_owned(),
        secret: Secret::from("s"),
        session_token: None,
    };
    let scope = SigningScope {
        region: "usher-1",
        service: "ssm",
        now_ms: now_ms(),
    };
    let again = case.with_request(|request| sign(request, &credentials, &scope));
    assert_eq!(again, Err(SigV4Error::DuplicateHeader("x-amz-date")));
    case.headers.clear();
    assert_eq!(
        case.with_request(|request| sign(request, &credentials, &scope)),
        Err(SigV4Error::MissingHost)
    );
}
