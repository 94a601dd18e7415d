INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, detail)
VALUES ('зоя', 2, '00000000-0000-5000-8000-000000000004', '00000000-0000-4000-8000-00000000000b', 1, 'REMINDER_SCHEDULED', 'rest',
        '2026-02-01T08:00:00Z', '{"reminder_id": "00000000-0000-5000-8000-0000000000aa"}');
INSERT INTO series_steps (user_id, series_id, occurrence, task_id, version, created_at)
VALUES ('зоя', '00000000-0000-4000-8000-00000000000b', 1, '00000000-0000-4000-8000-00000000000b', 2, '2026-02-02T08:00:00Z');
INSERT INTO reminders (user_id, reminder_id, task_id, occurrence, due_at, reminder, status)
VALUES ('зоя', '00000000-0000-5000-8000-0000000000aa', '00000000-0000-4000-8000-00000000000b', 1, '2026-02-02T07:45:00Z',
        '{"before": "PT15M"}', 'pending');
INSERT INTO reminder_deliveries (user_id, reminder_id, channel) VALUES ('зоя', '00000000-0000-5000-8000-0000000000aa', 'log');
