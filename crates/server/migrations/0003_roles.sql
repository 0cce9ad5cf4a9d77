-- Roles, and the temporary keys of who assumed one. Same rules as 0001.

-- trust is the trust policy as given; trusted_ids is a JSON object from each user or role it names, by ARN,
-- to the id that name had at the time: a later user of the same name is not meant.
CREATE TABLE iam_roles (
    role_id             TEXT   NOT NULL PRIMARY KEY,
    name                TEXT   NOT NULL,
    name_folded         TEXT   NOT NULL UNIQUE,
    path                TEXT   NOT NULL,
    trust               TEXT   NOT NULL,
    trusted_ids         TEXT   NOT NULL,
    description         TEXT,
    max_session_seconds BIGINT NOT NULL,
    created             BIGINT NOT NULL
);

CREATE TABLE iam_role_tags (
    role_id    TEXT NOT NULL REFERENCES iam_roles (role_id) ON DELETE CASCADE,
    key_folded TEXT NOT NULL,
    tag_key    TEXT NOT NULL,
    tag_value  TEXT NOT NULL,
    PRIMARY KEY (role_id, key_folded)
);

CREATE TABLE iam_role_policies (
    role_id  TEXT NOT NULL REFERENCES iam_roles (role_id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (role_id, name)
);

-- The role of every node. It comes with the service; created is 2026-11-22.
INSERT INTO iam_roles (role_id, name, name_folded, path, trust, trusted_ids, description, max_session_seconds, created)
VALUES (
    'AROAUSHERMANAGEDNODE', 'UsherManagedNode', 'ushermanagednode', '/service-role/',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    '{}', 'What managed nodes act as. It comes with the service and cannot be changed.', 3600, 1795305600000
);

-- Temporary keys of a role session. origin_user_id is the person behind it, through every role in between:
-- without that user, or without the role, the keys are gone too. session_tags is a JSON list.
CREATE TABLE role_credentials (
    access_key_id  TEXT   NOT NULL PRIMARY KEY,
    role_id        TEXT   NOT NULL REFERENCES iam_roles (role_id) ON DELETE CASCADE,
    session_name   TEXT   NOT NULL,
    origin_user_id TEXT   NOT NULL REFERENCES iam_users (user_id) ON DELETE CASCADE,
    session_tags   TEXT   NOT NULL,
    secret_sealed  BYTEA  NOT NULL,
    token_hash     BYTEA  NOT NULL,
    issued         BIGINT NOT NULL,
    expires        BIGINT NOT NULL
);
CREATE INDEX role_credentials_expiry ON role_credentials (expires);
CREATE INDEX role_credentials_of_origin ON role_credentials (origin_user_id);
CREATE INDEX role_credentials_of_role ON role_credentials (role_id);

ALTER TABLE access_keys ADD COLUMN active BIGINT NOT NULL DEFAULT 1;

-- owner_userid is the owner's aws:userid, by which policies mean a session; owner_id stays the person.
ALTER TABLE sessions ADD COLUMN owner_userid TEXT NOT NULL DEFAULT '';
UPDATE sessions SET owner_userid = owner_id;
