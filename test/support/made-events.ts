import type { Pool } from 'pg';

export interface MadeEvents {
  /** Users are called `<prefix>-<number>`, from 0 on. */
  readonly prefix: string;
  readonly users: number;
  /** Of each user; two and two are of one task, which is created and then completed. */
  readonly eventsOfUser: number;
  /** The title of every task. */
  readonly title?: string;
}

/** One statement makes so many at most. */
const eventsAtOnce = 20_000;

/**
 * Makes committed events by SQL alone, by the million if need be: the rows of `users` and `events` as commands leave them.
 * Nothing of it is published.
 */
export async function makeEvents(pool: Pool, made: MadeEvents): Promise<void> {
  const usersAtOnce = Math.max(1, Math.floor(eventsAtOnce / made.eventsOfUser));
  for (let first = 0; first < made.users; first += usersAtOnce) {
    await makeEventsOf(pool, made, first, Math.min(first + usersAtOnce, made.users) - 1);
  }
  await pool.query(
    `INSERT INTO users (user_id, seq) SELECT $1 || '-' || number, $3::int FROM generate_series(0, $2::int - 1) AS number`,
    [made.prefix, made.users, made.eventsOfUser],
  );
}

async function makeEventsOf(pool: Pool, made: MadeEvents, firstUser: number, lastUser: number): Promise<void> {
  const { prefix, eventsOfUser, title = 'Task' } = made;
  await pool.query(
    `INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
     SELECT user_id, seq, gen_random_uuid(), task_id, version,
       CASE version WHEN 1 THEN 'TASK_CREATED' ELSE 'TASK_COMPLETED' END, 'rest', now(),
       jsonb_build_object('id', task_id, 'user_id', user_id, 'title', $4::text, 'description', '',
         'status', CASE version WHEN 1 THEN 'open' ELSE 'done' END, 'priority', 'high', 'tags', '["home", "errand"]'::jsonb,
         'due_date', '2026-11-30T09:00', 'time_zone', 'Europe/Berlin', 'recurrence', null, 'series_id', null,
         'occurrence', null, 'occurrence_date', null, 'reminders', '[{"before": "PT15M"}]'::jsonb, 'version', version,
         'created_at', at, 'updated_at', at, 'completed_at', CASE version WHEN 2 THEN at END,
         'floating', false, 'origin', null, 'anchor', null)
     FROM (
       SELECT $1 || '-' || number AS user_id, seq, 1 + (seq - 1) % 2 AS version,
         md5($1 || number || '/' || (seq - 1) / 2)::uuid AS task_id,
         to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
       FROM generate_series($2::int, $5::int) AS number, generate_series(1, $3::int) AS seq
     ) made`,
    [prefix, firstUser, eventsOfUser, title, lastUser],
  );
}

/** Notes of all users that all of their events are published. */
export async function markPublished(pool: Pool): Promise<void> {
  await pool.query('INSERT INTO relay_positions (user_id, published_seq) SELECT user_id, seq FROM users');
}
