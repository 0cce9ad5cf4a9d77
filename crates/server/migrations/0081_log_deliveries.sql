-- Logs of sessions on their way to where the preferences want them. Same rules as 0001.

-- container is the log group, name the stream; place is how far the delivery has read its recording, next_try when it
-- goes on (milliseconds). state is waiting, done or failed; a failed one keeps its place for a later try.
CREATE TABLE log_deliveries (
    session_id TEXT   NOT NULL REFERENCES sessions (session_id),
    sink       TEXT   NOT NULL,
    container  TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    streaming  BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    attempts   BIGINT NOT NULL,
    next_try   BIGINT NOT NULL,
    place      TEXT   NOT NULL,
    problem    TEXT,
    PRIMARY KEY (session_id, sink)
);
CREATE INDEX log_deliveries_due ON log_deliveries (state, next_try);
