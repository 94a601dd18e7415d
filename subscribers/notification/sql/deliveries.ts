import type { Queryable } from '../../../runtime/postgres/pool.js';
import type { DeliveryKey } from '../delivery.js';

/** A delivery to be made. */
export interface NewDelivery extends DeliveryKey {
  /** 1 where this process sends it at once, 0 where it is claimed first. */
  readonly attempts: 0 | 1;
  readonly next_attempt_at: Date;
}

/**
 * Makes rows for deliveries that there are none for; what this process sends at once is leased.
 * @param at the present moment
 * @returns those that were made
 */
export async function insertDeliveries(
  on: Queryable,
  deliveries: readonly NewDelivery[],
  at: Date,
): Promise<DeliveryKey[]> {
  if (deliveries.length === 0) return [];
  const { rows } = await on.query<DeliveryKey>({
    name: 'insert-deliveries',
    text: `
      INSERT INTO reminder_deliveries AS d
        (user_id, reminder_id, channel, attempts, next_attempt_at, leased_until, created_at)
      SELECT user_id, reminder_id, channel, attempts, next_attempt_at,
        CASE WHEN attempts > 0 THEN next_attempt_at END, $6
      FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[])
        AS made (user_id, reminder_id, channel, attempts, next_attempt_at)
      ON CONFLICT DO NOTHING
      RETURNING d.user_id, d.reminder_id, d.channel`,
    values: [...columns(deliveries, 'user_id', 'reminder_id', 'channel', 'attempts', 'next_attempt_at'), at],
  });
  return rows;
}

/** A delivery that this process may send, with what it needs for that. */
export interface ClaimedDelivery extends DeliveryKey {
  /** This try included; it tells this lease from later ones. */
  readonly attempts: number;
  readonly task_id: string;
  readonly occurrence: number | null;
  readonly due_at: Date;
  /** null: the task is deleted. */
  readonly task_status: string | null;
  readonly title: string;
  readonly due_date: string | null;
  readonly task_zone: string;
  readonly user_zone: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Claim {
  readonly at: Date;
  readonly leasedUntil: Date;
  readonly limit: number;
  /** Users of whom this process has enough to do. */
  readonly busyUsers: readonly string[];
}

/**
 * Takes deliveries whose time has come, the oldest first. While a lease lasts, `next_attempt_at` is its end: so an index of
 * that column alone finds what is to be sent, and what a process left that died.
 */
export async function claimDeliveries(
  on: Queryable,
  { at, leasedUntil, limit, busyUsers }: Claim,
): Promise<ClaimedDelivery[]> {
  const { rows } = await on.query<ClaimedDelivery>({
    name: 'claim-deliveries',
    text: `
      WITH ripe AS (
        SELECT user_id, reminder_id, channel FROM reminder_deliveries
        WHERE status = 'pending' AND next_attempt_at <= $1 AND user_id <> ALL ($4::text[])
        ORDER BY next_attempt_at LIMIT $3
        FOR UPDATE SKIP LOCKED
      ), taken AS (
        UPDATE reminder_deliveries d SET attempts = d.attempts + 1, next_attempt_at = $2, leased_until = $2
        FROM ripe
        WHERE d.user_id = ripe.user_id AND d.reminder_id = ripe.reminder_id AND d.channel = ripe.channel
        RETURNING d.user_id, d.reminder_id, d.channel, d.attempts
      )
      SELECT taken.*, r.task_id, r.occurrence, r.due_at, t.status AS task_status, coalesce(t.title, '') AS title,
        t.due_date, coalesce(t.time_zone, 'UTC') AS task_zone, u.time_zone AS user_zone, u.settings
      FROM taken
      JOIN reminders r ON r.user_id = taken.user_id AND r.reminder_id = taken.reminder_id
      JOIN users u ON u.user_id = taken.user_id
      LEFT JOIN tasks t ON t.user_id = taken.user_id AND t.id = r.task_id`,
    values: [at, leasedUntil, limit, busyUsers],
  });
  return rows;
}

/** How a try ended that did not deliver. */
export interface EndedTry extends DeliveryKey {
  /** As it was claimed: a later lease is not touched. */
  readonly attempts: number;
  /** `pending`: it is tried again. `cancelled`: there is no need any more. */
  readonly status: 'pending' | 'failed' | 'cancelled';
  readonly next_attempt_at: Date | null;
  readonly error: string | null;
  /** False where nothing was sent. */
  readonly counts: boolean;
}

export async function endTries(on: Queryable, tries: readonly EndedTry[]): Promise<void> {
  if (tries.length === 0) return;
  await on.query({
    name: 'end-tries',
    text: `
      UPDATE reminder_deliveries d
      SET status = e.status, next_attempt_at = e.next_attempt_at, leased_until = NULL, error = e.error,
        attempts = d.attempts - CASE WHEN e.counts THEN 0 ELSE 1 END
      FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::bool[])
        AS e (user_id, reminder_id, channel, attempts, status, next_attempt_at, error, counts)
      WHERE d.user_id = e.user_id AND d.reminder_id = e.reminder_id AND d.channel = e.channel
        AND d.status = 'pending' AND d.attempts = e.attempts`,
    values: columns(
      tries,
      'user_id',
      'reminder_id',
      'channel',
      'attempts',
      'status',
      'next_attempt_at',
      'error',
      'counts',
    ),
  });
}

/** Prolongs the leases of what is sent and not marked yet. */
export async function prolongLeases(on: Queryable, keys: readonly DeliveryKey[], until: Date): Promise<void> {
  if (keys.length === 0) return;
  await on.query({
    name: 'prolong-leases',
    text: `
      UPDATE reminder_deliveries d SET next_attempt_at = $4, leased_until = $4
      FROM unnest($1::text[], $2::uuid[], $3::text[]) AS k (user_id, reminder_id, channel)
      WHERE d.user_id = k.user_id AND d.reminder_id = k.reminder_id AND d.channel = k.channel AND d.status = 'pending'`,
    values: [...columns(keys, 'user_id', 'reminder_id', 'channel'), until],
  });
}

/** The rows as columns, for `unnest`. */
function columns<Row>(rows: readonly Row[], ...names: readonly (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}
