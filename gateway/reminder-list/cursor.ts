import { TodoError } from '../../domain/errors.js';
import { validator } from '../../domain/validation.js';

/** A place in a list of reminders: that of the last entry of a page. */
export interface ReminderPlace {
  /** RFC 3339. */
  readonly due_at: string;
  readonly reminder_id: string;
  /** Empty where the entry has none. */
  readonly channel: string;
}

export const firstPlace: ReminderPlace = {
  due_at: '0001-01-01T00:00:00.000Z',
  reminder_id: '00000000-0000-0000-0000-000000000000',
  channel: '',
};

const check = validator<[string | null, string, string, string]>({
  type: 'array',
  minItems: 4,
  maxItems: 4,
  prefixItems: [
    { type: ['string', 'null'] },
    { type: 'string', format: 'date-time', maxLength: 24 },
    { type: 'string', format: 'uuid' },
    { type: 'string', pattern: '^[a-z_]{0,64}$' },
  ],
});

/** Writes a place of the list of one status (null: of all) as text that says nothing to clients. */
export function writeReminderCursor({ due_at, reminder_id, channel }: ReminderPlace, status: string | null): string {
  return Buffer.from(JSON.stringify([status, due_at, reminder_id, channel])).toString('base64url');
}

/** @throws TodoError `unreadable` for what was not given out here, `invalid` for a place of the list of another status */
export function readReminderCursor(cursor: string, status: string | null): ReminderPlace {
  const [of, due_at, reminder_id, channel] = parse(cursor);
  if (of !== status) {
    const detail = 'belongs to another list; keep status as it was for the page before';
    throw new TodoError('invalid', `The cursor ${detail}.`, [{ pointer: '/cursor', detail, in: 'query' }]);
  }
  return { due_at, reminder_id, channel };
}

function parse(cursor: string): [string | null, string, string, string] {
  try {
    return check(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new TodoError('unreadable', 'The cursor is not one that was given out here; start again without it.', [], {
      cause,
    });
  }
}
