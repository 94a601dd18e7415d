import { TodoError } from '../errors.js';
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
  required: ['specversion', 'id', 'type', 'dataschema', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string' },
    type: { type: 'string' },
    dataschema: { type: 'string' },
    data: {},
  },
});

const schemaOf = (type: string): string => `urn:todo-chatbot:event:${type}:${eventVersion}`;

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
    dataschema: schemaOf(data.type),
    partitionkey: data.user_id,
    data,
  };
}

/**
 * Unwraps an event that came in.
 * @throws TodoError `invalid` when it does not fit its schema, or that is of a version not known here
 */
export function fromCloudEvent(received: unknown): CommittedEvent {
  const { id, type, dataschema, data } = validCloudEvent(received);
  if (dataschema !== schemaOf(type)) {
    throw TodoError.invalid('/dataschema', `must be ${schemaOf(type)}: no other version is known here`);
  }
  const event = validData(data);
  if (event.event_id !== id || event.type !== type) {
    throw TodoError.invalid('/data', 'must have the id of the event as event_id, and its type');
  }
  return event;
}

/** By the schema of its own type: against all of them, every event on its way costs five times as much. */
function validData(data: unknown): CommittedEvent {
  const type = typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined;
  return (validOfType.get(type) ?? validOfAnyType)(data);
}
