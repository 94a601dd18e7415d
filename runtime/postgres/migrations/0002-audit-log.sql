-- The immutable log: every event with what it changed, chained per user by SHA-256.
CREATE TABLE audit_entries (
  user_id       text NOT NULL,
  seq           bigint NOT NULL,
  event_id      uuid NOT NULL,
  task_id       uuid NOT NULL,
  version       integer NOT NULL,
  type          text NOT NULL,
  actor         text NOT NULL,
  occurred_at   timestamptz NOT NULL,
  before        jsonb,
  after         jsonb,
  previous_hash bytea NOT NULL,
  hash          bytea NOT NULL,
  PRIMARY KEY (user_id, seq)
);
CREATE INDEX audit_entries_task ON audit_entries (user_id, task_id, seq);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_entries is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entries_append_only
  BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_no_truncate
  BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
