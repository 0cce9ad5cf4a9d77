//! Bodies in signed chunks: what is not believed, and AWS's own example.
//!
//! The example is that of AWS's page "Signature calculations for the authorization header: transferring payload in
//! multiple chunks": 65,536 and 1,024 times the letter `a`.

#![expect(
    clippy::unwrap_used,
    reason = "a bad case should end the run where it is"
)]

use usher_wire::secret::Secret;
use usher_wire::sigv4::{
    Authorization, ChunkError, ChunkSignatures, ChunkedBody, Expectation, Request, SigV4Error,
    SignedBody, SigningCredentials, SigningScope, Verified, payload_hash, sign,
};

const HEAD: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const SIGNATURES: [&str; 3] = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
];
const LENGTH: u64 = 65_536 + 1024;

/// The example's head, checked as the server checks it.
fn verified() -> (Secret, Verified) {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;\
         x-amz-decoded-content-length;x-amz-storage-class,Signature={HEAD}"
    );
    let headers: [(&str, &[u8]); 8] = [
        ("host", b"s3.amazonaws.com"),
        ("x-amz-date", b"20130524T000000Z"),
        ("x-amz-storage-class", b"REDUCED_REDUNDANCY"),
        (
            "x-amz-content-sha256",
            b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        ),
        ("content-encoding", b"aws-chunked"),
        ("x-amz-decoded-content-length", b"66560"),
        ("content-length", b"66824"),
        ("authorization", authorization.as_bytes()),
    ];
    let request = Request {
        method: "PUT",
        path: "/examplebucket/chunkObject.txt",
        query: "",
        headers: &headers,
        body: b"",
    };
    let expectation = Expectation {
        service: "s3",
        regions: &["us-east-1"],
        now_ms: 1_369_353_600_000,
        over_tls: false,
    };
    let secret = Secret::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let checked = Authorization::from_request(&request)
        .unwrap()
        .check(&request, &expectation);
    let verified = checked.unwrap().verify(&secret).unwrap();
    (secret, verified)
}

fn signed() -> ChunkedBody {
    let (secret, verified) = verified();
    let expected = SignedBody::Chunks {
        head: HEAD.to_owned(),
    };
    assert_eq!(*verified.body(), expected);
    let signatures = ChunkSignatures::new(&secret, verified.scope(), verified.date(), HEAD);
    ChunkedBody::new(Some(signatures), LENGTH)
}

fn example() -> Vec<u8> {
    let [first, second, last] = SIGNATURES;
    let (a, b) = ("a".repeat(65_536), "a".repeat(1024));
    format!(
        "10000;chunk-signature={first}\r\n{a}\r\n400;chunk-signature={second}\r\n{b}\r\n\
         0;chunk-signature={last}\r\n\r\n"
    )
    .into_bytes()
}

/// Reads a body in pieces of this many bytes.
fn read(mut body: ChunkedBody, bytes: &[u8], piece: usize) -> Result<Vec<u8>, ChunkError> {
    let mut out = Vec::new();
    for part in bytes.chunks(piece) {
        body.push(part, &mut out)?;
    }
    body.finish()?;
    Ok(out)
}

#[test]
fn a_changed_byte_anywhere_is_found_and_its_chunk_not_given_out() {
    let example = example();
    for place in (0..example.len()).step_by(997).chain(0..90) {
        let mut changed = example.clone();
        if let Some(byte) = changed.get_mut(place) {
            *byte ^= 1;
        }
        let mut out = Vec::new();
        let mut body = signed();
        let read = body
            .push(&changed, &mut out)
            .and_then(|()| body.finish().map(drop));
        assert!(read.is_err(), "byte {place}");
        assert!(out.iter().all(|byte| *byte == b'a'), "byte {place}");
    }
}

