import { derivedId } from '../../domain/events/derived-id.js';
import { validator } from '../../domain/validation.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';
import { commitFactsOf, type FactsParts } from './commit-facts.js';

interface Delivered {
  readonly user_id: string;
  readonly reminder_id: string;
  readonly channel: string;
  readonly delivered_at: string;
}

const request = validator<{ deliveries: Delivered[] }>({
  type: 'object',
  additionalProperties: false,
  required: ['deliveries'],
  properties: {
    deliveries: {
      type: 'array',
      maxItems: 1000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['user_id', 'reminder_id', 'channel', 'delivered_at'],
        properties: {
          user_id: { type: 'string', minLength: 1 },
          reminder_id: { type: 'string', format: 'uuid' },
          channel: { type: 'string', minLength: 1 },
          delivered_at: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
});

const facts = `
  SELECT d.user_id, d.event_id, r.task_id, 'REMINDER_DELIVERED' AS type, 'reminder' AS actor,
    ($1 ->> 'now')::timestamptz AS occurred_at,
    jsonb_build_object('reminder_id', r.reminder_id, 'occurrence', r.occurrence, 'due_at', ${isoTime('r.due_at')},
      'reminder', r.reminder, 'channel', d.channel, 'delivered_at', ${isoTime('d.delivered_at')},
      'late_by_seconds', greatest(0, floor(extract(epoch FROM d.delivered_at - r.due_at)))::int) AS detail,
    d.number
  FROM ROWS FROM (jsonb_to_recordset($1 -> 'deliveries')
    AS (user_id text, reminder_id uuid, channel text, event_id uuid, delivered_at timestamptz))
    WITH ORDINALITY AS d (user_id, reminder_id, channel, event_id, delivered_at, number)
  JOIN reminders r ON r.user_id = d.user_id AND r.reminder_id = d.reminder_id`;

const marked = `marked AS (
    UPDATE reminder_deliveries d SET status = 'delivered', next_attempt_at = NULL, leased_until = NULL, error = NULL,
      delivered_at = (w.detail ->> 'delivered_at')::timestamptz, late_by_seconds = (w.detail ->> 'late_by_seconds')::int
    FROM written w
    WHERE d.user_id = w.user_id AND d.reminder_id = (w.detail ->> 'reminder_id')::uuid
      AND d.channel = w.detail ->> 'channel'
  )`;

/**
 * Commits that reminders were handed to their channels, of any number of users in one statement: the facts
 * (REMINDER_DELIVERED) and the rows of `reminder_deliveries`. What is committed already is left out.
 * @param body what the notification role sends
 * @param now of the commit
 * @throws TodoError `invalid`
 */
export async function remindersDelivered(parts: FactsParts, body: unknown, now: Date): Promise<void> {
  const deliveries = request(body).deliveries.map((one) => ({
    ...one,
    event_id: derivedId(one.reminder_id, 'delivered', one.channel),
  }));
  const userIds = deliveries.map(({ user_id }) => user_id);
  await commitFactsOf(parts, { userIds, given: { deliveries, now: now.toISOString() }, facts, also: [marked] });
}
