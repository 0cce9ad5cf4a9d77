//! Presigned requests against real botocore: every one it makes verifies, and stops verifying when any part of it is
//! changed or its time is over. The vectors and the script that made them are in `vectors/`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: a bad vector should end the run where it is"
)]

use serde::Deserialize;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{
    AmzDate, Authorization, Expectation, Fault, Request, SigV4Error, Verified,
};

#[derive(Deserialize)]
struct Vectors {
    now: String,
    cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
struct Case {
    name: String,
    service: String,
    access_key_id: String,
    secret: String,
    session_token: Option<String>,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/presigned.json")).unwrap()
}

fn named(name: &str) -> Case {
    let mut cases = vectors().cases.into_iter();
    cases.find(|case| case.name == name).unwrap()
}

impl Case {
    /// Checks the request so many seconds after it was signed.
    fn verify_after(&self, seconds: i64, body: &[u8]) -> Result<Verified, SigV4Error> {
        let signed = AmzDate::parse_basic(&vectors().now).unwrap().unix_seconds();
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body,
        };
        let expected = Expectation {
            service: &self.service,
            regions: &["usher-1"],
            now_ms: signed.checked_add_signed(seconds).unwrap() * 1000,
            over_tls: true,
        };
        let checked = Authorization::from_request(&request)?.check(&request, &expected)?;
        assert_eq!(checked.access_key_id(), self.access_key_id);
        assert_eq!(checked.session_token(), self.session_token.as_deref());
        checked.verify(&Secret::from(self.secret.as_str()))
    }

    fn verify(&self) -> Result<Verified, SigV4Error> {
        self.verify_after(0, b"")
    }

    /// With a part of the query replaced, which must be there.
    fn with(&self, part: &str, other: &str) -> Self {
        assert!(self.query.contains(part), "{part} is not in {}", self.query);
        Self {
            query: self.query.replace(part, other),
            ..self.clone()
        }
    }
}

fn refused(case: &Case, expected: SigV4Error) {
    assert_eq!(case.verify(), Err(expected), "{}", case.query);
}

#[test]
fn a_query_with_a_part_missing_or_malformed_is_refused() {
    let case = named("who am I");
    for (part, name) in [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "X-Amz-Algorithm"),
        ("X-Amz-Date=20261122T085116Z&", "X-Amz-Date"),
        ("X-Amz-Expires=3600&", "X-Amz-Expires"),
        ("X-Amz-SignedHeaders=host&", "X-Amz-SignedHeaders"),
    ] {
        refused(
            &case.with(part, ""),
            SigV4Error::MissingQueryParameter(name),
        );
    }
    let algorithm = case.with("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    refused(&algorithm, SigV4Error::UnsupportedAlgorithm);
    refused(
        &case.with("20261122T085116Z", "today"),
        SigV4Error::MalformedDate,
    );
    refused(
        &case.with("%2Faws4_request", ""),
        SigV4Error::MalformedCredential,
    );
    refused(
        &case.with("SignedHeaders=host", "SignedHeaders=Host"),
        SigV4Error::MalformedSignedHeaders,
    );
    for expiry in [
        "0",
        "604801",
        "-1",
        "+60",
        "",
        "1e3",
        "99999999999999999999",
    ] {
        let changed = case.with("Expires=3600", &format!("Expires={expiry}"));
        refused(&changed, SigV4Error::MalformedExpiry);
    }
    assert_eq!(SigV4Error::MalformedExpiry.fault(), Fault::Incomplete);
}

#[test]
fn a_parameter_that_stands_twice_is_refused_in_any_spelling() {
    let case = named("who am I");
    for (more, name) in [
        ("&X-Amz-Expires=3600", "X-Amz-Expires"),
        ("&X-Amz-Signature=00", "X-Amz-Signature"),
        ("&%58-Amz-Signature=00", "X-Amz-Signature"),
        (
            "&X-Amz-Security-Token=a&X-Amz-Security-Token=b",
            "X-Amz-Security-Token",
        ),
    ] {
        let doubled = Case {
            query: format!("{}{more}", case.query),
            ..case.clone()
        };
        refused(&doubled, SigV4Error::DuplicateQueryParameter(name));
    }
}