#[test]
fn a_body_that_is_cut_or_goes_on_is_refused() {
    let example = example();
    for end in [0, 10, 100, 65_700, example.len() - 95, example.len() - 3] {
        let cut: Vec<u8> = example.iter().copied().take(end).collect();
        assert!(read(signed(), &cut, 4096).is_err(), "cut at {end}");
    }
    let more = [&example[..], b"x"].concat();
    assert_eq!(read(signed(), &more, 4096), Err(ChunkError::Incomplete));
}

#[test]
fn chunks_without_signatures_or_in_another_order_are_refused() {
    let unsigned = b"400\r\n".to_vec();
    assert_eq!(
        read(signed(), &unsigned, 4096),
        Err(ChunkError::SignatureMismatch)
    );
    let [_, second, _] = SIGNATURES;
    let swapped = format!("400;chunk-signature={second}\r\n{}\r\n", "a".repeat(1024));
    assert_eq!(
        read(signed(), swapped.as_bytes(), 4096),
        Err(ChunkError::SignatureMismatch)
    );
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_kept() {
    let check = |text: &str, expected| {
        let body = ChunkedBody::new(None, 10);
        assert_eq!(read(body, text.as_bytes(), 64), Err(expected), "{text}");
    };
    check("b\r\n", ChunkError::WrongLength);
    check("ffffffff\r\n", ChunkError::TooLong);
    check("-1\r\n", ChunkError::Malformed);
    check("+a\r\n", ChunkError::Malformed);
    check("\r\n", ChunkError::Malformed);
    check("a\r\n0123456789xx", ChunkError::Malformed);
    check("5\r\n01234\r\n0\r\n\r\n", ChunkError::WrongLength);
    check(&"1".repeat(2000), ChunkError::TooLong);
    check("a;other=1\r\n", ChunkError::Malformed);
}

#[test]
fn awss_example_is_believed_however_it_arrives() {
    for piece in [1, 7, 65_536, 1_000_000] {
        assert_eq!(
            read(signed(), &example(), piece).unwrap().len(),
            66_560,
            "{piece}"
        );
    }
}

#[test]
fn unsigned_chunks_have_trailers() {
    let mut body = ChunkedBody::new(None, 5);
    let mut out = Vec::new();
    body.push(
        b"5\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: NhCmhg==\r\n\r\n",
        &mut out,
    )
    .unwrap();
    assert_eq!(out, b"hello");
    let expected = ("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned());
    assert_eq!(body.finish().unwrap(), [expected]);
}

#[test]
fn a_head_alone_is_good_for_no_other_hash_and_says_which() {
    let secret = Secret::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let signer = SigningCredentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: secret.clone(),
        session_token: None,
    };
    let scope = SigningScope {
        region: "us-east-1",
        service: "s3",
        now_ms: 1_369_353_600_000,
    };
    let signed = Request {
        method: "PUT",
        path: "/bucket/key",
        query: "",
        headers: &[("host", b"s3.amazonaws.com")],
        body: b"bytes",
    };
    let added = sign(&signed, &signer, &scope).unwrap();
    let expectation = Expectation {
        service: "s3",
        regions: &["us-east-1"],
        now_ms: scope.now_ms,
        over_tls: false,
    };
    let verified = |hash: &str| {
        let headers: Vec<(&str, &[u8])> = added
            .iter()
            .map(|(name, value)| match *name {
                "x-amz-content-sha256" => (*name, hash.as_bytes()),
                _ => (*name, value.as_bytes()),
            })
            .chain(signed.headers.iter().copied())
            .collect();
        let request = Request {
            headers: &headers,
            body: b"",
            ..signed
        };
        let checked = Authorization::from_request(&request)
            .unwrap()
            .check_head(&request, &expectation);
        let verified = checked.unwrap().verify(&secret);
        verified.map(|verified| verified.body().clone())
    };
    assert_eq!(
        verified(&payload_hash(b"others")),
        Err(SigV4Error::SignatureMismatch)
    );
    let sha256 = payload_hash(b"bytes");
    assert_eq!(
        verified(&payload_hash(b"bytes")),
        Ok(SignedBody::Announced { sha256 })
    );
}
