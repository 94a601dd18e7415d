import type { TaskEvent } from '../events/event.js';
import type { TaskState } from './task.js';

/** Where in the task's life an event happened. */
export interface EventPlace {
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
}

/** The task after an event; null once deleted. Pure: the same events always give the same task. */
export function evolve(state: TaskState | null, event: TaskEvent, place: EventPlace): TaskState | null {
  const stamp = { version: place.version, updated_at: place.timestamp };
  if (event.type === 'TASK_CREATED') return { ...event.task, ...stamp };
  if (!state) throw new Error(`${event.type} of a task that does not exist`);
  switch (event.type) {
    case 'TASK_UPDATED':
      return { ...state, ...event.changes, ...stamp };
    case 'TASK_COMPLETED':
      return { ...state, status: 'done', completed_at: place.timestamp, ...stamp };
    case 'TASK_REOPENED':
      return { ...state, status: 'open', completed_at: null, ...stamp };
    case 'TASK_SKIPPED':
      return { ...state, status: 'done', completed_at: null, ...stamp };
    case 'TASK_DELETED':
      return null;
  }
}
