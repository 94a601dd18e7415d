import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { findAnswer, keepAnswer } from '../../../actors/task/sql/answers.js';
import { commitEvent, violatedConstraint } from '../../../actors/task/sql/commit-event.js';
import { UserZones } from '../../../actors/task/user-zones.js';
import { TodoError } from '../../../domain/errors.js';
import type { CommandEnvelope, CommandResult } from '../../../domain/task/commands.js';
import { decide } from '../../../domain/task/decide.js';
import { evolve } from '../../../domain/task/evolve.js';
import { toTask, type TaskState } from '../../../domain/task/task.js';
import type { GatewayContext } from '../../../gateway/context.js';
import { chain, firstHash } from '../../../subscribers/audit/entry.js';
import { newDataKey } from '../../../subscribers/audit/seal.js';
import { readChainEnds } from '../../../subscribers/audit/sql/read-entries.js';
import { appendEntry } from './sql/append-entry.js';
import { lockTask } from './sql/lock-task.js';

/**
 * Carries commands out without Dapr, the way one would with Koa and pg alone: one transaction that locks the task's row,
 * decides by the same rules, writes the same rows as the actors, the relay and the audit log together, and commits.
 */
export class PlainCommands {
  private readonly zones: UserZones;

  constructor(private readonly pool: Pool) {
    this.zones = new UserZones(pool);
  }

  readonly command: GatewayContext['dapr']['command'] = async (userId, taskId, envelope) => {
    // A zone that changed meanwhile refuses the commit; a key that was taken meanwhile has an answer now.
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const result = await this.inTransaction((client) => this.execute(client, userId, taskId, envelope));
      if (result) return result;
    }
    throw new TodoError('contended', 'The task is being changed from many sides; try again in a moment.');
  };

  /**
   * Carries a command out within a transaction of the caller's.
   * @returns null when it has to be decided anew, in another transaction
   */
  async execute(
    client: PoolClient,
    userId: string,
    taskId: string,
    envelope: CommandEnvelope,
  ): Promise<CommandResult | null> {
    const { command, actor, idempotency } = envelope;
    if (command.op === 'recur') throw new Error('what follows from a command is not part of the comparison');
    const before = command.op === 'create' ? null : await lockTask(client, userId, taskId);
    const now = new Date().toISOString();
    const timestamp = before && before.updated_at > now ? before.updated_at : now;
    const assumedZone = reliesOnUserZone(envelope) ? await this.zones.get(userId) : null;

    let event;
    try {
      event = decide(before, command, { userId, taskId, userZone: assumedZone ?? 'UTC', now: timestamp });
    } catch (error) {
      const earlier = await this.earlierAnswer(userId, idempotency);
      if (earlier) return earlier;
      throw error;
    }
    if (!event) {
      const version = before?.version ?? 0;
      if (idempotency && !(await keepAnswer(client, userId, idempotency, taskId, version, timestamp))) {
        return this.earlierAnswer(userId, idempotency);
      }
      return answerOf(before, version, null);
    }

    const version = (before?.version ?? 0) + 1;
    const after = evolve(before, event, { version, timestamp });
    const eventId = randomUUID();
    const { type } = event;
    let seq;
    try {
      const commit = {
        userId,
        taskId,
        eventId,
        type,
        actor,
        timestamp,
        version,
        before,
        after,
        assumedZone,
        idempotency,
      };
      seq = await commitEvent(client, commit);
    } catch (error) {
      if (violatedConstraint(error) !== 'idempotency_keys_pkey') throw error;
      return this.earlierAnswer(userId, idempotency);
    }
    if (seq === null) {
      this.zones.forget(userId);
      return null;
    }

    // The user's row is locked by now, so nobody else adds to this chain.
    const end = (await readChainEnds(client, [userId])).get(userId);
    const key = end?.key ?? newDataKey();
    const [entry] = chain(
      [
        {
          event_id: eventId,
          type,
          user_id: userId,
          task_id: taskId,
          seq,
          version,
          timestamp,
          actor,
          before: before && toTask(before),
          after: after && toTask(after),
        },
      ],
      end?.head?.hash ?? firstHash,
      key,
    );
    if (entry) await appendEntry(client, entry, end?.key ? null : key);
    return answerOf(after, version, seq);
  }

  private async inTransaction(
    work: (client: PoolClient) => Promise<CommandResult | null>,
  ): Promise<CommandResult | null> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query(result ? 'COMMIT' : 'ROLLBACK');
      client.release();
      return result;
    } catch (error) {
      await client.query('ROLLBACK').then(
        () => client.release(),
        (broken: unknown) => client.release(broken instanceof Error ? broken : true),
      );
      throw error;
    }
  }

  /** From outside the transaction, which may have failed by then. */
  private async earlierAnswer(
    userId: string,
    idempotency: CommandEnvelope['idempotency'],
  ): Promise<CommandResult | null> {
    const answer = idempotency && (await findAnswer(this.pool, userId, idempotency.key));
    if (!answer) return null;
    if (answer.request_hash !== idempotency.request_hash) {
      throw new TodoError('idempotency_key_reused', 'This Idempotency-Key was sent before with another request.');
    }
    return { ...answerOf(answer.task, answer.version, null), replayed: true };
  }
}

function answerOf(task: TaskState | null, version: number, seq: number | null): CommandResult {
  return { task: task && toTask(task), version, seq, replayed: false };
}

function reliesOnUserZone({ command }: CommandEnvelope): boolean {
  if (command.op === 'create' || command.op === 'import') return command.fields.time_zone === null;
  return command.op === 'update' && command.patch.time_zone === null;
}
