import { TodoError } from '../domain/errors.js';
import type { SentCommand } from '../domain/task/commands.js';
import { parseTaskActorId } from '../domain/task/actor-id.js';
import { validator } from '../domain/validation.js';
import { fitting } from '../runtime/answer-size.js';
import { asUnavailable } from '../runtime/postgres/availability.js';
import type { RoleContext, RoleName, StartedRole } from '../runtime/role.js';
import { readEvents, readSeqsOfUsers, readUserSeqs } from './events/read-events.js';
import { remindersDelivered } from './facts/reminders-delivered.js';
import { defineActorType } from './host/actor.js';
import { Relay } from './relay/relay.js';
import { startReminderSchedules } from './reminder-schedule/start.js';
import { Rezoner } from './rezone/rezoner.js';
import { forgetOldAnswers } from './task/sql/answers.js';
import { TaskActor } from './task/task-actor.js';
import { tellSteps } from './task/tell-steps.js';
import { UserLanes } from './task/user-lanes.js';
import { UserZones } from './task/user-zones.js';

const eventsRequest = validator<{ user_id: string; after: number; limit: number }>({
  type: 'object',
  additionalProperties: false,
  required: ['user_id', 'after', 'limit'],
  properties: {
    user_id: { type: 'string', minLength: 1 },
    after: { type: 'integer', minimum: 0 },
    limit: { type: 'integer', minimum: 1, maximum: 200 },
  },
});

const usersRequest = validator<{ user_ids: string[] }>({
  type: 'object',
  additionalProperties: false,
  required: ['user_ids'],
  properties: { user_ids: { type: 'array', maxItems: 1000, items: { type: 'string', minLength: 1 } } },
});

const seqsRequest = validator<{ after_user_id: string; limit: number }>({
  type: 'object',
  additionalProperties: false,
  required: ['after_user_id', 'limit'],
  properties: {
    after_user_id: { type: 'string' },
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
  },
});

/** What this role takes of what every role is given. */
export type ActorsContext = Pick<RoleContext, 'pool' | 'dapr' | 'clock' | 'appDoor' | 'log' | 'metrics'> & {
  readonly config: Pick<RoleContext['config'], 'roles' | 'kafka'>;
};

/** In-memory pub/sub reaches the subscribers of this process only: to publish where they do not run is to lose. */
const hearers: readonly RoleName[] = ['audit', 'notification', 'recurrence', 'websocket'];

/** Hosts the Task actors, publishes what they commit, and tells other roles what they missed. */
export function startActors({ config, pool, dapr, clock, appDoor, log, metrics }: ActorsContext): StartedRole {
  const broker = config.kafka ? 'kafka' : 'in-memory';
  const relay = new Relay({
    pool,
    log,
    metrics,
    publish: (topic, events) => dapr.publish(topic, events),
    broker,
    mayLead: broker === 'kafka' || hearers.every((role) => config.roles.includes(role)),
  });
  const rezoner = new Rezoner({ pool, log, command: (...command) => dapr.command(...command) });
  const parts = {
    pool,
    zones: new UserZones(pool),
    lanes: new UserLanes(),
    now: clock.now,
    committed: (event: Parameters<Relay['committed']>[0]) => {
      relay.committed(event);
      if (event.type === 'TASK_REOPENED') void rezoner.reopened(event.user_id, event.task_id);
    },
  };

  appDoor.actorType(
    defineActorType<TaskActor>({
      name: 'Task',
      methods: {
        // What /readyz asks: the whole way of a command.
        ping: async () => {
          await pool.query('SELECT 1').catch((error: unknown) => {
            throw asUnavailable(error);
          });
          return {};
        },
        // Only the program's own doors can send this (the app API token guards the way), and they have checked it.
        execute: (actor, body, turn) => actor.execute(body as SentCommand, turn),
      },
      activate(id) {
        const about = parseTaskActorId(id);
        if (!about) throw new TodoError('not_found', 'There is no such task.');
        return new TaskActor(parts, about.userId, about.taskId);
      },
    }),
  );

  appDoor.method('events', async (body) => {
    const { user_id, after, limit } = eventsRequest(body);
    return fitting(await readEvents(pool, user_id, after, limit));
  });
  appDoor.method('seqs-of-users', async (body) => readSeqsOfUsers(pool, usersRequest(body).user_ids));
  appDoor.method('user-seqs', async (body) => {
    const { after_user_id, limit } = seqsRequest(body);
    return readUserSeqs(pool, after_user_id, limit);
  });
  const schedules = startReminderSchedules({ ...parts, dapr, appDoor, log });
  clock.onSet(() => schedules.clockWasSet());
  appDoor.method('zone-changed', () => {
    rezoner.request();
    return Promise.resolve({});
  });
  tellSteps(appDoor, pool);
  appDoor.method('reminders-delivered', async (body) => {
    await remindersDelivered(parts, body, parts.now());
    return {};
  });
  appDoor.binding('cron-reminders', async () => {
    relay.sweep();
    schedules.sweep();
    rezoner.request();
    await forgetOldAnswers(pool, parts.now());
  });

  return {
    async stop() {
      await Promise.all([schedules.stop(), rezoner.stop()]);
      await relay.stop();
    },
  };
}
