-- How far the trail's records were sent to the webhook. Same rules as 0001. One row, once there was a webhook.

CREATE TABLE audit_webhook (
    name   TEXT   NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
