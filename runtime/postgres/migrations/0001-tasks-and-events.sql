CREATE EXTENSION IF NOT EXISTS btree_gin;

-- One row a user: the counter that gives every event its place, and what the user chose.
CREATE TABLE users (
  user_id    text PRIMARY KEY,
  seq        bigint NOT NULL DEFAULT 0,
  time_zone  text NOT NULL DEFAULT 'UTC',
  settings   jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What happened, for ever; it is the outbox as well. `task` is the task after the event, null once deleted.
CREATE TABLE events (
  user_id     text NOT NULL,
  seq         bigint NOT NULL,
  event_id    uuid NOT NULL,
  task_id     uuid NOT NULL,
  version     integer NOT NULL,
  type        text NOT NULL,
  actor       text NOT NULL,
  occurred_at timestamptz NOT NULL,
  task        jsonb,
  PRIMARY KEY (user_id, seq),
  -- The fence: two activations of one actor cannot both commit on the same version.
  CONSTRAINT events_task_version UNIQUE (user_id, task_id, version)
);

-- The tasks as they are now, for reading; made from the events in the same statement.
CREATE TABLE tasks (
  user_id         text NOT NULL,
  id              uuid NOT NULL,
  version         integer NOT NULL,
  title           text NOT NULL,
  description     text NOT NULL,
  status          text NOT NULL,
  priority        smallint NOT NULL,
  tags            text[] NOT NULL,
  due_date        text,
  time_zone       text NOT NULL,
  floating        boolean NOT NULL,
  due_at          timestamptz,
  recurrence      jsonb,
  series_id       uuid,
  occurrence      integer,
  occurrence_date text,
  reminders       jsonb NOT NULL,
  origin          jsonb,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  completed_at    timestamptz,
  -- What it is found by: words and tags, folded (domain/task/words.ts).
  words           text[] NOT NULL,
  PRIMARY KEY (user_id, id)
) WITH (fillfactor = 85);

-- A list is nearly always of one status, and the tasks that are done soon outnumber the open ones: every order begins
-- with the status, and a list of both merges two.
CREATE INDEX tasks_created ON tasks (user_id, status, created_at, id);
CREATE INDEX tasks_due ON tasks (user_id, status, due_at, id);
CREATE INDEX tasks_priority ON tasks (user_id, status, priority DESC, due_at, id);
CREATE INDEX tasks_words ON tasks USING gin (user_id, words);

-- The first answer of each named command: the task as it was at that version.
CREATE TABLE idempotency_keys (
  user_id      text NOT NULL,
  key          text NOT NULL,
  request_hash text NOT NULL,
  task_id      uuid NOT NULL,
  version      integer NOT NULL,
  created_at   timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- How far each user's events have been published.
CREATE TABLE relay_positions (
  user_id       text PRIMARY KEY,
  published_seq bigint NOT NULL
) WITH (fillfactor = 50);
