-- Parameter Store: every version that is still kept. Same rules as 0001. Tags stand in ssm_tags under the kind parameter.

-- value is never in the clear: under the root key, or, of a SecureString, the ciphertext of the KMS key named in kms_key.
CREATE TABLE parameters (
    name            TEXT   NOT NULL,
    version         BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    value           BYTEA  NOT NULL,
    kms_key         TEXT,
    description     TEXT,
    allowed_pattern TEXT,
    modified        BIGINT NOT NULL,
    modified_by     TEXT   NOT NULL,
    PRIMARY KEY (name, version)
);
