import { setTimeout as sleep } from 'node:timers/promises';
import { findOtherEnds } from '../sql/find-faults.js';
import type { Queryable } from '../../../runtime/postgres/pool.js';
import type { Fault } from './chain-check.js';
import { mostFaults } from './verify-log.js';

const lookAgainMs = 200;

/**
 * Compares where each user's log ends with where the user's events do.
 * @param look runs a statement that sees all rows, as they are at that moment
 * @param graceMs events that are younger than this may be on their way into the log, in milliseconds; 0 where nobody is at
 * work
 */
export async function verifyEnds(
  look: <T>(work: (on: Queryable) => Promise<T>) => Promise<T>,
  userId: string | null,
  graceMs: number,
): Promise<Fault[]> {
  const find = () => look((on) => findOtherEnds(on, [userId, mostFaults]));
  const deadline = performance.now() + graceMs;
  const first = await find();
  let now = first;
  const stillMissing = () =>
    now.flatMap(({ user_id, logged }) => {
      const seq = first.find((user) => user.user_id === user_id)?.seq ?? 0;
      return seq > logged ? [{ user_id, logged, seq }] : [];
    });
  while (stillMissing().length > 0 && performance.now() < deadline) {
    await sleep(lookAgainMs);
    now = await find();
  }
  const beyond = first.filter(({ seq, logged }) => logged > seq);
  return [
    ...stillMissing().map(({ user_id, logged, seq }) => ({
      userId: user_id,
      seq: logged + 1,
      what: `it is missing; the log ends at ${logged}, the user's events at ${seq}`,
    })),
    ...beyond.map(({ user_id, logged, seq }) => ({
      userId: user_id,
      seq: seq + 1,
      what: `it should not be there; the user's events end at ${seq}, the log at ${logged}`,
    })),
  ];
}
