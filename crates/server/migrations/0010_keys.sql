-- Keys of the embedded KMS. Same rules as 0001.

-- Tags of whatever has an id that is never used again, keys first. Who removes the resource removes them.
CREATE TABLE resource_tags (
    resource_id TEXT NOT NULL,
    tag_key     TEXT NOT NULL,
    tag_value   TEXT NOT NULL,
    PRIMARY KEY (resource_id, tag_key)
);

-- policy_ids is a JSON object from each user or role that the policy names, by ARN, to the id that name had at the time.
-- deletion is when a key that is PendingDeletion is destroyed; rotation_days is empty while rotation is off.
CREATE TABLE kms_keys (
    key_id        TEXT   NOT NULL PRIMARY KEY,
    description   TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    policy        TEXT   NOT NULL,
    policy_ids    TEXT   NOT NULL,
    created       BIGINT NOT NULL,
    deletion      BIGINT,
    deletion_days BIGINT,
    rotation_days BIGINT,
    next_rotation BIGINT
);

-- Every version stays until the key goes: old ciphertexts name the one that made them. cause is CREATION, AUTOMATIC
-- or ON_DEMAND.
CREATE TABLE kms_materials (
    key_id      TEXT   NOT NULL REFERENCES kms_keys (key_id) ON DELETE CASCADE,
    version     BIGINT NOT NULL,
    material_id TEXT   NOT NULL,
    sealed      BYTEA  NOT NULL,
    cause       TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    PRIMARY KEY (key_id, version)
);

CREATE TABLE kms_aliases (
    name    TEXT   NOT NULL PRIMARY KEY,
    key_id  TEXT   NOT NULL REFERENCES kms_keys (key_id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE INDEX kms_aliases_of_key ON kms_aliases (key_id);

-- grantee_id and retiring_id are the ids behind the ARNs, as in policy_ids; operations and limits (its constraints) are JSON.
CREATE TABLE kms_grants (
    grant_id    TEXT   NOT NULL PRIMARY KEY,
    key_id      TEXT   NOT NULL REFERENCES kms_keys (key_id) ON DELETE CASCADE,
    name        TEXT,
    token_hash  BYTEA  NOT NULL,
    grantee     TEXT   NOT NULL,
    grantee_id  TEXT   NOT NULL,
    retiring    TEXT,
    retiring_id TEXT,
    operations  TEXT   NOT NULL,
    limits      TEXT   NOT NULL,
    created     BIGINT NOT NULL
);
CREATE INDEX kms_grants_of_key ON kms_grants (key_id);
