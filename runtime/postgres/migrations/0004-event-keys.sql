-- What events on Kafka are signed with. The newest key signs; older ones stay as long as events that they signed lie in a
-- topic. `INSERT INTO event_keys DEFAULT VALUES` makes a new one: 244 bits of PostgreSQL's strong randomness.
CREATE TABLE event_keys (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key        bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (length(key) = 32)
);
INSERT INTO event_keys DEFAULT VALUES;
