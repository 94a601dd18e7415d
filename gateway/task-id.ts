import { randomUUID } from 'node:crypto';
import { TodoError } from '../domain/errors.js';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A new id: UUIDv7 (RFC 9562 section 5.7), so that tasks made one after the other lie side by side in the index. */
export function newTaskId(now = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/**
 * Reads a task's id out of an address.
 * @throws TodoError `not_found`: what is no id is the id of no task
 */
export function readTaskId(text: string | undefined): string {
  if (text === undefined || !uuid.test(text)) throw noSuchTask();
  return text.toLowerCase();
}

/** The same for a task that never was, that is gone, and that is another user's. */
export function noSuchTask(): TodoError {
  return new TodoError('not_found', 'There is no such task.');
}
