import { validator } from '../validation.js';
import type { CommittedEvent } from './event.js';
import { eventSchemas, eventVersion, taskEventSchema } from './schema.js';

/** A CloudEvent in the JSON format (CloudEvents 1.0.2, JSON Event Format section 3). */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The event's own id: the same event again has the same. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  /** CloudEvents partitioning extension: all events of one user stay in order. */
  readonly partitionkey: string;
  readonly data: CommittedEvent;
}

const validOfType = new Map<unknown, (data: unknown) => CommittedEvent>(
  Object.keys(eventSchemas).map((type) => {
    const { $defs } = taskEventSchema;
    return [type, validator<CommittedEvent>({ $ref: `#/$defs/${type}`, $defs })];
  }),
);
const validOfAnyType = validator<CommittedEvent>(taskEventSchema);
const validCloudEvent = validator<CloudEvent>({
  type: 'object',
  required: ['specversion', 'id', 'type', 'data'],
  properties: { specversion: { const: '1.0' }, id: { type: 'string' }, type: { type: 'string' }, data: {} },
});

/**
 * Wraps an event for its journey.
 * @throws TodoError `invalid` when it does not fit its schema: such an event must never be published
 */
export function toCloudEvent(event: CommittedEvent): CloudEvent {
  const data = validData(event);
  return {
    specversion: '1.0',
    id: data.event_id,
    source: '/todo-chatbot/tasks',
    type: data.type,
    subject: data.task_id,
    time: data.timestamp,
    datacontenttype: 'application/json',
    dataschema: `urn:todo-chatbot:event:${data.type}:${eventVersion}`,
    partitionkey: data.user_id,
    data,
  };
}

/**
 * Unwraps an event that came in.
 * @throws TodoError `invalid` when it does not fit its schema
 */
export function fromCloudEvent(received: unknown): CommittedEvent {
  return validData(validCloudEvent(received).data);
}

/** By the schema of its own type: against all of them, every event on its way costs five times as much. */
function validData(data: unknown): CommittedEvent {
  const type = typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined;
  return (validOfType.get(type) ?? validOfAnyType)(data);
}
