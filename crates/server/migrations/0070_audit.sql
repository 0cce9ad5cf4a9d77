-- The audit trail. Same rules as 0001. Each record's hash covers the record and the hash before it; signed heads of the
-- chain lie outside the database. The columns beside `record` repeat what stands in it, for looking it up.

CREATE TABLE audit_records (
    number        BIGINT NOT NULL PRIMARY KEY,
    hash          BYTEA  NOT NULL,
    record        TEXT   NOT NULL,
    event_id      TEXT   NOT NULL,
    event_time    BIGINT NOT NULL,
    event_name    TEXT   NOT NULL,
    event_source  TEXT   NOT NULL,
    read_only     TEXT   NOT NULL,
    username      TEXT   NOT NULL,
    access_key_id TEXT   NOT NULL
);
CREATE INDEX audit_records_id ON audit_records (event_id);
CREATE INDEX audit_records_name ON audit_records (event_name, number);
CREATE INDEX audit_records_user ON audit_records (username, number);
CREATE INDEX audit_records_key ON audit_records (access_key_id, number);

-- What a record is about. `name` is the ARN's last part.
CREATE TABLE audit_resources (
    number BIGINT NOT NULL,
    place  BIGINT NOT NULL,
    type   TEXT   NOT NULL,
    name   TEXT   NOT NULL,
    arn    TEXT   NOT NULL,
    PRIMARY KEY (number, place)
);
CREATE INDEX audit_resources_name ON audit_resources (name, number);
CREATE INDEX audit_resources_arn ON audit_resources (arn, number);
