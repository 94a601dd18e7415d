INSERT INTO audit_keys (user_id, key) VALUES ('зоя', decode(repeat('ab', 32), 'hex'));
INSERT INTO audit_entries (user_id, seq, event_id, task_id, version, type, actor, occurred_at, sealed, previous_hash, hash)
VALUES ('зоя', 1, '00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000b', 1, 'TASK_CREATED', 'rest',
        '2026-02-01T08:00:00Z', '\x01', '\x00', '\xff');
INSERT INTO audit_forgotten (user_id, seq, forgotten_at) VALUES ('bob', 3, '2026-02-02T08:00:00Z');
INSERT INTO audit_checkpoints (number, body, signature) VALUES (1, '{"number":1}', '\x00');
