INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, before, after, previous_hash, hash)
VALUES ('alice', 1, '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', 1, 'TASK_CREATED', 'rest',
        '2026-01-31T08:00:00Z', NULL, '{"title": "Pay rent"}', '\x00', '\xff');
