INSERT INTO users (user_id, seq, time_zone, settings)
VALUES ('alice', 2, 'Europe/Berlin', '{"quiet_hours": null}'), ('зоя', 1, 'UTC', '{}');

INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
VALUES
  ('alice', 1, '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', 1, 'TASK_CREATED', 'rest', '2026-01-31T08:00:00Z', '{"title": "Pay rent"}'),
  ('alice', 2, '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', 2, 'TASK_DELETED', 'mcp', '2026-01-31T09:00:00Z', NULL),
  ('зоя', 1, '00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000b', 1, 'TASK_CREATED', 'rest', '2026-02-01T08:00:00Z', '{"title": "Полить цветы 🌱"}');

INSERT INTO tasks (user_id, id, version, title, description, status, priority, tags, due_date, time_zone, floating, due_at,
                   recurrence, series_id, occurrence, occurrence_date, reminders, origin, created_at, updated_at, completed_at, words)
VALUES
  ('зоя', '00000000-0000-4000-8000-00000000000b', 1, 'Полить цветы 🌱', 'каждый день', 'open', 3, '{home,"a b"}', '2026-02-02T09:00',
   'Europe/Berlin', false, '2026-02-02T08:00:00Z', '{"rule": "FREQ=DAILY"}', '00000000-0000-4000-8000-00000000000b', 1,
   '2026-02-02T09:00', '[{"before": "PT15M"}]', NULL, '2026-02-01T08:00:00Z', '2026-02-01T08:00:00Z', NULL, '{полить,цветы}');

INSERT INTO idempotency_keys (user_id, key, request_hash, task_id, version, created_at)
VALUES ('зоя', 'key-1', 'hash', '00000000-0000-4000-8000-00000000000b', 1, '2026-02-01T08:00:00Z');

INSERT INTO relay_positions (user_id, published_seq) VALUES ('alice', 2);
