//! Bodies that come in signed chunks (`aws-chunked`), as S3's clients send what they cannot hash beforehand.
//!
//! `<hex length>[;chunk-signature=<64 hex>]\r\n<data>\r\n`, a last chunk of length 0, then trailers. Each signature covers
//! the one before it, the first that of the head. Invariant: a byte of a signed body is given out only after its chunk's
//! signature was held against it, and nothing is given out beyond the length that the head announced.

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::key::{equal_in_constant_time, hmac_sha256, signing_key};
use super::{AmzDate, CredentialScope};
use crate::secret::Secret;

/// The longest chunk that is taken; AWS's clients send 64 KiB to 1 MiB.
const LONGEST_CHUNK: usize = 8 * 1024 * 1024;
/// The longest line, and all trailers together.
const LONGEST_LINE: usize = 1024;
const LONGEST_TRAILERS: usize = 4096;

/// Why a chunked body is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A line, a length or an ending is not as the format has it.
    #[error("The body is not in chunks as it announced.")]
    Malformed,
    /// A chunk, a line or the trailers are longer than is taken.
    #[error("A chunk of the body is too long.")]
    TooLong,
    /// A signature is missing or does not fit.
    #[error("The signature of a chunk does not match.")]
    SignatureMismatch,
    /// The chunks are not as long together as `x-amz-decoded-content-length` says.
    #[error("The chunks together are not as long as x-amz-decoded-content-length says.")]
    WrongLength,
    /// It ended before its last chunk, or went on after it.
    #[error("The body ended before its last chunk, or went on after it.")]
    Incomplete,
}

/// What holds chunks against the signature of the head.
pub struct ChunkSignatures {
    key: Zeroizing<[u8; 32]>,
    date: AmzDate,
    scope: CredentialScope,
    previous: String,
}

impl std::fmt::Debug for ChunkSignatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChunkSignatures(…)")
    }
}

impl ChunkSignatures {
    /// For the body of a request whose head was signed with `secret` at `date` for `scope`; `head` is that signature, in
    /// hexadecimal.
    #[must_use]
    pub fn new(secret: &Secret, scope: &CredentialScope, date: AmzDate, head: &str) -> Self {
        Self {
            key: signing_key(secret, scope),
            date,
            scope: scope.clone(),
            previous: head.to_owned(),
        }
    }

    fn check_chunk(&mut self, data: &[u8], given: &str) -> Result<(), ChunkError> {
        let hash = hex::encode(digest(&SHA256, data));
        let nothing = hex::encode(digest(&SHA256, b""));
        self.check(
            "AWS4-HMAC-SHA256-PAYLOAD",
            &format!("{nothing}\n{hash}"),
            given,
        )
    }

    fn check_trailers(&mut self, lines: &str, given: &str) -> Result<(), ChunkError> {
        let hash = hex::encode(digest(&SHA256, lines.as_bytes()));
        self.check("AWS4-HMAC-SHA256-TRAILER", &hash, given)
    }

    fn check(&mut self, kind: &str, rest: &str, given: &str) -> Result<(), ChunkError> {
        let Self {
            date,
            scope,
            previous,
            ..
        } = self;
        let text = format!("{kind}\n{date}\n{scope}\n{previous}\n{rest}");
        let computed = hex::encode(hmac_sha256(&*self.key, text.as_bytes()).as_slice());
        if !equal_in_constant_time(computed.as_bytes(), given.as_bytes()) {
            return Err(ChunkError::SignatureMismatch);
        }
        self.previous = computed;
        Ok(())
    }
}

/// Reads a chunked body as it comes.
#[derive(Debug)]
pub struct ChunkedBody {
    signatures: Option<ChunkSignatures>,
    left: u64,
    waiting: Vec<u8>,
    state: State,
    trailers: Vec<(String, String)>,
}

#[derive(Debug)]
enum State {
    Head,
    Data {
        length: usize,
        signature: Option<String>,
    },
    Trailers,
    Ended,
}

impl ChunkedBody {
    /// A body of `decoded_length` bytes. Without `signatures` its chunks are unsigned, which is for TLS alone.
    #[must_use]
    pub fn new(signatures: Option<ChunkSignatures>, decoded_length: u64) -> Self {
        Self {
            signatures,
            left: decoded_length,
            waiting: Vec::new(),
            state: State::Head,
            trailers: Vec::new(),
        }
    }

