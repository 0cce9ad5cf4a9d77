-- Whom identity providers have signed out (OpenID Connect Back-Channel Logout 1.0). Same rules as 0001.

-- One row for each person (subject), session at the provider (sid) or both that a logout token named; what it did not
-- name is empty. issued is the time in the latest token, in seconds by the provider's clock, and jti its id; heard is when
-- it came, in milliseconds by ours.
CREATE TABLE sign_outs (
    provider_id TEXT   NOT NULL REFERENCES iam_identity_providers (provider_id) ON DELETE CASCADE,
    subject     TEXT   NOT NULL,
    sid         TEXT   NOT NULL,
    issued      BIGINT NOT NULL,
    jti         TEXT   NOT NULL,
    heard       BIGINT NOT NULL,
    PRIMARY KEY (provider_id, subject, sid)
);