#[test]
fn a_request_signed_in_header_and_query_is_refused() {
    let mut case = named("who am I");
    case.headers
        .push(("Authorization".into(), "AWS4-HMAC-SHA256 x".into()));
    refused(&case, SigV4Error::SignedTwice);
}

#[test]
fn a_request_is_good_for_its_time_only() {
    let case = named("who am I");
    assert!(case.verify_after(3600, b"").is_ok());
    let late = case.verify_after(3601, b"").unwrap_err();
    assert_eq!(late.fault(), Fault::Clock);
    assert!(
        late.to_string().starts_with("Signature expired: "),
        "{late}"
    );
    assert!(case.verify_after(-300, b"").is_ok());
    let early = case.verify_after(-301, b"").unwrap_err();
    assert!(
        early.to_string().starts_with("Signature not yet current: "),
        "{early}"
    );

    let week = named("who am I, for a week");
    assert!(week.verify_after(604_800, b"").is_ok());
    assert!(week.verify_after(604_801, b"").is_err());
}

#[test]
fn a_request_for_another_service_region_or_day_is_refused() {
    let case = named("who am I");
    for (part, other) in [
        ("%2Fsts%2F", "%2Fiam%2F"),
        ("%2Fusher-1%2F", "%2Fusher-2%2F"),
        ("%2F20261122%2F", "%2F20261121%2F"),
    ] {
        let error = case.with(part, other).verify().unwrap_err();
        assert_eq!(error.fault(), Fault::Invalid, "{error}");
    }
}

#[test]
fn whatever_is_changed_after_signing_is_noticed() {
    let case = named("who am I");
    refused(
        &case.with("Expires=3600", "Expires=3601"),
        SigV4Error::SignatureMismatch,
    );
    refused(
        &case.with("Action=GetCallerIdentity", "Action=AssumeRole"),
        SigV4Error::SignatureMismatch,
    );
    let more = Case {
        query: format!("{}&more=1", case.query),
        ..case.clone()
    };
    refused(&more, SigV4Error::SignatureMismatch);
    for changed in [
        Case {
            method: "POST".into(),
            ..case.clone()
        },
        Case {
            path: "/other".into(),
            ..case.clone()
        },
        Case {
            headers: vec![("Host".into(), "other:8480".into())],
            ..case.clone()
        },
        Case {
            secret: "another".into(),
            ..case.clone()
        },
    ] {
        refused(&changed, SigV4Error::SignatureMismatch);
    }
    let body = case.verify_after(0, b"Action=CreateUser");
    assert_eq!(body, Err(SigV4Error::SignatureMismatch));

    let token = named("who am I, temporary key");
    let removed = {
        let (before, rest) = token.query.split_once("X-Amz-Security-Token=").unwrap();
        let query = format!("{before}{}", rest.split_once('&').unwrap().1);
        Case {
            query,
            session_token: None,
            ..token.clone()
        }
    };
    refused(&removed, SigV4Error::SignatureMismatch);
}

#[test]
fn headers_that_decide_must_be_signed() {
    let case = named("who am I");
    let without_host = case.with("SignedHeaders=host", "SignedHeaders=accept");
    refused(&without_host, SigV4Error::UnsignedHeader("host".into()));
    let mut added = case.clone();
    added
        .headers
        .push(("X-Amz-Target".into(), "AmazonSSM.StartSession".into()));
    refused(&added, SigV4Error::UnsignedHeader("x-amz-target".into()));
    let mut lost = named("a signed header besides the host");
    lost.headers.retain(|(name, _)| name == "Host");
    refused(&lost, SigV4Error::SignedHeaderAbsent("x-k8s-aws-id".into()));
}

#[test]
fn an_encoded_plus_cannot_be_turned_into_a_space() {
    let case = named("a user with marks in its name");
    refused(&case.with("a%2Bb", "a+b"), SigV4Error::SignatureMismatch);
}

#[test]
fn every_request_that_botocore_presigns_verifies() {
    let cases = vectors().cases;
    assert_eq!(cases.len(), 7, "vectors were lost");
    for case in cases {
        let verified = case.verify();
        let told = verified
            .as_ref()
            .map(|verified| (verified.key_id(), verified.scope().service()));
        let expected = (case.access_key_id.as_str(), case.service.as_str());
        assert_eq!(told, Ok(expected), "{}", case.name);
    }
}
