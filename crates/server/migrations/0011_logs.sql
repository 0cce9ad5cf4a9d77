-- Log groups, streams and events of the embedded CloudWatch Logs. Same rules as 0001.

-- next_event numbers events in the order in which they came; kms_key is the key's ARN.
CREATE TABLE log_groups (
    group_id       TEXT   NOT NULL PRIMARY KEY,
    name           TEXT   NOT NULL UNIQUE,
    created        BIGINT NOT NULL,
    retention_days BIGINT,
    kms_key        TEXT,
    generation     BIGINT NOT NULL,
    next_event     BIGINT NOT NULL,
    stored_bytes   BIGINT NOT NULL
);

-- Data keys that seal a group's messages: under kms_key, or under the root key where there is none. Events name theirs
-- by its generation, so that another key only counts for what comes after it.
CREATE TABLE log_group_keys (
    group_id   TEXT   NOT NULL REFERENCES log_groups (group_id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    kms_key    TEXT,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (group_id, generation)
);

CREATE TABLE log_streams (
    stream_id      TEXT   NOT NULL PRIMARY KEY,
    group_id       TEXT   NOT NULL REFERENCES log_groups (group_id) ON DELETE CASCADE,
    name           TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    first_event    BIGINT,
    last_event     BIGINT,
    last_ingestion BIGINT,
    UNIQUE (group_id, name)
);

-- at is the event's own time, ingested when it came; number makes an order of events of one time.
CREATE TABLE log_events (
    stream_id  TEXT   NOT NULL REFERENCES log_streams (stream_id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    ingested   BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (stream_id, at, number)
);
CREATE INDEX log_events_of_group ON log_events (group_id, at, number);
