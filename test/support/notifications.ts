import type { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { remindersDelivered } from '../../actors/facts/reminders-delivered.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { OutsideChannels, ReminderMessage } from '../../subscribers/notification/channels/channel.js';
import type { DueReminder } from '../../subscribers/notification/delivery.js';
import { notificationMetrics } from '../../subscribers/notification/metrics.js';
import { Notifier } from '../../subscribers/notification/notifier.js';
import { Outcomes } from '../../subscribers/notification/outcomes.js';
import type { SlotLimits } from '../../subscribers/notification/slots.js';

export interface MadeReminders {
  /** Users are called `<prefix>-<number>`, from 0 on; with one user, `<prefix>` alone. */
  readonly prefix: string;
  readonly users?: number;
  /** Of each user; each is of a task of its own, `Task <number>`. */
  readonly each?: number;
  readonly dueAt: string;
  readonly settings?: object;
  readonly zone?: string;
}

/** Makes reminders that have come due, with their tasks, by SQL: the rows that their commits leave. */
export async function makeDueReminders(pool: Pool, made: MadeReminders): Promise<DueReminder[]> {
  const { prefix, users = 1, each = 1, dueAt, settings = {}, zone = 'UTC' } = made;
  const { rows } = await pool.query<Omit<DueReminder, 'due_at'>>(
    `WITH made AS MATERIALIZED (
       SELECT CASE $2::int WHEN 1 THEN $1 ELSE $1 || '-' || u END AS user_id, n,
         md5($1 || u || '/' || n || 'task')::uuid AS task_id, md5($1 || u || '/' || n)::uuid AS reminder_id
       FROM generate_series(0, $2::int - 1) AS u, generate_series(0, $3::int - 1) AS n
     ), own AS (
       INSERT INTO users (user_id, seq, time_zone, settings) SELECT DISTINCT user_id, $3::int, $6, $5::jsonb FROM made
     ), task AS (
       INSERT INTO tasks (user_id, id, version, title, description, status, priority, tags, due_date, time_zone, floating,
         reminders, created_at, updated_at, words)
       SELECT user_id, task_id, 1, 'Task ' || n, '', 'open', 0, '{}', '2026-11-30T09:00', 'Europe/Berlin', false, '[]',
         now(), now(), '{}' FROM made
     ), event AS (
       INSERT INTO events (user_id, seq, event_id, task_id, version, type, actor, occurred_at, task)
       SELECT user_id, n + 1, gen_random_uuid(), task_id, 1, 'TASK_CREATED', 'rest', now(),
         jsonb_build_object('id', task_id, 'user_id', user_id, 'title', 'Task ' || n) FROM made
     ), reminder AS (
       INSERT INTO reminders (user_id, reminder_id, task_id, occurrence, due_at, reminder, status, fired_at, late_by_seconds)
       SELECT user_id, reminder_id, task_id, NULL, $4::timestamptz, '{"before": "PT15M"}', 'due', $4::timestamptz, 0 FROM made
     )
     SELECT user_id, reminder_id, task_id, NULL::int AS occurrence FROM made ORDER BY user_id, n`,
    [prefix, users, each, dueAt, JSON.stringify(settings), zone],
  );
  return rows.map((row) => ({ ...row, due_at: dueAt }));
}

/** A row of `reminder_deliveries`, as far as tests look at it. */
export interface DeliveryRow {
  readonly reminder_id: string;
  readonly channel: string;
  readonly status: string;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly leased_until: Date | null;
  readonly delivered_at: Date | null;
  readonly late_by_seconds: number | null;
  readonly error: string | null;
}

/** @param like which users, as SQL's LIKE has it */
export async function deliveriesOf(pool: Pool, like: string): Promise<DeliveryRow[]> {
  const { rows } = await pool.query<DeliveryRow>(
    `SELECT * FROM reminder_deliveries WHERE user_id LIKE $1 ORDER BY user_id, reminder_id, channel`,
    [like],
  );
  return rows;
}

/** What sends notifications in a process, on a clock that a test sets. */
export interface TestSender {
  readonly notifier: Notifier;
  readonly outcomes: Outcomes;
  /** What was written by the log channel. */
  readonly lines: ReminderMessage[];
  /** REMINDER_DELIVERED, as it was committed. */
  readonly events: CommittedEvent[];
  readonly metrics: Registry;
  stop(): Promise<void>;
}

export interface TestSenderOptions {
  readonly pool: Pool;
  readonly now: () => number;
  readonly channels?: OutsideChannels;
  readonly limits?: SlotLimits;
  /** Called before what was delivered is committed; a rejection keeps it from being so. */
  readonly beforeCommit?: () => Promise<void>;
}

export function startTestSender({ pool, now, channels = {}, limits, beforeCommit }: TestSenderOptions): TestSender {
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const lines: ReminderMessage[] = [];
  const events: CommittedEvent[] = [];
  const metrics = new Registry();
  const outcomes = new Outcomes({
    pool,
    log,
    now,
    commit: async (deliveries) => {
      await beforeCommit?.();
      const committed = (event: CommittedEvent): void => void events.push(event);
      await remindersDelivered({ pool, committed }, { deliveries }, new Date(now()));
    },
  });
  const notifier = new Notifier({
    pool,
    log,
    metrics: notificationMetrics(metrics),
    logChannel: (message) => void lines.push(message),
    channels,
    outcomes,
    now,
    ...(limits && { limits }),
  });
  return {
    notifier,
    outcomes,
    lines,
    events,
    metrics,
    async stop() {
      await notifier.stop();
      await outcomes.stop();
    },
  };
}
