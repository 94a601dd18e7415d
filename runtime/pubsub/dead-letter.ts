import { TodoError, toProblem, type Problem } from '../../domain/errors.js';
import type { Topic } from '../../domain/events/topics.js';
import type { RoleName } from '../role.js';

/** A message that a role could not take and never will, as it lies on the dead-letter topic of its own topic. */
export interface DeadLetter {
  /** Names the message and who could not take it: the same dead letter again has the same. */
  readonly id: string;
  readonly role: RoleName;
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly refused_at: string;
  /** Why: a row of the error table, with each single fault. */
  readonly reason: Pick<Problem, 'code' | 'detail' | 'errors'>;
  /** The message's bytes, as long as they fit. */
  readonly payload_base64: string;
  readonly payload_bytes: number;
  /** Whether key and bytes are all here; what is not is found at partition and offset. */
  readonly is_whole: boolean;
}

/** So that a dead letter fits into a message, whatever the size of what it is about, and of what is said of it. */
const mostPayloadBytes = 512 * 1024;
const mostKeyCharacters = 256;
const mostReasonCharacters = 1_000;

/** Where a message lies in Kafka. */
export interface Place {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
}

export function toDeadLetter(role: RoleName, place: Place, payload: Buffer, error: unknown, now: Date): DeadLetter {
  const { code, detail, errors } = toProblem(error);
  const { key } = place;
  // daprd hands on as U+FFFD what is no UTF-8 in a key.
  const isKeyWhole = key === null || (key.length <= mostKeyCharacters && !key.includes('\uFFFD'));
  return {
    id: `${role}/${place.topic}/${place.partition}/${place.offset}`,
    role,
    ...place,
    key: key === null ? null : key.slice(0, mostKeyCharacters),
    refused_at: now.toISOString(),
    reason: {
      code,
      detail: cut(error instanceof TodoError ? detail : String(error)),
      ...(errors && {
        errors: errors.map((fault) => ({ ...fault, pointer: cut(fault.pointer), detail: cut(fault.detail) })),
      }),
    },
    payload_base64: payload.subarray(0, mostPayloadBytes).toString('base64'),
    payload_bytes: payload.length,
    is_whole: isKeyWhole && payload.length <= mostPayloadBytes,
  };
}

const cut = (text: string): string => text.slice(0, mostReasonCharacters);
