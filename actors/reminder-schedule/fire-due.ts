import { derivedId } from '../../domain/events/derived-id.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';
import { commitFactsOf, type FactsParts } from '../facts/commit-facts.js';

/** A reminder whose time has come. */
export interface DueReminder {
  readonly userId: string;
  readonly reminderId: string;
}

// A pending row is a promise that the task stands as planned: whatever moves, completes or deletes it cancels the row in
// its own commit, under the same lock of the user. So the row's status is all there is to check.
const facts = `
  SELECT w.user_id, w.event_id, r.task_id, 'REMINDER_DUE' AS type, 'reminder' AS actor, n.now AS occurred_at,
    jsonb_build_object('reminder_id', r.reminder_id, 'occurrence', r.occurrence, 'reminder', r.reminder,
      'due_at', ${isoTime('r.due_at')},
      'late_by_seconds', floor(extract(epoch FROM n.now - r.due_at))::int) AS detail,
    row_number() OVER (ORDER BY r.due_at, r.reminder_id) AS number
  FROM jsonb_to_recordset($1 -> 'reminders') AS w (user_id text, reminder_id uuid, event_id uuid)
    CROSS JOIN (SELECT ($1 ->> 'now')::timestamptz AS now) n
    JOIN reminders r ON r.user_id = w.user_id AND r.reminder_id = w.reminder_id
  WHERE r.status = 'pending' AND r.due_at <= n.now`;

const fired = `fired AS (
    UPDATE reminders r SET status = 'due', fired_at = w.occurred_at,
      late_by_seconds = (w.detail ->> 'late_by_seconds')::int
    FROM written w
    WHERE r.user_id = w.user_id AND r.reminder_id = (w.detail ->> 'reminder_id')::uuid
  )`;

/**
 * Commits that reminders have come due, of any number of users in one statement: the facts (REMINDER_DUE), and `pending`
 * to `due` in their rows. Those that are no longer pending, or not due by `now`, are left out.
 */
export async function fireDue(parts: FactsParts, reminders: readonly DueReminder[], now: Date): Promise<void> {
  await commitFactsOf(parts, {
    userIds: reminders.map(({ userId }) => userId),
    given: {
      now: now.toISOString(),
      reminders: reminders.map(({ userId, reminderId }) => ({
        user_id: userId,
        reminder_id: reminderId,
        event_id: derivedId(reminderId, 'due'),
      })),
    },
    facts,
    also: [fired],
  });
}
