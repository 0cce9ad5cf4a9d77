-- Users, roles, groups and managed policies share one table of what they all have, so that tags, inline policies and
-- names are kept once for every kind. Same rules as 0001. What stood in tables for users and for roles moves over.

-- kind is user, role, group, policy or aws-policy; entity_id is AIDA…, AROA…, AGPA… or ANPA…, never used again.
CREATE TABLE iam_entities (
    entity_id   TEXT   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    name_folded TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    boundary_id TEXT   REFERENCES iam_entities (entity_id),
    created     BIGINT NOT NULL,
    UNIQUE (kind, name_folded)
);
CREATE INDEX iam_entities_of_boundary ON iam_entities (boundary_id);
INSERT INTO iam_entities (entity_id, kind, name, name_folded, path, created)
    SELECT user_id, 'user', name, name_folded, path, created FROM iam_users;
INSERT INTO iam_entities (entity_id, kind, name, name_folded, path, created)
    SELECT role_id, 'role', name, name_folded, path, created FROM iam_roles;

CREATE TABLE iam_tags (
    entity_id  TEXT NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    key_folded TEXT NOT NULL,
    tag_key    TEXT NOT NULL,
    tag_value  TEXT NOT NULL,
    PRIMARY KEY (entity_id, key_folded)
);
INSERT INTO iam_tags (entity_id, key_folded, tag_key, tag_value)
    SELECT user_id, key_folded, tag_key, tag_value FROM iam_user_tags;
INSERT INTO iam_tags (entity_id, key_folded, tag_key, tag_value)
    SELECT role_id, key_folded, tag_key, tag_value FROM iam_role_tags;

CREATE TABLE iam_inline_policies (
    entity_id TEXT NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    document  TEXT NOT NULL,
    PRIMARY KEY (entity_id, name)
);
INSERT INTO iam_inline_policies (entity_id, name, document)
    SELECT user_id, name, document FROM iam_user_policies;
INSERT INTO iam_inline_policies (entity_id, name, document)
    SELECT role_id, name, document FROM iam_role_policies;

-- What only a role has. trust and trusted_ids as in 0003.
CREATE TABLE iam_role_trusts (
    role_id             TEXT   NOT NULL PRIMARY KEY REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    trust               TEXT   NOT NULL,
    trusted_ids         TEXT   NOT NULL,
    description         TEXT,
    max_session_seconds BIGINT NOT NULL
);
INSERT INTO iam_role_trusts (role_id, trust, trusted_ids, description, max_session_seconds)
    SELECT role_id, trust, trusted_ids, description, max_session_seconds FROM iam_roles;

-- Keys point at the new table. A table that others point at is dropped after them: dropping it first would delete
-- their rows with its own.
CREATE TABLE moved_access_keys (
    access_key_id TEXT   NOT NULL PRIMARY KEY,
    user_id       TEXT   NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    secret_sealed BYTEA  NOT NULL,
    active        BIGINT NOT NULL,
    created       BIGINT NOT NULL
);
INSERT INTO moved_access_keys (access_key_id, user_id, secret_sealed, active, created)
    SELECT access_key_id, user_id, secret_sealed, active, created FROM access_keys;
DROP TABLE access_keys;
ALTER TABLE moved_access_keys RENAME TO access_keys;
CREATE INDEX access_keys_of_user ON access_keys (user_id);

CREATE TABLE moved_role_credentials (
    access_key_id  TEXT   NOT NULL PRIMARY KEY,
    role_id        TEXT   NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    session_name   TEXT   NOT NULL,
    origin_user_id TEXT   NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    session_tags   TEXT   NOT NULL,
    secret_sealed  BYTEA  NOT NULL,
    token_hash     BYTEA  NOT NULL,
    issued         BIGINT NOT NULL,
    expires        BIGINT NOT NULL
);
INSERT INTO moved_role_credentials (access_key_id, role_id, session_name, origin_user_id, session_tags, secret_sealed, token_hash, issued, expires)
    SELECT access_key_id, role_id, session_name, origin_user_id, session_tags, secret_sealed, token_hash, issued, expires FROM role_credentials;
DROP TABLE role_credentials;
ALTER TABLE moved_role_credentials RENAME TO role_credentials;
CREATE INDEX role_credentials_expiry ON role_credentials (expires);
CREATE INDEX role_credentials_of_origin ON role_credentials (origin_user_id);
CREATE INDEX role_credentials_of_role ON role_credentials (role_id);

DROP TABLE iam_user_tags;
DROP TABLE iam_user_policies;
DROP TABLE iam_role_tags;
DROP TABLE iam_role_policies;
DROP TABLE iam_users;
DROP TABLE iam_roles;
