-- Sign-in to the web console. Same rules as 0001. The database holds hashes of what a browser holds.

-- What lets a browser act by an access key: a session, by its cookie, or a single-use link that begins one. It acts
-- never without the key, which is looked up again at each request. kind is 'session' or 'link'.
CREATE TABLE console_passes (
    pass_hash     BYTEA  NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    access_key_id TEXT   NOT NULL,
    expires       BIGINT NOT NULL
);
CREATE INDEX console_passes_expiry ON console_passes (expires);

-- Nonces that a proof of an access key was made with; kept until they would have expired by themselves.
CREATE TABLE console_spent_nonces (
    nonce_hash BYTEA  NOT NULL PRIMARY KEY,
    expires    BIGINT NOT NULL
);
CREATE INDEX console_spent_nonces_expiry ON console_spent_nonces (expires);
