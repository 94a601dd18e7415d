import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Broker } from '../../actors/relay/pace.js';
import { Relay } from '../../actors/relay/relay.js';
import { TaskActor } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { topics, type Topic } from '../../domain/events/topics.js';
import { createPool } from '../../runtime/postgres/pool.js';
import type { TestDatabase } from './postgres.js';
import { until } from './until.js';

const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });

export interface RelayProcessOptions {
  /** Default: in-memory. */
  readonly broker?: Broker;
  /** Default: true. */
  readonly mayLead?: boolean;
}

/** One process with its relay, whose sidecar is a list of what was published. */
export class RelayProcess {
  readonly published = new Map<Topic, CommittedEvent[]>(topics.map((topic) => [topic, []]));
  readonly relay: Relay;
  /** Does what a sidecar does before it takes events; it may throw. */
  refuses: (topic: Topic, events: readonly CommittedEvent[]) => void | Promise<void> = () => undefined;
  private readonly pool: pg.Pool;
  private readonly metrics = new Registry();
  private readonly zones: UserZones;
  private readonly lanes = new UserLanes();

  constructor(
    database: TestDatabase,
    readonly name: string,
    { broker = 'in-memory', mayLead = true }: RelayProcessOptions = {},
  ) {
    this.pool = createPool(database.url, { max: 4, applicationName: name, log });
    this.zones = new UserZones(this.pool);
    this.relay = new Relay({
      pool: this.pool,
      log,
      metrics: this.metrics,
      broker,
      mayLead,
      publish: async (topic, events) => {
        await Promise.resolve();
        await this.refuses(topic, events);
        this.published.get(topic)?.push(...events);
      },
    });
  }

  /** Commits as many creates of a user, as the actors of this process do. */
  async commit(userId: string, count = 1, tell = true): Promise<void> {
    const committed = tell ? (event: CommittedEvent) => this.relay.committed(event) : () => undefined;
    for (let made = 0; made < count; made += 1) {
      const actor = new TaskActor(
        { pool: this.pool, zones: this.zones, lanes: this.lanes, now: () => new Date(), committed },
        userId,
        randomUUID(),
      );
      const fields = {
        title: 'Task',
        description: '',
        priority: 'none',
        tags: [],
        due_date: null,
        time_zone: 'UTC',
        recurrence: null,
        reminders: [],
      } as const;
      const turn = { actorId: '', signal: new AbortController().signal, throwIfAborted: () => undefined };
      await actor.execute(
        { command: { op: 'create', fields }, actor: 'rest', command_id: randomUUID(), idempotency: null },
        turn,
      );
    }
  }

  seqs(userId: string, topic: Topic = 'task-events'): number[] {
    return (this.published.get(topic) ?? []).filter((event) => event.user_id === userId).map((event) => event.seq);
  }

  /** A figure of its metrics: `todo_relay_…`. */
  async figure(name: string): Promise<number> {
    return (await this.metrics.getSingleMetric(`todo_relay_${name}`)?.get())?.values[0]?.value ?? NaN;
  }

  async leads(): Promise<boolean> {
    return (await this.figure('leads')) === 1;
  }

  async untilItLeads(): Promise<this> {
    await until(`${this.name} leads`, () => this.leads());
    return this;
  }

  /** Ends as a killed process does: its connections break, nothing is written any more. */
  async die(database: TestDatabase): Promise<void> {
    await database.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      this.name,
    ]);
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.pool.end();
  }
}
