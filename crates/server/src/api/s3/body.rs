//! A body as it comes, held against everything that the head of its request and its trailers say of it.
//!
//! Owns one invariant: a body ends without an error only if its SHA-256, its chunks' signatures, its MD5 and its checksums
//! are what was signed and said. Whoever reads it may keep nothing before it has ended.

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::Checksum;
use usher_wire::sigv4::{ChunkError, ChunkedBody};

use crate::identity::BodyProof;

/// Why a body is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyRefusal {
    /// Its chunks are not as they should be.
    #[error(transparent)]
    Chunks(#[from] ChunkError),
    /// It is chunked, and nothing says how long it is.
    #[error("A body in chunks needs x-amz-decoded-content-length.")]
    NoLength,
    /// It is not what was signed.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    Sha256,
    /// It is not what the client says it is.
    #[error("The {0} you specified did not match what we received.")]
    Checksum(&'static str),
    /// It did not arrive whole.
    #[error("The body did not arrive whole, or not in time.")]
    Incomplete,
}

/// Names of headers and trailers that hold a checksum.
const MD5: &str = "content-md5";
const CRC32: &str = "x-amz-checksum-crc32";
const CRC32C: &str = "x-amz-checksum-crc32c";
const CRC64: &str = "x-amz-checksum-crc64nvme";
const SHA1: &str = "x-amz-checksum-sha1";
const SHA256: &str = "x-amz-checksum-sha256";

/// What is known of a body whose reading goes on.
pub(crate) struct CheckedBody {
    chunks: Option<ChunkedBody>,
    signed: Option<(digest::Context, String)>,
    md5: Option<Md5>,
    sums: ChecksumHasher,
    said: Vec<(String, String)>,
}

impl CheckedBody {
    /// For the body of a request with these headers.
    pub(crate) fn of(headers: &HeaderMap, proof: BodyProof) -> Result<Self, BodyRefusal> {
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
        let announced = text("x-amz-trailer").unwrap_or_default().to_lowercase();
        let is_said = |name: &str| {
            headers.contains_key(name) || announced.split(',').any(|one| one.trim() == name)
        };
        let (chunks, signed) = match proof {
            BodyProof::Nothing => (None, None),
            BodyProof::Sha256(hash) => (None, Some((digest::Context::new(&digest::SHA256), hash))),
            BodyProof::Chunks(signatures) => {
                let length = text("x-amz-decoded-content-length");
                let length = length.and_then(|length| length.parse().ok());
                let length = length.ok_or(BodyRefusal::NoLength)?;
                (Some(ChunkedBody::new(signatures, length)), None)
            }
        };
        let names = [MD5, CRC32, CRC32C, CRC64, SHA1, SHA256];
        Ok(Self {
            chunks,
            signed,
            md5: is_said(MD5).then(Md5::new),
            sums: ChecksumHasher {
                crc32: is_said(CRC32).then(Crc32::new),
                crc32c: is_said(CRC32C).then(Crc32c::new),
                sha1: is_said(SHA1).then(Sha1::new),
                sha256: is_said(SHA256).then(Sha256::new),
                crc64nvme: is_said(CRC64).then(Crc64Nvme::new),
            },
            said: names
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), text(name)?)))
                .collect(),
        })
    }

    /// What of the bytes that arrived is the object's.
    pub(crate) fn take(&mut self, arrived: Bytes) -> Result<Bytes, BodyRefusal> {
        let bytes = match &mut self.chunks {
            Some(chunks) => {
                let mut out = Vec::with_capacity(arrived.len());
                chunks.push(&arrived, &mut out)?;
                Bytes::from(out)
            }
            None => arrived,
        };
        if let Some((hash, _)) = &mut self.signed {
            hash.update(&bytes);
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(&bytes);
        }
        self.sums.update(&bytes);
        Ok(bytes)
    }

    /// Says whether what arrived is what was signed and said.
    pub(crate) fn finish(mut self) -> Result<(), BodyRefusal> {
        if let Some(chunks) = self.chunks {
            self.said.extend(chunks.finish()?);
        }
        if let Some((hash, signed)) = self.signed
            && hex::encode(hash.finish()) != signed
        {
            return Err(BodyRefusal::Sha256);
        }
        let md5 = self.md5.map(|md5| BASE64_STANDARD.encode(md5.finalize()));
        let Checksum {
            checksum_crc32,
            checksum_crc32c,
            checksum_crc64nvme,
            checksum_sha1,
            checksum_sha256,
            ..
        } = self.sums.finalize();
        for (name, computed) in [
            (MD5, md5),
            (CRC32, checksum_crc32),
            (CRC32C, checksum_crc32c),
            (CRC64, checksum_crc64nvme),
            (SHA1, checksum_sha1),
            (SHA256, checksum_sha256),
        ] {
            let Some(computed) = computed else { continue };
            let mut said = self.said.iter().filter(|(one, _)| one == name).peekable();
            if said.peek().is_none() || said.any(|(_, said)| *said != computed) {
                return Err(BodyRefusal::Checksum(name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn check(
        headers: &[(&'static str, &str)],
        proof: BodyProof,
        body: &str,
    ) -> Result<(), BodyRefusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut checked = CheckedBody::of(&map, proof)?;
        let mut out = Vec::new();
        for byte in body.bytes() {
            out.extend(checked.take(Bytes::copy_from_slice(&[byte]))?);
        }
        checked.finish()?;
        assert_eq!(out, b"hello");
        Ok(())
    }

    #[test]
    fn a_body_that_is_not_what_was_signed_is_refused() {
        let signed = || BodyProof::Sha256(HELLO.to_owned());
        assert_eq!(check(&[], signed(), "hellO"), Err(BodyRefusal::Sha256));
        assert_eq!(check(&[], signed(), ""), Err(BodyRefusal::Sha256));
        assert_eq!(check(&[], signed(), "hello"), Ok(()));
    }

    #[test]
    fn a_checksum_that_does_not_fit_is_refused() {
        for (name, right) in [
            (MD5, "XUFAKrxLKna5cZ2REBfFkg=="),
            (CRC32, "NhCmhg=="),
            (CRC32C, "mnG7TA=="),
            (SHA1, "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
            (SHA256, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
        ] {
            assert_eq!(
                check(&[(name, right)], BodyProof::Nothing, "hello"),
                Ok(()),
                "{name}"
            );
            for (wrong, body) in [("AAAAAA==", "hello"), ("", "hello"), (right, "hellO")] {
                assert_eq!(
                    check(&[(name, wrong)], BodyProof::Nothing, body),
                    Err(BodyRefusal::Checksum(name)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_trailer_that_was_announced_must_come_and_fit() {
        let headers = [
            ("x-amz-trailer", CRC32),
            ("x-amz-decoded-content-length", "5"),
        ];
        let chunked = |trailer: &str| format!("5\r\nhello\r\n0\r\n{trailer}\r\n");
        let check = |trailer| check(&headers, BodyProof::Chunks(None), &chunked(trailer));
        assert_eq!(check(""), Err(BodyRefusal::Checksum(CRC32)));
        assert_eq!(
            check("x-amz-checksum-crc32:AAAAAA==\r\n"),
            Err(BodyRefusal::Checksum(CRC32))
        );
        assert_eq!(check("x-amz-checksum-crc32:NhCmhg==\r\n"), Ok(()));
    }

    #[test]
    fn a_chunked_body_without_a_length_is_refused() {
        let refusal = check(&[], BodyProof::Chunks(None), "0\r\n\r\n");
        assert_eq!(refusal, Err(BodyRefusal::NoLength));
    }
}
