-- Groups, managed policies with their versions, what is attached to whom, and when a key was used. Same rules as 0001.

CREATE TABLE iam_memberships (
    group_id TEXT NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX iam_memberships_of_user ON iam_memberships (user_id);

-- What only a managed policy has. Version numbers are never given twice, so latest_version only grows.
CREATE TABLE iam_policies (
    policy_id       TEXT   NOT NULL PRIMARY KEY REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    description     TEXT,
    default_version BIGINT NOT NULL,
    latest_version  BIGINT NOT NULL,
    updated         BIGINT NOT NULL
);

CREATE TABLE iam_policy_versions (
    policy_id TEXT   NOT NULL REFERENCES iam_policies (policy_id) ON DELETE CASCADE,
    version   BIGINT NOT NULL,
    document  TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    PRIMARY KEY (policy_id, version)
);

-- A policy that is attached cannot be deleted, so policy_id has no cascade.
CREATE TABLE iam_attachments (
    entity_id TEXT NOT NULL REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    policy_id TEXT NOT NULL REFERENCES iam_policies (policy_id),
    PRIMARY KEY (entity_id, policy_id)
);
CREATE INDEX iam_attachments_of_policy ON iam_attachments (policy_id);

ALTER TABLE access_keys ADD COLUMN last_used BIGINT;
ALTER TABLE access_keys ADD COLUMN last_service TEXT;
ALTER TABLE access_keys ADD COLUMN last_region TEXT;
