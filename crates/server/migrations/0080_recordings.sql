-- Recordings of sessions: what the gateway has written beside the database. Same rules as 0001.

-- bytes, blocks and head are those of a finished recording: they find that its file was cut. closed is empty while the
-- session lives, lost says why a recording does not hold its whole session.
CREATE TABLE recordings (
    session_id   TEXT   NOT NULL PRIMARY KEY REFERENCES sessions (session_id),
    owner_id     TEXT   NOT NULL,
    ends_on_loss BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    closed       BIGINT,
    bytes        BIGINT NOT NULL,
    blocks       BIGINT NOT NULL,
    head         BYTEA,
    lost         TEXT
);
CREATE INDEX recordings_by_age ON recordings (closed);
