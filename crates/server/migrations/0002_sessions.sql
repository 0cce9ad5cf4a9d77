-- Sessions and the tokens that open their channels. Same rules as 0001.

-- A row is made before the session's task is posted and is never deleted while the session lives.
-- owner_id is the originating identity (an IAM user id), owner_arn what history shows.
-- run_as_rule says which rule decided the OS user; os_user is empty while Run As is off or refused.
-- agent_done is 1 once the agent needs no (further) channel_closed.
CREATE TABLE sessions (
    session_id    TEXT   NOT NULL PRIMARY KEY,
    node_id       TEXT   NOT NULL,
    owner_id      TEXT   NOT NULL,
    owner_arn     TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    created       BIGINT NOT NULL,
    ended         BIGINT,
    document_name TEXT   NOT NULL,
    reason        TEXT,
    details       TEXT,
    run_as_rule   TEXT   NOT NULL,
    os_user       TEXT   NOT NULL,
    idle_minutes  BIGINT NOT NULL,
    max_minutes   BIGINT,
    client_id     TEXT,
    s3_output     TEXT,
    logs_output   TEXT,
    agent_done    BIGINT NOT NULL
);
CREATE INDEX sessions_newest ON sessions (created, session_id);
CREATE INDEX sessions_of_node ON sessions (node_id, agent_done);

-- side is control, agent or client; subject is the node id of a control channel, else the session id;
-- holder is the one identity that may present the token: a node id, or the session's owner_id.
CREATE TABLE channel_tokens (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    side       TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    holder     TEXT   NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX channel_tokens_of_subject ON channel_tokens (subject, side);
CREATE INDEX channel_tokens_expiry ON channel_tokens (expires);
