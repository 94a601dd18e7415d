import { Ajv2020 } from 'ajv/dist/2020.js';
import { mostEntries, type Schedule } from '../../domain/reminders/schedule.js';

/** True for what an actor has kept; anything else, such as what another version of the program wrote, is planned anew. */
export const isSchedule = new Ajv2020().compile<Schedule>({
  type: 'object',
  additionalProperties: false,
  required: ['entries', 'has_more', 'wake'],
  properties: {
    entries: {
      type: 'array',
      maxItems: mostEntries,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['reminder_id', 'due'],
        properties: { reminder_id: { type: 'string' }, due: { type: 'integer' } },
      },
    },
    has_more: { type: 'boolean' },
    wake: { type: ['integer', 'null'] },
  },
});
