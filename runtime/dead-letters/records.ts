import { topics, type Topic } from '../../domain/events/topics.js';
import { validator } from '../../domain/validation.js';
import type { DeadLetter } from '../pubsub/dead-letter.js';

/** That a dead letter's message was put back on its topic; lies on the same dead-letter topic, after it. */
export interface Replayed {
  /** The dead letter's. */
  readonly id: string;
  readonly replayed_at: string;
  /** Where the message lies now, in the partition in which it lay before. */
  readonly offset: number;
}

const text = { type: 'string' } as const;
const place = { type: 'integer', minimum: 0 } as const;
const nothing = { type: 'null' } as const;

// Open for what a later version adds.
const deadLetter = validator<DeadLetter>({
  type: 'object',
  required: [
    'id',
    'role',
    'topic',
    'partition',
    'offset',
    'key',
    'refused_at',
    'reason',
    'payload_base64',
    'payload_bytes',
  ],
  properties: {
    id: text,
    role: text,
    topic: { enum: topics },
    partition: place,
    offset: place,
    key: { anyOf: [text, nothing] },
    refused_at: text,
    reason: {
      type: 'object',
      required: ['code', 'detail'],
      properties: {
        code: text,
        detail: text,
        errors: {
          type: 'array',
          items: { type: 'object', required: ['pointer', 'detail'], properties: { pointer: text, detail: text } },
        },
      },
    },
    payload_base64: text,
    payload_bytes: place,
    is_whole: { type: 'boolean' },
  },
});

const replayed = validator<Replayed>({
  type: 'object',
  required: ['id', 'replayed_at', 'offset'],
  properties: { id: text, replayed_at: text, offset: place },
});

/** @returns what lies on a dead-letter topic; null when somebody put something else there */
export function readRecord(value: Buffer | null): DeadLetter | Replayed | null {
  try {
    const record: unknown = JSON.parse(value?.toString() ?? '');
    return typeof record === 'object' && record !== null && 'replayed_at' in record
      ? replayed(record)
      : deadLetter(record);
  } catch {
    return null;
  }
}

/** Whose message it was and where it lay. */
export interface LetterId {
  readonly role: string;
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

/** @returns null for what is no id, `role/topic/partition/offset` */
export function parseId(id: string): LetterId | null {
  const [, role = '', name = '', partition, offset] = /^([\w-]+)\/([\w-]+)\/(\d{1,9})\/(\d{1,15})$/.exec(id) ?? [];
  const topic = topics.find((known) => known === name);
  return topic === undefined ? null : { role, topic, partition: Number(partition), offset: Number(offset) };
}
