//! A log's way to S3: numbered segments, each put once; the service makes the whole log of them.

use std::time::Duration;

use bytes::Bytes;
use usher_aws::{Credentials, Identity, JsonClient, S3};
use usher_wire::session_log::{log_key, segment_key};

use super::sink::Failure;
use super::spool::Piece;

/// Bytes of a segment at most.
pub(super) const PIECE: usize = 1024 * 1024;
/// From the first byte of a segment until it is put: with the time that takes, a node that dies has lost less than the last
/// five seconds.
pub(super) const WITHIN: Duration = Duration::from_secs(2);

pub(super) struct ToS3 {
    s3: S3,
    credentials: Credentials,
    bucket: String,
    /// Key of the whole log.
    key: String,
    /// Segments that are there.
    count: u64,
    /// The next.
    pending: Bytes,
}

impl ToS3 {
    pub(super) fn new(
        client: &JsonClient,
        credentials: &Credentials,
        bucket: String,
        prefix: &str,
        session: &str,
    ) -> Self {
        Self {
            s3: S3::new(client.clone()),
            credentials: credentials.clone(),
            bucket,
            key: log_key(prefix, session),
            count: 0,
            pending: Bytes::new(),
        }
    }

    pub(super) fn load(&mut self, piece: Piece) {
        self.pending = piece.text;
    }

    /// Puts what was loaded; after an error it may be tried again.
    pub(super) async fn put(&mut self) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let key = segment_key(&self.key, self.count + 1);
        let (identity, bucket) = (Identity::Keys(&self.credentials), &self.bucket);
        let what = format!("s3:PutObject of {key} in the bucket {bucket}");
        self.s3
            .create(identity, bucket, &key, self.pending.clone())
            .await
            .map_err(|cause| Failure::of(&what, &cause))?;
        self.count += 1;
        self.pending = Bytes::new();
        Ok(())
    }
}
