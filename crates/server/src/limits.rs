//! Every limit of the control plane, and what happens at it.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Bytes of a request body; more is answered 413. The largest legitimate one is a document of
/// 64 KiB, percent-encoded or escaped.
pub(crate) const BODY: usize = 1024 * 1024;
/// Bytes of a request body of PutLogEvents, whose messages may be a mebibyte and are escaped in JSON; more is answered
/// 413.
pub(crate) const LARGE_BODY: usize = 8 * 1024 * 1024;
/// Requests with a large body that are read or served at one time; more wait for a place within [`BODY_TIME`].
pub(crate) const LARGE_BODIES: usize = 16;
/// The same from one address; more are `ThrottlingException`, which AWS's clients try again.
pub(crate) const LARGE_BODIES_PER_ADDRESS: usize = 4;
/// Time for a request's body to arrive; then the request is refused.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(30);
/// Time for a request's head to arrive, keep-alive pauses included; then the connection is closed.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(60);
/// Time for a TLS handshake, waiting for a place included; then the connection is closed.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// TLS handshakes at one time on a listener; more wait for a place within their time.
pub(crate) const HANDSHAKES: usize = 512;
/// Open connections; more wait in the kernel's queue.
pub(crate) const CONNECTIONS: usize = 4096;
/// Open connections of one address that are no channel; more are closed at once. Trusted proxies are not counted: they
/// speak for many.
pub(crate) const CONNECTIONS_PER_ADDRESS: usize = 256;
/// Longest pause before the next try when the system has no descriptor for a new connection.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// Time for open requests after a stop was asked for; then they are cut.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(5);

/// How long after a change in IAM live sessions are looked at, so that one look serves several changes.
pub(crate) const IDENTITY_CHECK_PAUSE: Duration = Duration::from_millis(200);

/// Access keys of an IAM user; more are `LimitExceeded`.
pub(crate) const ACCESS_KEYS: i64 = 2;
/// Tags of an IAM user or role, or of a role session; more are `LimitExceeded`.
pub(crate) const TAGS: i64 = 50;
/// Characters of a user's inline policies together, white space not counted; more are `LimitExceeded`.
pub(crate) const INLINE_POLICIES: usize = 2048;
/// Characters of a role's inline policies together, white space not counted; more are `LimitExceeded`.
pub(crate) const ROLE_INLINE_POLICIES: usize = 10_240;
/// Characters of a group's inline policies together, white space not counted; more are `LimitExceeded`.
pub(crate) const GROUP_INLINE_POLICIES: usize = 5120;
/// Characters of a version of a managed policy, white space not counted; more are `LimitExceeded`.
pub(crate) const MANAGED_POLICY: usize = 6144;
/// Versions of a managed policy; more are `LimitExceeded`.
pub(crate) const POLICY_VERSIONS: i64 = 5;
/// Managed policies attached to a user, role or group; more are `LimitExceeded`.
pub(crate) const ATTACHED_POLICIES: i64 = 10;
/// Groups of a user; more are `LimitExceeded`.
pub(crate) const GROUPS: i64 = 10;
/// Clients of an identity provider; more are `LimitExceeded`.
pub(crate) const PROVIDER_CLIENTS: usize = 100;
/// Time for an identity provider to answer; then its tokens are refused as `IDPCommunicationError`.
pub(crate) const PROVIDER_TIME: Duration = Duration::from_secs(10);
/// Bytes of an identity provider's answer; a longer one is none.
pub(crate) const PROVIDER_ANSWER: usize = 256 * 1024;
/// How long the keys of an identity provider are believed; then they are fetched again.
pub(crate) const PROVIDER_KEYS_TIME: Duration = Duration::from_secs(60 * 60);
/// How soon an identity provider is asked again that did not answer, or not as it should.
pub(crate) const PROVIDER_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of a request that signs somebody out; its token is a few hundred.
pub(crate) const LOGOUT_BODY: usize = 32 * 1024;
/// How long a sign-out is kept, milliseconds: thirty days, much longer than the keys that it takes away would last.
pub(crate) const SIGN_OUT_MS: i64 = 30 * 24 * 3600 * 1000;
/// How soon they are fetched again for a token whose key is not among them.
pub(crate) const PROVIDER_KEYS_PAUSE: Duration = Duration::from_secs(30);
/// How old the note of an access key's latest use may be before another use writes a new one.
pub(crate) const KEY_USE_MS: i64 = 60 * 1000;
/// Characters of a trust policy, white space not counted; more are `LimitExceeded`.
pub(crate) const TRUST_POLICY: usize = 2048;
/// Bytes of the policies of one simulation together; more are `InvalidInput`. Every one is weighed for every question.
pub(crate) const SIMULATED_POLICIES: usize = 64 * 1024;
/// Questions of a simulation that are answered on one page; the rest are on the next.
pub(crate) const SIMULATIONS: usize = 100;
/// What a role may have as the longest life of its sessions' keys, in seconds.
pub(crate) const ROLE_SESSION_SECONDS: RangeInclusive<i64> = 3600..=43_200;
/// Characters of a session policy and of the ARNs of session policies together; more are `PackedPolicyTooLarge`.
pub(crate) const SESSION_POLICY: usize = 2048;
/// Managed policies as session policies; more are a validation error.
pub(crate) const SESSION_POLICY_ARNS: usize = 10;
/// How long keys from GetSessionToken may live, in seconds.
pub(crate) const TOKEN_SECONDS: RangeInclusive<i64> = 900..=129_600;
/// How long they live unless the caller says otherwise, in seconds.
pub(crate) const DEFAULT_TOKEN_SECONDS: i64 = 43_200;
/// The longest life of keys that were got by a role for a further role, in seconds.
pub(crate) const CHAINED_SESSION_SECONDS: i64 = 3600;