    /// Takes what arrived and appends to `out` what of it may be believed.
    ///
    /// # Errors
    /// The first thing that is wrong; the body is then good for nothing.
    pub fn push(&mut self, arrived: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkError> {
        self.waiting.extend_from_slice(arrived);
        while self.step(out)? {}
        let most = match &self.state {
            State::Data { length, .. } => length + 2,
            State::Head => LONGEST_LINE,
            State::Trailers => LONGEST_TRAILERS,
            State::Ended => 0,
        };
        match self.waiting.len() > most {
            true if matches!(self.state, State::Ended) => Err(ChunkError::Incomplete),
            true => Err(ChunkError::TooLong),
            false => Ok(()),
        }
    }

    /// The trailers of a body that came whole.
    ///
    /// # Errors
    /// If it did not.
    pub fn finish(self) -> Result<Vec<(String, String)>, ChunkError> {
        match self.state {
            State::Ended if self.left == 0 => Ok(self.trailers),
            State::Ended => Err(ChunkError::WrongLength),
            _ => Err(ChunkError::Incomplete),
        }
    }

    /// One part of the format, if it is there whole.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<bool, ChunkError> {
        match &self.state {
            State::Head => {
                let Some(line) = self.take_line()? else {
                    return Ok(false);
                };
                self.state = self.chunk_head(&line)?;
                Ok(true)
            }
            State::Data { length, .. } if self.waiting.len() < length + 2 => Ok(false),
            State::Data { length, signature } => {
                let (length, signature) = (*length, signature.clone());
                self.chunk(length, signature.as_deref(), out)?;
                Ok(true)
            }
            State::Trailers => self.trailer(),
            State::Ended => Ok(false),
        }
    }

    fn take_line(&mut self) -> Result<Option<String>, ChunkError> {
        let Some(end) = self.waiting.windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let mut line: Vec<u8> = self.waiting.drain(..end + 2).collect();
        line.truncate(end);
        let line = String::from_utf8(line).map_err(|_| ChunkError::Malformed)?;
        Ok(Some(line))
    }

    fn chunk_head(&mut self, line: &str) -> Result<State, ChunkError> {
        let (length, extension) = line
            .split_once(';')
            .map_or((line, None), |(l, e)| (l, Some(e)));
        let is_hex =
            (1..=8).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_hexdigit());
        let length = usize::from_str_radix(length, 16).ok().filter(|_| is_hex);
        let length = length.ok_or(ChunkError::Malformed)?;
        let signature = match extension {
            Some(extension) => Some(
                extension
                    .strip_prefix("chunk-signature=")
                    .ok_or(ChunkError::Malformed)?
                    .to_owned(),
            ),
            None => None,
        };
        if length > LONGEST_CHUNK {
            return Err(ChunkError::TooLong);
        }
        self.left = self
            .left
            .checked_sub(length as u64)
            .ok_or(ChunkError::WrongLength)?;
        if self.signatures.is_some() != signature.is_some() {
            return Err(ChunkError::SignatureMismatch);
        }
        if length > 0 {
            return Ok(State::Data { length, signature });
        }
        if let Some((signatures, signature)) = self.signatures.as_mut().zip(signature) {
            signatures.check_chunk(b"", &signature)?;
        }
        Ok(State::Trailers)
    }

    fn chunk(
        &mut self,
        length: usize,
        signature: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<(), ChunkError> {
        let mut data: Vec<u8> = self.waiting.drain(..length + 2).collect();
        if !data.ends_with(b"\r\n") {
            return Err(ChunkError::Malformed);
        }
        data.truncate(length);
        if let Some((signatures, signature)) = self.signatures.as_mut().zip(signature) {
            signatures.check_chunk(&data, signature)?;
        }
        out.extend_from_slice(&data);
        self.state = State::Head;
        Ok(())
    }

    /// One trailer line; an empty one ends the body.
    fn trailer(&mut self) -> Result<bool, ChunkError> {
        let Some(line) = self.take_line()? else {
            return Ok(false);
        };
        if line.is_empty() {
            let unsigned = self.signatures.is_some() && !self.trailers.is_empty();
            self.state = State::Ended;
            return if unsigned {
                Err(ChunkError::SignatureMismatch)
            } else {
                Ok(true)
            };
        }
        let (name, value) = line.split_once(':').ok_or(ChunkError::Malformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name != "x-amz-trailer-signature" {
            self.trailers.push((name, value));
            return Ok(true);
        }
        let lines: String = self
            .trailers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let signatures = self.signatures.as_mut().ok_or(ChunkError::Malformed)?;
        signatures.check_trailers(&lines, &value)?;
        // What follows is the empty line alone.
        match self.take_line()?.as_deref() {
            Some("") | None => self.state = State::Ended,
            Some(_) => return Err(ChunkError::Malformed),
        }
        Ok(true)
    }
}
