import type { Pool } from 'pg';
import { TodoError } from '../../domain/errors.js';
import type { CommittedEvent, TaskEvent } from '../../domain/events/event.js';
import { stepReliesOnUserZone, takeStep } from '../../domain/recurrence/series.js';
import type { ChangeCommand, CommandResult, RecurCommand, SentCommand } from '../../domain/task/commands.js';
import { consequencesOf, type Consequences } from '../../domain/task/consequences.js';
import { decide } from '../../domain/task/decide.js';
import { evolve } from '../../domain/task/evolve.js';
import { toTask, type TaskState } from '../../domain/task/task.js';
import { asUnavailable } from '../../runtime/postgres/availability.js';
import type { Turn } from '../host/actor.js';
import { findAnswer, findCommitted, keepAnswer } from './sql/answers.js';
import { commitEvent, violatedConstraint, type Commit } from './sql/commit-event.js';
import { commitWithFacts, isOvertaken, type CommittedWithFacts } from './sql/commit-with-facts.js';
import { readTask, type Snapshot } from './sql/read-task.js';
import { endSeries, readStep, removeStep } from './sql/series-steps.js';
import type { UserLanes } from './user-lanes.js';
import type { UserZones } from './user-zones.js';

/** What a Task actor needs from outside. */
export interface TaskActorParts {
  readonly pool: Pool;
  readonly zones: UserZones;
  readonly lanes: UserLanes;
  readonly now: () => Date;
  /** Told of every event that was committed, right after its commit and in the order of `seq`. */
  readonly committed: (event: CommittedEvent) => void;
}

/** What a decision was made on. */
interface Basis {
  readonly snapshot: Snapshot;
  /** Of the event: RFC 3339, UTC. */
  readonly timestamp: string;
  /** The user's own zone where the decision relied on it. */
  readonly zone: string | null;
}

/** How often a command is decided anew when another activation was faster. */
const mostTries = 4;

/**
 * One task: the single writer of its events, and the cache of its state. A warm actor does not read; the database
 * refuses a commit that builds on a version that is not the last.
 */
export class TaskActor {
  private snapshot: Snapshot | undefined;

  constructor(
    private readonly parts: TaskActorParts,
    private readonly userId: string,
    private readonly taskId: string,
  ) {}

  /**
   * Carries out one command.
   * @param turn aborted when the caller is gone: nothing is committed after that
   * @throws TodoError the domain's refusal, `contended`, or `unavailable`: the turn was aborted before its commit, or the
   * database broke off and the outcome is unknown (the same command again finds out)
   */
  async execute(sent: SentCommand, turn: Turn): Promise<CommandResult> {
    try {
      return await this.tryToExecute(sent, turn);
    } catch (error) {
      // What failed may have been cut off in the middle; what is cached may be behind: read again next time.
      this.snapshot = undefined;
      throw asUnavailable(error);
    }
  }

  private async tryToExecute(sent: SentCommand, turn: Turn): Promise<CommandResult> {
    if (sent.is_repeated) {
      const committed = await this.ownCommit(sent);
      if (committed) return committed;
    }
    // A new task's id is new: there is nothing to read. If that is wrong, the fence tells.
    if (sent.command.op === 'create') this.snapshot ??= { version: 0, task: null };
    const { command } = sent;
    for (let attempt = 1; attempt <= mostTries; attempt += 1) {
      const tried = command.op === 'recur' ? this.recur(sent, command, turn) : this.attempt(sent, command, turn);
      const result = (await tried) ?? (await this.ownCommit(sent));
      if (result) return result;
      this.snapshot = undefined;
    }
    throw new TodoError('contended', 'The task is being changed from many sides; try again in a moment.');
  }

  /** @returns null when the snapshot or the zone turned out to be behind: the command must be decided anew */
  private async attempt(sent: SentCommand, command: ChangeCommand, turn: Turn): Promise<CommandResult | null> {
    // One that was not read in this turn may be behind: only a commit proves that it is not.
    const isCached = this.snapshot !== undefined;
    const snapshot = (this.snapshot ??= await this.read());
    const timestamp = this.timestamp(snapshot.task);
    const zone = reliesOnUserZone(command) ? await this.parts.zones.get(this.userId) : null;

    let event;
    try {
      event = decide(snapshot.task, command, {
        userId: this.userId,
        taskId: this.taskId,
        userZone: zone ?? 'UTC',
        now: timestamp,
      });
    } catch (error) {
      // Refused now, but this very command may have been carried out before.
      const earlier = await this.earlierAnswer(sent);
      if (earlier) return earlier;
      if (isCached && (await this.isBehind(snapshot, zone))) return null;
      throw error;
    }

    turn.throwIfAborted();
    if (!event) {
      if ((isCached || zone !== null) && (await this.isBehind(snapshot, zone))) return null;
      return this.answerUnchanged(sent, snapshot, timestamp);
    }

    return await this.happen(sent, event, { snapshot, timestamp, zone }, turn);
  }

