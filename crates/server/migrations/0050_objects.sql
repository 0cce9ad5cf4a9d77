-- Buckets and objects of the embedded S3. Same rules as 0001. The bytes are in files beside the database.

CREATE TABLE buckets (
    name    TEXT   NOT NULL PRIMARY KEY,
    created BIGINT NOT NULL
);

-- Keys are bytes, so that they have S3's order and that every one can be kept. terms: headers that come back with the
-- object, as JSON.
CREATE TABLE objects (
    bucket     TEXT   NOT NULL REFERENCES buckets (name),
    object_key BYTEA  NOT NULL,
    object_id  TEXT   NOT NULL UNIQUE,
    size       BIGINT NOT NULL,
    modified   BIGINT NOT NULL,
    etag       TEXT   NOT NULL,
    terms      TEXT   NOT NULL,
    PRIMARY KEY (bucket, object_key)
);

-- Uploads in parts that are not complete. A completed one gives its id to the object.
CREATE TABLE uploads (
    upload_id  TEXT   NOT NULL PRIMARY KEY,
    bucket     TEXT   NOT NULL REFERENCES buckets (name),
    object_key BYTEA  NOT NULL,
    started    BIGINT NOT NULL,
    terms      TEXT   NOT NULL
);
CREATE INDEX uploads_of_bucket ON uploads (bucket, object_key, upload_id);

-- The files of objects and of uploads. sealed_key opens the file, and is under the root key.
CREATE TABLE object_parts (
    owner_id   TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    file       TEXT   NOT NULL UNIQUE,
    size       BIGINT NOT NULL,
    etag       TEXT   NOT NULL,
    modified   BIGINT NOT NULL,
    sealed_key BYTEA  NOT NULL,
    PRIMARY KEY (owner_id, number)
);
