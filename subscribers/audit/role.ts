import { Gauge } from 'prom-client';
import type { CommittedEvent } from '../../domain/events/event.js';
import { validator } from '../../domain/validation.js';
import { fitting } from '../../runtime/answer-size.js';
import { openOwnKey } from '../../runtime/auth/own-key.js';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { Dapr, RoleContext, StartedRole } from '../../runtime/role.js';
import { openAuditAccess } from './access.js';
import { AuditLog } from './audit-log.js';
import { Checkpoints } from './checkpoints/checkpoints.js';
import { remember } from './checkpoints/witness.js';
import { readEntries } from './sql/read-entries.js';

const usersAtOnce = 500;

const logRequest = validator<{ user_id: string; task_id: string | null; since: number; limit: number }>({
  type: 'object',
  additionalProperties: false,
  required: ['user_id', 'task_id', 'since', 'limit'],
  properties: {
    user_id: { type: 'string', minLength: 1 },
    task_id: { anyOf: [{ type: 'string', format: 'uuid' }, { type: 'null' }] },
    since: { type: 'integer', minimum: 0 },
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
  },
});

/** Keeps the immutable log of every event, and answers the gateway's questions about it. */
export async function startAudit({ config, pool, dapr, appDoor, log, metrics }: RoleContext): Promise<StartedRole> {
  const { dataDir } = config;
  const access = await openAuditAccess(pool, log);
  const lastCheckpoint = new Gauge({
    name: 'todo_audit_checkpoint',
    help: 'Number of the last checkpoint that this process signed.',
    registers: [metrics],
  });
  const checkpoints = new Checkpoints({
    access,
    key: await openOwnKey(dataDir, 'audit'),
    log,
    async signed(checkpoint) {
      lastCheckpoint.set(checkpoint.number);
      await remember(dataDir, checkpoint);
    },
  });
  const auditLog = new AuditLog(
    access,
    async (user_id, after, limit) => {
      // Checked where it was read: only our own roles are asked.
      return (await dapr.invoke('actors', 'events', { user_id, after, limit })) as CommittedEvent[];
    },
    (userId, head) => checkpoints.note(userId, head),
  );
  let hasLeftovers = true;
  const catchUp = new RepeatedTask('catching up with the audit log', log, async () => {
    for await (const users of pagesOfUsers(dapr)) {
      await auditLog.catchUp(users);
      if (hasLeftovers) await checkpoints.noteLeftovers(users.map(({ user_id }) => user_id));
    }
    hasLeftovers = false;
  });
  const lastSeen = new Gauge({
    name: 'todo_audit_lag_seconds',
    help: 'Age of the newest event when it was written to the log.',
    registers: [metrics],
  });

  appDoor.subscribe('audit', 'task-audit', {
    // Nobody waits for the log. daprd delivers one bulk at a time for all partitions, and what comes while it waits for its turn
    // ends the wait for more: a short one makes small bulks just when there is much to do.
    mostWaitMs: 1_000,
    async receive(events) {
      try {
        await auditLog.append(events);
      } catch (error) {
        // In-memory pub/sub gives up after ten tries; what is lost then is found by catching up.
        catchUp.request();
        throw error;
      }
      const newest = events.at(-1);
      if (newest) lastSeen.set((Date.now() - Date.parse(newest.timestamp)) / 1000);
    },
    catchUp: () => {
      catchUp.request();
    },
  });

  appDoor.method('audit-log', async (body) => {
    const { user_id, task_id, since, limit } = logRequest(body);
    const entries = await access.read(user_id, (on) => readEntries(on, user_id, task_id, since, limit + 1));
    const page = fitting(entries.slice(0, limit));
    return { entries: page, next_since: entries.length > page.length ? (page.at(-1)?.seq ?? null) : null };
  });

  return {
    async stop() {
      await catchUp.stop();
      await auditLog.idle();
      await checkpoints.stop();
      await access.close();
    },
  };
}

/** Every user's place in the events, a page at a time: what the log has to have. */
async function* pagesOfUsers(dapr: Dapr): AsyncGenerator<{ user_id: string; seq: number }[]> {
  for (let after_user_id = ''; ;) {
    const users = (await dapr.invoke('actors', 'user-seqs', { after_user_id, limit: usersAtOnce })) as {
      user_id: string;
      seq: number;
    }[];
    yield users;
    const last = users.at(-1);
    if (!last || users.length < usersAtOnce) return;
    after_user_id = last.user_id;
  }
}
