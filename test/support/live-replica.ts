import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { CommittedEvent } from '../../domain/events/event.js';
import { createTokenIssuer } from '../../runtime/auth/issue-token.js';
import { createTokenVerifier } from '../../runtime/auth/token-verifier.js';
import { readConfig } from '../../runtime/config.js';
import { createPublicDoor, type OpenPublicDoor } from '../../runtime/public-door.js';
import type { Dapr, StartedRole, Subscriber } from '../../runtime/role.js';
import { liveLimits, type LiveLimits } from '../../subscribers/websocket/limits.js';
import { startWebSocket } from '../../subscribers/websocket/role.js';
import { eventAt, eventsOf } from './events.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';
import { until } from './until.js';

const keys = generateKeyPairSync('ed25519');
const issue = createTokenIssuer('test', 'test', { ...keys, id: 'test' });
/** It would make up, seconds later, for whatever else does not work. */
const noComparison = { compareEveryMs: 3_600_000 };
const unused = (): never => {
  throw new Error('the live feed does not need this');
};

/** A token as the replicas take it. */
export function liveToken(user: string, expiresInSeconds = 3600): Promise<string> {
  return issue({ user, expiresInSeconds });
}

/** The actors role as the live feed sees it. Replicas share it, as they share the database. */
export class PlayedActors {
  /** After which seqs pages were read. */
  readonly reads: number[] = [];
  /** Of which users was asked where they stand. */
  readonly questions: string[][] = [];
  /** Answers wait for this. */
  answering: Promise<unknown> | undefined;
  private readonly committed = new Map<string, readonly CommittedEvent[]>();

  /** Commits a user's events from `first` to `last`. */
  commit(user: string, first: number, last = first): void {
    this.committed.set(user, [...this.eventsOf(user), ...eventsOf(user, first, last)]);
  }
  /** Puts a history in place of what was committed. */
  have(user: string, events: readonly CommittedEvent[]): void {
    this.committed.set(user, events);
  }

  readonly invoke: Dapr['invoke'] = async (_role, method, body) => {
    if (method === 'seqs-of-users') {
      const { user_ids } = body as { user_ids: string[] };
      this.questions.push(user_ids);
      const answer = user_ids.map((user_id) => ({ user_id, seq: this.eventsOf(user_id).length }));
      await this.answering;
      return answer;
    }
    const { user_id, after, limit } = body as { user_id: string; after: number; limit: number };
    this.reads.push(after);
    await this.answering;
    return this.eventsOf(user_id)
      .filter((event) => event.seq > after)
      .slice(0, limit);
  };

  private eventsOf(user: string): readonly CommittedEvent[] {
    return this.committed.get(user) ?? [];
  }
}

export interface ReplicaOptions {
  readonly limits?: Partial<LiveLimits>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** The websocket role on a real server of its own; the test plays daprd. */
export class LiveReplica {
  private readonly clients: LiveClient[] = [];

  private constructor(
    readonly url: string,
    /** What daprd delivers to. */
    readonly bus: Subscriber,
    private readonly role: StartedRole,
    private readonly door: OpenPublicDoor,
    private readonly metrics: Registry,
  ) {}

  static async start(actors: PlayedActors, { limits, now = Date.now }: ReplicaOptions = {}): Promise<LiveReplica> {
    const metrics = new Registry();
    const door = createPublicDoor();
    const buses: Subscriber[] = [];
    const role = startWebSocket(
      {
        config: readConfig({}, []),
        log: pino({ level: 'silent' }),
        metrics,
        get pool() {
          return unused();
        },
        dapr: {
          command: unused,
          publish: unused,
          invoke: actors.invoke,
          get actors() {
            return unused();
          },
        },
        get clock() {
          return unused();
        },
        tokens: createTokenVerifier({ issuer: 'test', audience: 'test', key: keys.publicKey }),
        publicDoor: door,
        appDoor: {
          method: unused,
          binding: unused,
          actorType: unused,
          subscribe: (_role, _topic, subscriber) => void buses.push(subscriber),
        },
        isReady: unused,
      },
      { limits: { ...liveLimits, ...noComparison, ...limits }, now },
    );
    const [bus = unused()] = buses;
    return new LiveReplica(await door.listen(0, '127.0.0.1'), bus, role, door, metrics);
  }

  /** Connects a client, whatever becomes of it. */
  async connect(user: string, { token, ...options }: LiveClientOptions & { token?: string } = {}): Promise<LiveClient> {
    const headers = { authorization: `Bearer ${token ?? (await liveToken(user))}` };
    const client = new LiveClient(this.url, { headers, ...options });
    this.clients.push(client);
    return client;
  }
  /** Connects a client and waits for its first frame. */
  async open(user: string, options: LiveClientOptions & { token?: string } = {}): Promise<LiveClient> {
    const client = await this.connect(user, options);
    await until('the first frame', () => client.frames.length > 0);
    return client;
  }
  /** Delivers events of a user; whether they are committed is another matter. */
  async deliver(user: string, ...seqs: number[]): Promise<void> {
    await this.bus.receive(seqs.map((seq) => eventAt(user, seq)));
  }
  /** As operators see it. */
  async metric(name: 'todo_live_connections' | 'todo_live_too_slow_total'): Promise<number> {
    const metric = await this.metrics.getSingleMetric(name)?.get();
    return metric?.values[0]?.value ?? NaN;
  }
  connections(): Promise<number> {
    return this.metric('todo_live_connections');
  }
  letGo(): void {
    for (const client of this.clients.splice(0)) client.socket.terminate();
  }
  /** Stops the role; the server goes on. */
  async stop(): Promise<void> {
    await this.role.stop();
  }
  async remove(): Promise<void> {
    this.letGo();
    await this.role.stop();
    await this.door.close();
  }
}
