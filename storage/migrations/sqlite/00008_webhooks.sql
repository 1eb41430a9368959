-- Telling receivers what has changed (网络回调), and the night's pass. The same tables as in migrations/postgres; only the
-- types' names differ.

-- +goose Up

-- The night that a pass was made for, a day of the schedule: one for each, however many processes keep the schedule.
ALTER TABLE revalidations ADD COLUMN night TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX revalidations_night ON revalidations (night) WHERE night <> '';

-- Who is told. While failures is above 0 nothing is sent before resume_at; failing_since is when the last success ended.
-- job_id is the job that delivers.
CREATE TABLE webhooks (
    id             TEXT PRIMARY KEY,
    url            TEXT NOT NULL,
    description    TEXT NOT NULL,
    events         TEXT NOT NULL,
    secret         TEXT NOT NULL,
    earlier_secret TEXT NOT NULL,
    earlier_until  TIMESTAMP,
    state          TEXT NOT NULL,
    failures       BIGINT NOT NULL,
    failing_since  TIMESTAMP,
    resume_at      TIMESTAMP,
    last_failure   TEXT NOT NULL,
    delivered_at   TIMESTAMP,
    job_id         BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    updated_at     TIMESTAMP NOT NULL
);

-- What they are told: written in the transaction of what it tells of, delivered afterwards. Messages about one topic (a
-- filing) go out one after the other in the order of sequence.
CREATE TABLE webhook_messages (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    webhook_id   TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type         TEXT NOT NULL,
    topic        TEXT NOT NULL,
    body         BLOB NOT NULL,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    due_at       TIMESTAMP NOT NULL,
    status       BIGINT NOT NULL,
    failure      TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL
);
CREATE INDEX webhook_messages_listed ON webhook_messages (webhook_id, state, sequence);
CREATE INDEX webhook_messages_topics ON webhook_messages (webhook_id, topic, sequence) WHERE state = 'pending';
CREATE INDEX webhook_messages_over ON webhook_messages (updated_at) WHERE state <> 'pending';

-- +goose Down
DROP TABLE webhook_messages;
DROP TABLE webhooks;
DROP INDEX revalidations_night;
ALTER TABLE revalidations DROP COLUMN night;
