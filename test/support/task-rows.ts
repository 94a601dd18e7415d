import type { Pool } from 'pg';

/** Inserts many tasks of a user directly: three in ten open, half with a due date, a quarter each tagged home or work. */
export async function insertTasks(pool: Pool, userId: string, count: number): Promise<void> {
  await pool.query(
    `INSERT INTO tasks (user_id, id, version, title, description, status, priority, tags, due_date, time_zone, floating,
       due_at, reminders, created_at, updated_at, completed_at, words)
     SELECT $1, gen_random_uuid(), 1, 'Task ' || i, '', CASE WHEN i % 10 < 7 THEN 'done' ELSE 'open' END, i % 5, tags,
       CASE WHEN due IS NOT NULL THEN to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI') END, 'UTC', true, due, '[]',
       timestamptz '2026-01-01' + i * interval '61.001 seconds', timestamptz '2026-06-01' + i * interval '1 minute',
       CASE WHEN i % 10 < 7 THEN timestamptz '2026-06-01' + i * interval '1 minute' END,
       ARRAY['task', i::text] || tags || ARRAY(SELECT '#' || tag FROM unnest(tags) tag)
     FROM generate_series(1, $2::int) i,
       LATERAL (SELECT CASE i % 4 WHEN 0 THEN '{home}'::text[] WHEN 1 THEN '{work}' ELSE '{}' END AS tags,
         CASE WHEN i % 2 = 0 THEN timestamptz '2026-01-01' + (i * 7919 % 700) * interval '1 day' END AS due) made`,
    [userId, count],
  );
}
