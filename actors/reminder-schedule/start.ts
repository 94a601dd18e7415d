import type { Pool } from 'pg';
import { TodoError } from '../../domain/errors.js';
import { parseReminderScheduleId } from '../../domain/reminders/schedule-id.js';
import type { RoleContext } from '../../runtime/role.js';
import type { FactsParts } from '../facts/commit-facts.js';
import { defineActorType } from '../host/actor.js';
import { Armed } from './armed.js';
import { DueReminders } from './due-reminders.js';
import { Firing } from './firing.js';
import { ReminderSchedule } from './reminder-schedule-actor.js';
import { ReminderSweep } from './sweep.js';

export interface ReminderSchedulesContext extends Pick<RoleContext, 'dapr' | 'log'> {
  readonly appDoor: Pick<RoleContext['appDoor'], 'actorType'>;
  readonly pool: Pool;
  readonly now: () => Date;
  readonly committed: FactsParts['committed'];
}

export interface ReminderSchedules {
  /** Looks for reminders that nobody looks after. */
  sweep(): void;
  /** Looks after all of them: timers that were set before do not come when they should. */
  clockWasSet(): void;
  /** Begins nothing new; what is being committed is committed. */
  stop(): Promise<void>;
}

/** Hosts the ReminderSchedule actors, one for each user with reminders. */
export function startReminderSchedules(context: ReminderSchedulesContext): ReminderSchedules {
  const { pool, log, dapr, appDoor, now } = context;
  const armed = new Armed();
  const firing = new Firing(context);
  const due = new DueReminders({ pool, log, now, firing });
  const sweep = new ReminderSweep({ pool, log, now, actors: dapr.actors, armed, due });
  const parts = { pool, now, sidecar: dapr.actors, firing, due, armed };

  appDoor.actorType(
    defineActorType<ReminderSchedule>({
      name: 'ReminderSchedule',
      methods: {
        follow: async (actor) => {
          await actor.follow();
          return {};
        },
      },
      activate(id) {
        const userId = parseReminderScheduleId(id);
        if (userId === null) throw new TodoError('not_found', 'There is no such user.');
        return new ReminderSchedule(parts, userId);
      },
      reminder: (actor) => actor.tick(),
      timer: (actor, { name }) => actor.timer(name),
      deactivate: (actor) => actor.disarm(),
    }),
  );

  return {
    sweep: () => sweep.request(),
    clockWasSet() {
      armed.clearAll();
      sweep.request();
    },
    async stop() {
      await Promise.all([sweep.stop(), due.stop()]);
      await firing.idle();
    },
  };
}
