-- What an entry changed (`before` and `after`) is sealed by a key of its user's, which can be destroyed; its hash is over
-- the sealed form. Entries from before this migration stay as they are: `sealed` is null, and their hash is over the plain.
ALTER TABLE audit_entries ADD COLUMN sealed bytea;
-- When it was written here; the event itself says when it happened.
ALTER TABLE audit_entries ADD COLUMN logged_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE audit_entries ADD CONSTRAINT audit_entries_sealed_or_plain
  CHECK (sealed IS NULL OR (before IS NULL AND after IS NULL));

CREATE TABLE audit_keys (
  user_id text PRIMARY KEY,
  key     bytea NOT NULL CHECK (length(key) = 32)
);

-- Who was forgotten, up to which entry.
CREATE TABLE audit_forgotten (
  user_id      text NOT NULL,
  seq          bigint NOT NULL,
  forgotten_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, seq)
);

-- Signed statements of how far the chains had come. `body` is the JSON that was signed, byte for byte.
CREATE TABLE audit_checkpoints (
  number    bigint PRIMARY KEY,
  body      text NOT NULL,
  signature bytea NOT NULL
);

-- Append-only, first: triggers. They bind superusers too.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- The one change there is: of a user who was forgotten, what plain entries hold is blanked. Sealed ones need no change.
CREATE FUNCTION refuse_all_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sealed IS NULL AND NEW.before IS NULL AND NEW.after IS NULL
    AND to_jsonb(NEW) - '{before,after}'::text[] = to_jsonb(OLD) - '{before,after}'::text[]
    AND EXISTS (SELECT FROM audit_forgotten f WHERE f.user_id = OLD.user_id AND f.seq >= OLD.seq)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

DROP TRIGGER audit_entries_append_only ON audit_entries;
CREATE TRIGGER audit_entries_append_only
  BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_only_forgotten
  BEFORE UPDATE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_all_but_forgetting();
CREATE TRIGGER audit_keys_never_change
  BEFORE UPDATE ON audit_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_forgotten_append_only
  BEFORE UPDATE OR DELETE ON audit_forgotten FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_forgotten_no_truncate
  BEFORE TRUNCATE ON audit_forgotten FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_append_only
  BEFORE UPDATE OR DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_no_truncate
  BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Second: rights. Not even the owner has one to change a row; forgetting blanks two columns and destroys keys.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries, audit_forgotten, audit_checkpoints FROM CURRENT_USER;
REVOKE UPDATE, TRUNCATE ON audit_keys FROM CURRENT_USER;
GRANT UPDATE (before, after) ON audit_entries TO CURRENT_USER;

-- Third: two roles with less than that, for all that the running program does. They belong to the whole cluster, and not
-- every login may make them, so the program asks for them at each start and goes on without where they cannot be had.
-- It returns why, or null.
CREATE FUNCTION set_up_audit_roles() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  usable text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
  role   text;
BEGIN
  -- Of several starts on one database one sets them up, and the others find them.
  PERFORM pg_advisory_xact_lock(hashtextextended('todo-chatbot audit roles', 0));
  FOREACH role IN ARRAY ARRAY['todo_audit_writer', 'todo_audit_reader'] LOOP
    BEGIN
      IF to_regrole(role) IS NULL THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of the cluster was faster
    END;
    IF NOT pg_has_role(current_user, role, usable) THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', role);
    END IF;
    IF NOT has_schema_privilege(role, current_schema, 'USAGE') THEN
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema, role);
    END IF;
  END LOOP;
  IF NOT has_table_privilege('todo_audit_writer', 'audit_checkpoints', 'INSERT') THEN
    GRANT SELECT, INSERT ON audit_entries, audit_keys, audit_checkpoints TO todo_audit_writer;
    GRANT SELECT ON audit_entries, audit_keys, audit_forgotten TO todo_audit_reader;
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $$;

-- And beneath the gateway's own check: a row is seen by who reads for its user (todo.user_id), by the writer, which must
-- find where a chain ends, and by the owner when it says that it means all of them. FORCE: the owner is no exception.
DO $$
DECLARE
  name  text;
  keeps text := $keeper$(SELECT current_user = 'todo_audit_writer'
    OR (current_setting('todo.audit', true) = 'keeper' AND pg_has_role(current_user,
      (SELECT relowner FROM pg_class WHERE oid = 'audit_entries'::regclass), 'USAGE')))$keeper$;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_entries', 'audit_keys', 'audit_forgotten'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($policy$CREATE POLICY own_rows ON %I FOR SELECT
      USING (user_id = (SELECT current_setting('todo.user_id', true)))$policy$, name);
    EXECUTE format('CREATE POLICY keeper ON %I USING (%s) WITH CHECK (%s)', name, keeps, keeps);
  END LOOP;
END $$;
