-- OpenID Connect providers that vouch for people. Same rules as 0001. What they share with other IAM entities, their
-- name and tags, stands in iam_entities under the kind oidc-provider, AOIP….

-- client_ids and thumbprints are JSON arrays of text. Thumbprints are kept because AWS's API has them and decide nothing:
-- certificates are checked as all others are.
CREATE TABLE iam_identity_providers (
    provider_id TEXT NOT NULL PRIMARY KEY REFERENCES iam_entities (entity_id) ON DELETE CASCADE,
    issuer      TEXT NOT NULL,
    client_ids  TEXT NOT NULL,
    thumbprints TEXT NOT NULL
);

-- From here on sts_credentials.origin_user_id also holds the provider behind keys of AssumeRoleWithWebIdentity: without
-- it the keys are gone, as they are without the user.