/// Keys of the embedded KMS; more are `LimitExceededException`.
pub(crate) const KEYS: i64 = 10_000;
/// Aliases of a key; more are `LimitExceededException`.
pub(crate) const KEY_ALIASES: i64 = 50;
/// Grants on a key; more are `LimitExceededException`.
pub(crate) const KEY_GRANTS: i64 = 1000;
/// Bytes of a key policy; more are `LimitExceededException`.
pub(crate) const KEY_POLICY: usize = 32 * 1024;
/// Rotations of a key on demand; more are `LimitExceededException`. Those by time are not counted.
pub(crate) const ROTATIONS_ON_DEMAND: usize = 25;

/// Log groups; more are `LimitExceededException`.
pub(crate) const LOG_GROUPS: i64 = 1000;
/// Streams of a log group; more are `LimitExceededException`.
pub(crate) const LOG_STREAMS: i64 = 100_000;
/// Bytes of all log groups together, 26 more for each event; more are `LimitExceededException`.
pub(crate) const LOG_BYTES: i64 = 16 * 1024 * 1024 * 1024;

/// Bytes of a session's recording; more are not recorded, and the session goes on or ends as its preferences say.
pub(crate) const RECORDING_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of all recordings of one person's sessions; more are treated in the same way.
pub(crate) const RECORDINGS_BYTES_PER_OWNER: u64 = 20 * 1024 * 1024 * 1024;
/// Bytes of the disk that recordings leave free; at less they are treated in the same way.
pub(crate) const RECORDINGS_RESERVE: u64 = 256 * 1024 * 1024;
/// Buckets; more are refused as if the name was taken.
pub(crate) const BUCKETS: i64 = 1000;
/// Bytes of one upload to the embedded S3, as in AWS; more are `EntityTooLarge`.
pub(crate) const OBJECT_PUT: u64 = 5 * 1024 * 1024 * 1024;
/// Uploads in parts of a bucket that are not complete; more are refused as if there was no bucket.
pub(crate) const UPLOADS: i64 = 10_000;
/// Time for the next piece of an upload to arrive; then the request is refused.
pub(crate) const UPLOAD_PAUSE: Duration = Duration::from_secs(60);

/// Bytes of a document; more are `MaxDocumentSizeExceeded`.
pub(crate) const DOCUMENT: usize = 64 * 1024;
/// Versions of a document; more are `DocumentVersionLimitExceeded`.
pub(crate) const DOCUMENT_VERSIONS: i64 = 1000;

/// Parameters of Parameter Store; more are `ParameterLimitExceeded`.
pub(crate) const PARAMETERS: i64 = 10_000;
/// Versions of a parameter that are kept; older ones are forgotten.
pub(crate) const PARAMETER_VERSIONS: i64 = 100;
/// Bytes of a parameter's value; more are a validation error.
pub(crate) const PARAMETER_VALUE: usize = 4096;

/// Days an activation may live; more are `InvalidParameters`.
pub(crate) const ACTIVATION_DAYS: i64 = 30;
/// How long a node's own temporary keys live, as in AWS.
pub(crate) const NODE_KEYS: Duration = Duration::from_secs(60 * 60);
/// How long the activation for the server's own machine lives, in milliseconds.
pub(crate) const LOCAL_ACTIVATION_MS: i64 = 10 * 60 * 1000;
