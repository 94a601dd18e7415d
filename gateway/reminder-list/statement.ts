import { prepared } from '../../runtime/postgres/pool.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';
import type { ReminderPlace } from './cursor.js';

export const reminderStatuses = ['pending', 'delivered', 'cancelled', 'failed'] as const;
export type ReminderStatus = (typeof reminderStatuses)[number];

interface Row extends ReminderPlace {
  /** The entry, as JSON. */
  readonly entry: string;
}

// $1 user, $2 due_at, $3 reminder_id and $4 channel of the place to go on after, $5 how many.
const after = `(r.due_at, r.reminder_id) >= ($2::timestamptz, $3::uuid)
  AND (r.due_at, r.reminder_id, coalesce(channel, '')) > ($2::timestamptz, $3::uuid, $4::text)`;
const inOrder = `ORDER BY r.due_at, r.reminder_id, coalesce(channel, '') LIMIT $5`;
const noDelivery = `CROSS JOIN (SELECT NULL::text AS channel, NULL::timestamptz AS delivered_at) d`;

function part(status: string, late: string, from: string, where: string): string {
  return `(SELECT r.reminder_id, r.task_id, r.occurrence, r.due_at, r.reminder, ${status} AS status, d.channel,
    d.delivered_at, ${late} AS late_by_seconds
    FROM ${from} WHERE r.user_id = $1 AND ${where} AND ${after} ${inOrder})`;
}

/** Reminders that did not come (yet). */
const without = (status: 'pending' | 'cancelled'): string =>
  part('r.status', 'NULL::int', `reminders r ${noDelivery}`, `r.status = '${status}'`);

/** What came due and is not through with a channel, or will never be: few, found by an index of their own. */
const open = (status: Exclude<ReminderStatus, 'delivered'>): string =>
  part(
    'd.status',
    'r.late_by_seconds',
    'reminder_deliveries d JOIN reminders r ON r.user_id = d.user_id AND r.reminder_id = d.reminder_id',
    `d.user_id = $1 AND d.status = '${status}'`,
  );

// What came due and has no deliveries: those that are to be made, or none because the user had turned off every channel.
const isFresh = `r.fired_at > (SELECT swept_to FROM notification_sweep)`;
const bare = (status: 'pending' | 'cancelled'): string =>
  part(
    `'${status}'`,
    'r.late_by_seconds',
    `reminders r ${noDelivery}`,
    `r.status = 'due' AND ${status === 'pending' ? isFresh : `NOT ${isFresh}`}
      AND NOT EXISTS (SELECT FROM reminder_deliveries x WHERE x.user_id = $1 AND x.reminder_id = r.reminder_id)`,
  );

const late = 'coalesce(d.late_by_seconds, r.late_by_seconds)';
const withDeliveries = 'ON d.user_id = r.user_id AND d.reminder_id = r.reminder_id';
const delivered = part(
  'd.status',
  late,
  `reminders r JOIN reminder_deliveries d ${withDeliveries}`,
  `r.status = 'due' AND d.status = 'delivered'`,
);
const due = part(
  `coalesce(d.status, CASE WHEN ${isFresh} THEN 'pending' ELSE 'cancelled' END)`,
  late,
  `reminders r LEFT JOIN reminder_deliveries d ${withDeliveries}`,
  `r.status = 'due'`,
);

const list = (...parts: string[]): string => `
  SELECT ${isoTime('r.due_at')} AS due_at, r.reminder_id, coalesce(r.channel, '') AS channel,
    row_to_json(entry)::text AS entry
  FROM (${parts.join(' UNION ALL ')}) r CROSS JOIN LATERAL
    (SELECT r.reminder_id, r.task_id, r.occurrence, ${isoTime('r.due_at')} AS due_at, r.reminder, r.status, r.channel,
      ${isoTime('r.delivered_at')} AS delivered_at, r.late_by_seconds) AS entry
  ORDER BY r.due_at, r.reminder_id, coalesce(r.channel, '') LIMIT $5`;

/** The statement of each list, of one status or all. */
export const reminderListTexts: Readonly<Record<ReminderStatus | 'all', string>> = {
  pending: list(without('pending'), open('pending'), bare('pending')),
  cancelled: list(without('cancelled'), open('cancelled'), bare('cancelled')),
  delivered: list(delivered),
  failed: list(open('failed')),
  all: list(without('pending'), without('cancelled'), due),
};

const read = (status: ReminderStatus | 'all') =>
  prepared<Row>(`gateway-reminders-${status}`, reminderListTexts[status]);

/**
 * A page of a user's reminders by their instants: one entry each, or one for each channel of those that came due. Values:
 * user id; `due_at`, `reminder_id` and `channel` of the place to go on after; how many entries.
 */
export const reminderLists = {
  pending: read('pending'),
  cancelled: read('cancelled'),
  delivered: read('delivered'),
  failed: read('failed'),
  all: read('all'),
};
