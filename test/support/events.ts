import { createHash } from 'node:crypto';
import type { CommittedEvent } from '../../domain/events/event.js';
import type { Task } from '../../domain/task/task.js';

/** The same text gives the same UUID. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A task of a user at a version, with changed fields where a test needs them. */
export function taskAt(userId: string, version: number, changed: Partial<Task> = {}): Task {
  return {
    id: uuidOf(`${userId}'s task`),
    user_id: userId,
    title: `Title ${version}`,
    description: '',
    status: 'open',
    priority: 'none',
    tags: [],
    due_date: null,
    time_zone: 'UTC',
    recurrence: null,
    series_id: null,
    occurrence: null,
    occurrence_date: null,
    reminders: [],
    version,
    created_at: '2026-11-24T09:00:00.000Z',
    updated_at: '2026-11-24T09:00:00.000Z',
    completed_at: null,
    ...changed,
  };
}

/** The event at a place in a user's order: it made the user's one task at first, and changed it from then on. */
export function eventAt(userId: string, seq: number, changed: Partial<Task> = {}): CommittedEvent {
  const place = {
    event_id: uuidOf(`${userId} ${seq}`),
    user_id: userId,
    task_id: uuidOf(`${userId}'s task`),
    seq,
    version: seq,
    timestamp: new Date(Date.UTC(2026, 10, 24, 9, 0, seq)).toISOString(),
    actor: 'rest',
  } as const;
  const after = taskAt(userId, seq, changed);
  return seq === 1
    ? { ...place, type: 'TASK_CREATED', before: null, after }
    : { ...place, type: 'TASK_UPDATED', before: taskAt(userId, seq - 1, changed), after };
}

/** A fact at a place in a user's order, about the user's one task as the given version left it. */
export function factAt(userId: string, seq: number, version: number): CommittedEvent {
  const { type: _type, before: _before, ...place } = { ...eventAt(userId, version), seq };
  return {
    ...place,
    event_id: uuidOf(`${userId} fact ${seq}`),
    type: 'REMINDER_SCHEDULED',
    before: null,
    detail: {
      reminder_id: uuidOf(`${userId} reminder ${seq}`),
      occurrence: null,
      due_at: '2026-11-29T17:00:00.000Z',
      reminder: { at: '2026-11-29T18:00' },
    },
  };
}

/** A user's events from `first` to `last`. */
export function eventsOf(userId: string, first: number, last: number): CommittedEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => eventAt(userId, first + index));
}
