import { validator } from '../../domain/validation.js';
import type { ReminderTick, TimerTick } from './actor.js';

interface TickBody {
  readonly data?: unknown;
  readonly dueTime?: string;
  readonly period?: string;
  readonly callback?: string;
}

/** `ReminderResponse` and `TimerResponse` of `pkg/actors/api/api.go`. */
const checked = validator<TickBody>({
  type: 'object',
  properties: {
    data: {},
    dueTime: { type: 'string' },
    period: { type: 'string' },
    callback: { type: 'string' },
  },
});

/** Reads what daprd sends when a reminder is due. @throws TodoError `invalid` */
export function readReminderTick(name: string, body: unknown): ReminderTick {
  const { data, dueTime = '', period = '' } = checked(body);
  return { name, data, dueTime, period };
}

/** Reads what daprd sends when a timer is due. @throws TodoError `invalid` */
export function readTimerTick(name: string, body: unknown): TimerTick {
  return { ...readReminderTick(name, body), callback: checked(body).callback ?? '' };
}
