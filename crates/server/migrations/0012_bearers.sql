-- Who is behind temporary keys and behind sessions, with all that decides whether they still may. Same rules as 0001.

-- Temporary keys from STS: of a role session, or of the user itself. bearer is a JSON object. Without the user, the key
-- that the user signed with, or the role, the keys are gone too; origin_key_id is unknown for those of earlier releases.
CREATE TABLE sts_credentials (
    access_key_id  TEXT   NOT NULL PRIMARY KEY,
    origin_user_id TEXT   NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    origin_key_id  TEXT   REFERENCES access_keys (access_key_id) ON DELETE CASCADE,
    role_id        TEXT   REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    bearer         TEXT   NOT NULL,
    secret_sealed  BYTEA  NOT NULL,
    token_hash     BYTEA  NOT NULL,
    expires        BIGINT NOT NULL
);
INSERT INTO sts_credentials (access_key_id, origin_user_id, role_id, bearer, secret_sealed, token_hash, expires)
    SELECT access_key_id, origin_user_id, role_id,
        '{"user_id":"' || origin_user_id || '","issued":' || CAST(issued AS TEXT) || ',"role":{"role_id":"' || role_id
            || '","session_name":"' || session_name || '","tags":' || session_tags || '}}',
        secret_sealed, token_hash, expires
    FROM role_credentials;
DROP TABLE role_credentials;
CREATE INDEX sts_credentials_expiry ON sts_credentials (expires);
CREATE INDEX sts_credentials_of_user ON sts_credentials (origin_user_id);
CREATE INDEX sts_credentials_of_key ON sts_credentials (origin_key_id);
CREATE INDEX sts_credentials_of_role ON sts_credentials (role_id);

-- As whom a session was started, a JSON object; empty for those of earlier releases.
ALTER TABLE sessions ADD COLUMN started_by TEXT NOT NULL DEFAULT '';
