import type { CommittedEvent, TaskEventType } from './event.js';

const dayMs = 24 * 3_600_000;

interface TopicPlan {
  readonly writtenBy: string;
  readonly readBy: string;
  /** How long a broker keeps an event, in milliseconds; -1: for ever. */
  readonly keptMs: number;
}

/**
 * Who writes and who reads each topic, and how long it is kept: what a topic forgets, `GET /v1/changes` still knows.
 * Key = user_id in all of them.
 */
export const topicTable = {
  'task-events': { writtenBy: 'the event relay', readBy: 'recurrence, notification', keptMs: 7 * dayMs },
  'task-reminders': { writtenBy: 'the event relay', readBy: 'notification', keptMs: 7 * dayMs },
  'task-recurrence': { writtenBy: 'the event relay', readBy: 'whoever follows series', keptMs: 7 * dayMs },
  // Who follows it live asks the database for what is older.
  'task-updates': { writtenBy: 'the event relay', readBy: 'websocket', keptMs: dayMs },
  'task-audit': { writtenBy: 'the event relay', readBy: 'audit', keptMs: -1 },
} as const satisfies Record<string, TopicPlan>;

export type Topic = keyof typeof topicTable;

export const topics = Object.keys(topicTable) as Topic[];

/** The topic of each type of event; see {@link topicsOf}. */
const topicOfType: Readonly<Record<TaskEventType, Topic>> = {
  TASK_CREATED: 'task-events',
  TASK_UPDATED: 'task-events',
  TASK_COMPLETED: 'task-events',
  TASK_REOPENED: 'task-events',
  TASK_SKIPPED: 'task-events',
  TASK_DELETED: 'task-events',
  REMINDER_SCHEDULED: 'task-reminders',
  REMINDER_CANCELLED: 'task-reminders',
  REMINDER_DUE: 'task-reminders',
  REMINDER_DELIVERED: 'task-reminders',
  TASK_RECURRED: 'task-recurrence',
  SERIES_ENDED: 'task-recurrence',
};

/** Where an event goes: to the topic of its type, and to those that get every event. */
export function topicsOf(type: TaskEventType): readonly Topic[] {
  return [topicOfType[type], 'task-updates', 'task-audit'];
}

/**
 * Parts events by where they go, each topic's in the order given.
 * @returns the very list given for a topic that gets all of it
 */
export function byTopic(events: readonly CommittedEvent[]): ReadonlyMap<Topic, readonly CommittedEvent[]> {
  const parts = new Map<Topic, CommittedEvent[]>();
  for (const event of events) {
    for (const topic of topicsOf(event.type)) {
      const part = parts.get(topic);
      if (part) part.push(event);
      else parts.set(topic, [event]);
    }
  }
  return new Map([...parts].map(([topic, part]) => [topic, part.length === events.length ? events : part]));
}

/** Where each change of a task goes. */
export const taskTopics = ['task-events', 'task-updates', 'task-audit'] as const satisfies readonly Topic[];

/** Where what nobody could take from a topic goes, with the reason. */
export const deadLetterTopic = (topic: Topic): string => `${topic}-dead-letter`;
