-- Identities, documents and nodes. One text for SQLite and PostgreSQL: TEXT, BIGINT (milliseconds
-- since the epoch, or 0/1), BYTEA. Names that AWS compares without case have a *_folded column.

-- Values sealed under the root key that exist once per server (the grant signing key).
CREATE TABLE sealed_values (
    name    TEXT   NOT NULL PRIMARY KEY,
    sealed  BYTEA  NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE iam_users (
    user_id     TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    name_folded TEXT   NOT NULL UNIQUE,
    path        TEXT   NOT NULL,
    created     BIGINT NOT NULL
);

CREATE TABLE iam_user_tags (
    user_id    TEXT NOT NULL REFERENCES iam_users (user_id) ON DELETE CASCADE,
    key_folded TEXT NOT NULL,
    tag_key    TEXT NOT NULL,
    tag_value  TEXT NOT NULL,
    PRIMARY KEY (user_id, key_folded)
);

CREATE TABLE iam_user_policies (
    user_id  TEXT NOT NULL REFERENCES iam_users (user_id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- The secret is sealed, not hashed: SigV4 needs it to check a signature.
CREATE TABLE access_keys (
    access_key_id TEXT   NOT NULL PRIMARY KEY,
    user_id       TEXT   NOT NULL REFERENCES iam_users (user_id) ON DELETE CASCADE,
    secret_sealed BYTEA  NOT NULL,
    created       BIGINT NOT NULL
);
CREATE INDEX access_keys_of_user ON access_keys (user_id);

CREATE TABLE documents (
    name            TEXT   NOT NULL PRIMARY KEY,
    default_version BIGINT NOT NULL,
    latest_version  BIGINT NOT NULL,
    created         BIGINT NOT NULL
);

CREATE TABLE document_versions (
    name         TEXT   NOT NULL REFERENCES documents (name) ON DELETE CASCADE,
    version      BIGINT NOT NULL,
    version_name TEXT,
    format       TEXT   NOT NULL,
    content      TEXT   NOT NULL,
    hash         TEXT   NOT NULL,
    created      BIGINT NOT NULL,
    PRIMARY KEY (name, version),
    UNIQUE (name, hash)
);

CREATE TABLE activations (
    activation_id      TEXT   NOT NULL PRIMARY KEY,
    code_hash          BYTEA  NOT NULL,
    role               TEXT   NOT NULL,
    description        TEXT,
    default_name       TEXT,
    registration_limit BIGINT NOT NULL,
    registrations      BIGINT NOT NULL,
    expires            BIGINT NOT NULL,
    created            BIGINT NOT NULL
);

CREATE TABLE nodes (
    node_id          TEXT   NOT NULL PRIMARY KEY,
    activation_id    TEXT   NOT NULL,
    role             TEXT   NOT NULL,
    name             TEXT,
    public_key       TEXT   NOT NULL,
    fingerprint      TEXT   NOT NULL,
    registered       BIGINT NOT NULL,
    last_ping        BIGINT,
    agent_version    TEXT,
    platform_type    TEXT,
    platform_name    TEXT,
    platform_version TEXT,
    ip_address       TEXT,
    computer_name    TEXT
);

-- Temporary keys of nodes. A key with a session id acts for that session only.
CREATE TABLE node_credentials (
    access_key_id TEXT   NOT NULL PRIMARY KEY,
    node_id       TEXT   NOT NULL REFERENCES nodes (node_id) ON DELETE CASCADE,
    session_id    TEXT,
    secret_sealed BYTEA  NOT NULL,
    token_hash    BYTEA  NOT NULL,
    expires       BIGINT NOT NULL
);
CREATE INDEX node_credentials_expiry ON node_credentials (expires);
