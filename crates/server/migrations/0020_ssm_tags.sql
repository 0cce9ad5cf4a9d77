-- Tags of what Systems Manager keeps. kind is document, node or activation; a node takes over its activation's.
CREATE TABLE ssm_tags (
    kind        TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    key_folded  TEXT NOT NULL,
    tag_key     TEXT NOT NULL,
    tag_value   TEXT NOT NULL,
    PRIMARY KEY (kind, resource_id, key_folded)
);