  /**
   * Takes the step that leads to this task, if it is still to be taken: makes the task, or takes it away again.
   * @returns null likewise
   */
  private async recur(sent: SentCommand, command: RecurCommand, turn: Turn): Promise<CommandResult | null> {
    const { pool, zones } = this.parts;
    const step = await readStep(pool, this.userId, command, this.taskId);
    if (!step) return answerOf({ task: null, version: 0 }, null, false);
    const { task_id, version, at, next, successor } = step;
    const snapshot = { task: next, version: successor?.version ?? 0 };
    const zone = stepReliesOnUserZone(step) ? await zones.get(this.userId) : null;
    // Never before what it follows from.
    const now = this.timestamp(next);
    const timestamp = now < at ? at : now;
    const event = takeStep(step, zone ?? 'UTC', timestamp);

    turn.throwIfAborted();
    if (event !== null && event !== 'ended') {
      const actor = step.isOpenAgain ? 'undo' : 'recurrence';
      const found = { ...sent, actor, command: { ...command, task_id, version, at } } as const;
      return await this.happen(found, event, { snapshot, timestamp, zone }, turn);
    }
    const taken = { user_id: this.userId, ...command, task_id, version };
    if (event === 'ended') await endSeries(this.parts, taken, timestamp);
    else await removeStep(pool, taken);
    return answerOf(snapshot, null, false);
  }

  /** Commits an event and its consequences. @returns null likewise */
  private async happen(
    sent: SentCommand,
    event: TaskEvent,
    { snapshot, timestamp, zone }: Basis,
    turn: Turn,
  ): Promise<CommandResult | null> {
    const { command, idempotency } = sent;
    const version = snapshot.version + 1;
    const { type } = event;
    const after = evolve(snapshot.task, event, { version, timestamp });
    const { userId, taskId } = this;
    const commit = {
      userId,
      taskId,
      eventId: sent.command_id,
      type,
      actor: sent.actor,
      timestamp,
      version,
      before: snapshot.task,
      after,
      assumedZone: zone,
      idempotency,
    };
    const consequences = consequencesOf({ ...commit, command, event });
    let committed: CommittedWithFacts | null;
    try {
      committed = await this.parts.lanes.run(this.userId, () => {
        // The caller may have gone while it waited.
        turn.throwIfAborted();
        return this.commit(commit, consequences);
      });
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'events_task_version' || constraint === 'events_fact' || isOvertaken(error)) return null;
      if (constraint === 'idempotency_keys_pkey') return this.earlierAnswer(sent);
      throw error;
    }
    if (committed === null) {
      this.parts.zones.forget(this.userId);
      return null;
    }

    this.snapshot = { version, task: after };
    const { seq } = committed;
    const shared = { user_id: userId, task_id: taskId, version, timestamp, actor: sent.actor };
    const shown = after && toTask(after);
    this.parts.committed({
      event_id: sent.command_id,
      type,
      ...shared,
      seq,
      before: snapshot.task && toTask(snapshot.task),
      after: shown,
    });
    for (const [index, fact] of committed.facts.entries()) {
      this.parts.committed({ ...fact, ...shared, seq: seq + 1 + index, before: null, after: shown });
    }
    return answerOf({ task: after, version }, seq, false);
  }

  private async commit(commit: Commit, consequences: Consequences | null): Promise<CommittedWithFacts | null> {
    if (consequences) return commitWithFacts(this.parts.pool, commit, consequences);
    const seq = await commitEvent(this.parts.pool, commit);
    return seq === null ? null : { seq, facts: [] };
  }

  private async answerUnchanged(sent: SentCommand, snapshot: Snapshot, now: string): Promise<CommandResult | null> {
    const { idempotency } = sent;
    if (idempotency) {
      const kept = await keepAnswer(this.parts.pool, this.userId, idempotency, this.taskId, snapshot.version, now);
      if (!kept) return this.earlierAnswer(sent);
    }
    return answerOf(snapshot, null, false);
  }

  /** What this very command has committed, when it is sent again. */
  private async ownCommit(sent: SentCommand): Promise<CommandResult | null> {
    const committed = await findCommitted(this.parts.pool, this.userId, this.taskId, sent.command_id);
    return committed && answerOf(committed, committed.seq, false);
  }

  /** The answer this command got before: by its own id (a repeated turn) or by the client's key. */
  private async earlierAnswer(sent: SentCommand): Promise<CommandResult | null> {
    const own = await this.ownCommit(sent);
    if (own) return own;
    const { idempotency } = sent;
    const answer = idempotency && (await findAnswer(this.parts.pool, this.userId, idempotency.key));
    if (!answer) return null;
    if (answer.request_hash !== idempotency.request_hash) {
      throw new TodoError(
        'idempotency_key_reused',
        'This Idempotency-Key was sent before with another request; use a new key for a new request.',
      );
    }
    return answerOf(answer, null, true);
  }

  /** Whether what a decision without a commit relied on is out of date; the fence sees to those with one. */
  private async isBehind(snapshot: Snapshot, zone: string | null): Promise<boolean> {
    if (zone !== null) {
      this.parts.zones.forget(this.userId);
      if ((await this.parts.zones.get(this.userId)) !== zone) return true;
    }
    return (await this.read()).version !== snapshot.version;
  }

  private read(): Promise<Snapshot> {
    return readTask(this.parts.pool, this.userId, this.taskId);
  }

  /** Now, but never before the task's last change: a clock that is set back does not turn its history round. */
  private timestamp(task: TaskState | null): string {
    const now = this.parts.now().toISOString();
    return task && task.updated_at > now ? task.updated_at : now;
  }
}

function answerOf(
  { task, version }: { task: TaskState | null; version: number },
  seq: number | null,
  replayed: boolean,
): CommandResult {
  return { task: task && toTask(task), version, seq, replayed };
}

/** True when the decision turns on the zone that the user has chosen. */
function reliesOnUserZone(command: ChangeCommand): boolean {
  switch (command.op) {
    case 'create':
    case 'import':
      return command.fields.time_zone === null;
    case 'update':
      return command.patch.time_zone === null;
    case 'rezone':
      return true;
    default:
      return false;
  }
}
