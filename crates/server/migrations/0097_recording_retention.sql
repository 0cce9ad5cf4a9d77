-- Recordings that are kept for a time only. Same rules as 0001.

-- removed is when the file of a recording was removed, in milliseconds; its row stays, so that nobody takes the session for
-- one that was not recorded.
ALTER TABLE recordings ADD COLUMN removed BIGINT;
