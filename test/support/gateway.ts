import { generateKeyPairSync, randomUUID } from 'node:crypto';
import pg, { type Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Turn } from '../../actors/host/actor.js';
import { TaskActor, type TaskActorParts } from '../../actors/task/task-actor.js';
import { UserLanes } from '../../actors/task/user-lanes.js';
import { UserZones } from '../../actors/task/user-zones.js';
import type { CommandEnvelope, CommandResult } from '../../domain/task/commands.js';
import type { Task } from '../../domain/task/task.js';
import type { GatewayContext } from '../../gateway/context.js';
import { startGateway } from '../../gateway/role.js';
import { createTokenIssuer } from '../../runtime/auth/issue-token.js';
import { systemClock } from '../../runtime/clock.js';
import { createTokenVerifier } from '../../runtime/auth/token-verifier.js';
import type { Scope } from '../../runtime/auth/verify-token.js';
import { createPublicDoor } from '../../runtime/public-door.js';
import { request, type Reply, type RequestOptions } from './http.js';

/** One command as the gateway sent it. */
export interface SentToDapr {
  readonly userId: string;
  readonly taskId: string;
  readonly envelope: CommandEnvelope;
}

export interface CallOptions extends RequestOptions {
  /** Default alice; `''` sends no token. */
  readonly user?: string;
  readonly scopes?: readonly Scope[];
}

/** A gateway on a real HTTP server. */
export interface TestGateway {
  readonly url: string;
  readonly metrics: Registry;
  token(user: string, scopes?: readonly Scope[]): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  /** Default: one that reaches nothing. */
  readonly pool?: Pool;
  readonly command?: GatewayContext['dapr']['command'];
  readonly invoke?: GatewayContext['dapr']['invoke'];
  readonly isReady?: () => Promise<boolean>;
}

const unexpected = (): Promise<never> => Promise.reject(new Error('not expected to be called'));

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const {
    pool = new pg.Pool({ host: '127.0.0.1', port: 1 }),
    command = unexpected,
    invoke = unexpected,
    isReady = () => Promise.resolve(true),
  } = options;
  const keys = generateKeyPairSync('ed25519');
  const issue = createTokenIssuer('test', 'test', { ...keys, id: 'test' });
  const metrics = new Registry();
  const door = createPublicDoor();
  startGateway({
    config: { metricsPort: undefined, notification: { allowsPrivateTargets: false } },
    pool,
    clock: systemClock,
    dapr: { command, invoke },
    publicDoor: door,
    metrics,
    isReady,
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    tokens: createTokenVerifier({ issuer: 'test', audience: 'test', key: keys.publicKey }),
  });
  const url = await door.listen(0, '127.0.0.1');
  const tokens = new Map<string, Promise<string>>();
  const token = (user: string, scopes: readonly Scope[] = ['tasks:read', 'tasks:write']): Promise<string> => {
    const name = JSON.stringify([user, scopes]);
    const made = tokens.get(name) ?? issue({ user, scopes, expiresInSeconds: 3600 });
    tokens.set(name, made);
    return made;
  };

  return {
    url,
    metrics,
    token,
    async call(method, path, { user = 'alice', scopes, ...options } = {}) {
      return await request(method, url + path, user === '' ? null : await token(user, scopes), options);
    },
    close: () => door.close(),
  };
}

/** Carries commands out as the actors do, on the database, without Dapr in between. */
export function actorsOn(pool: Pool, now: () => Date = () => new Date()): GatewayContext['dapr']['command'] {
  const parts: TaskActorParts = {
    pool,
    zones: new UserZones(pool),
    lanes: new UserLanes(),
    now,
    committed: () => undefined,
  };
  const turn: Turn = { actorId: '', signal: new AbortController().signal, throwIfAborted: () => undefined };
  return (userId, taskId, envelope) =>
    new TaskActor(parts, userId, taskId).execute({ ...envelope, command_id: randomUUID() }, turn);
}

/** A task as an actor would answer it. */
export function someTask(changed: Partial<Task> = {}): Task {
  return {
    id: '01930000-0000-7000-8000-000000000001',
    user_id: 'alice',
    title: 'Pay rent',
    description: '',
    status: 'open',
    priority: 'none',
    tags: [],
    due_date: null,
    time_zone: 'UTC',
    recurrence: null,
    series_id: null,
    occurrence: null,
    occurrence_date: null,
    reminders: [],
    version: 1,
    created_at: '2026-11-24T09:00:00.000Z',
    updated_at: '2026-11-24T09:00:00.000Z',
    completed_at: null,
    ...changed,
  };
}

/** An actor that answers every command with the task given, and keeps what it was sent. */
export function recordingActor(task: Task | null = someTask()): {
  readonly sent: SentToDapr[];
  readonly command: GatewayContext['dapr']['command'];
} {
  const sent: SentToDapr[] = [];
  return {
    sent,
    command: (userId, taskId, envelope): Promise<CommandResult> => {
      sent.push({ userId, taskId, envelope });
      return Promise.resolve({ task, version: task?.version ?? 2, seq: 1, replayed: false });
    },
  };
}
