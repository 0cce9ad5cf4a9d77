-- Recordings of sessions that KMS encrypts. Same rules as 0001.

-- sealed is 1 where a recording holds payloads as they travelled, which only a holder of the session's data key can read.
ALTER TABLE recordings ADD COLUMN sealed BIGINT NOT NULL DEFAULT 0;
