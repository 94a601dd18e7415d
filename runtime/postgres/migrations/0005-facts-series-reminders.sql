-- Events that change no task (facts) have a detail, and the version of the task as it stands then; `task` is null, since it
-- is that of the change which made the version. The fence is for changes; a fact is unique by its id, which is derived from
-- what it is about.
ALTER TABLE events ADD COLUMN detail jsonb;
ALTER TABLE events DROP CONSTRAINT events_task_version;
CREATE UNIQUE INDEX events_task_version ON events (user_id, task_id, version) WHERE detail IS NULL;
CREATE UNIQUE INDEX events_fact ON events (user_id, event_id) WHERE detail IS NOT NULL;

-- Runs a statement for users whose rows are locked first, in one order: nothing is committed for them meanwhile, and the
-- statement sees all that was. Within one call, so that the locks end with it whatever becomes of the caller. The statement
-- gives rows of one column of jsonb; its $1 is `given`.
CREATE FUNCTION with_users_locked(user_ids text[], statement text, given jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM users WHERE user_id = ANY (user_ids) ORDER BY user_id FOR UPDATE;
  RETURN QUERY EXECUTE statement USING given;
END $$;

-- From where a series counts its slots: {"date", "occurrence"}.
ALTER TABLE tasks ADD COLUMN series_anchor jsonb;

-- Since when a user's zone is another one than some of the tasks know that go by it; null: all of them do.
ALTER TABLE users ADD COLUMN rezone_since timestamptz;
CREATE INDEX users_to_rezone ON users (rezone_since) WHERE rezone_since IS NOT NULL;

-- Steps that series have still to take: written with a completion, a skip or a deletion, and taken away with the
-- successor's creation or the end of the series. `version` is that of the event at `task_id` which asks for the step.
CREATE TABLE series_steps (
  user_id    text NOT NULL,
  series_id  uuid NOT NULL,
  occurrence integer NOT NULL,
  task_id    uuid NOT NULL,
  version    integer NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, series_id, occurrence)
);
CREATE INDEX series_steps_created ON series_steps (created_at);

-- Every reminder of a task that was planned, and what became of it.
CREATE TABLE reminders (
  user_id         text NOT NULL,
  reminder_id     uuid NOT NULL,
  task_id         uuid NOT NULL,
  occurrence      integer,
  due_at          timestamptz NOT NULL,
  reminder        jsonb NOT NULL,
  status          text NOT NULL CHECK (status IN ('pending', 'due', 'cancelled')),
  fired_at        timestamptz,
  late_by_seconds integer,
  PRIMARY KEY (user_id, reminder_id)
) WITH (fillfactor = 85);
CREATE INDEX reminders_of_user ON reminders (user_id, status, due_at, reminder_id);
CREATE INDEX reminders_pending ON reminders (due_at) WHERE status = 'pending';
CREATE INDEX reminders_fired ON reminders (fired_at) WHERE status = 'due';

-- Each channel that a reminder which came due goes out by.
CREATE TABLE reminder_deliveries (
  user_id         text NOT NULL,
  reminder_id     uuid NOT NULL,
  channel         text NOT NULL,
  status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts        integer NOT NULL DEFAULT 0,
  -- Not before then; while it is being sent, nobody else may send it until the lease is over.
  next_attempt_at timestamptz,
  leased_until    timestamptz,
  delivered_at    timestamptz,
  late_by_seconds integer,
  error           text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, reminder_id, channel)
) WITH (fillfactor = 70);
CREATE INDEX reminder_deliveries_pending ON reminder_deliveries (next_attempt_at) WHERE status = 'pending';
