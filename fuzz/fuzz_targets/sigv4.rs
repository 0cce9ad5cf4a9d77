//! A signed request from anybody: its authorization, its canonical form, every rule that needs no key, and a verdict. No
//! signature is believed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usher_wire::secret::Secret;
use usher_wire::sigv4::{Authorization, Expectation, Request};

/// 2026-11-22 08:51:16 UTC, the time of the recorded requests.
const NOW_MS: u64 = 1_795_337_476_000;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let target = lines.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(&str, &[u8])> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim_start_matches(' ').as_bytes()))
        .collect();
    for (_, value) in &headers {
        let _ = Authorization::parse(std::str::from_utf8(value).unwrap_or_default());
    }
    let request = Request {
        method: "POST",
        path,
        query,
        headers: &headers,
        body: b"{}",
    };
    let Ok(authorization) = Authorization::from_request(&request) else {
        return;
    };
    for service in ["ssm", "s3"] {
        let expected = Expectation {
            service,
            regions: &["usher-1"],
            now_ms: NOW_MS,
            over_tls: true,
        };
        if let Ok(checked) = authorization.clone().check(&request, &expected) {
            let secret = Secret::from("a key that nobody signed with");
            assert!(checked.verify(&secret).is_err());
        }
    }
});
