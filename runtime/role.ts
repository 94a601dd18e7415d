import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type Koa from 'koa';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CommittedEvent } from '../domain/events/event.js';
import type { Topic } from '../domain/events/topics.js';
import type { CommandEnvelope, CommandResult } from '../domain/task/commands.js';
import type { ActorType } from '../actors/host/actor.js';
import type { TokenVerifier } from './auth/verify-token.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { ActorCalls } from './dapr/actor-calls.js';

/** What every role is given. A role takes what it needs, mounts its routes and subscriptions, and tells how to stop it. */
export interface RoleContext {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly pool: Pool;
  readonly dapr: Dapr;
  /** What time it is for tasks; nothing that users see goes by another. */
  readonly clock: Clock;
  readonly tokens: TokenVerifier;
  /** The HTTP server that people and programs reach. */
  readonly publicDoor: PublicDoor;
  /** The HTTP server that only daprd reaches, with the app API token. */
  readonly appDoor: AppDoor;
  /** True when a command would succeed. */
  readonly isReady: () => Promise<boolean>;
}

export interface PublicDoor {
  /** The gateway mounts its middleware and routes here. */
  readonly app: Koa;
  /** Takes WebSocket upgrades of one path; the handler owns the socket. */
  onUpgrade(path: string, handler: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
}

export interface AppDoor {
  /** Methods for service invocation: what other roles may ask of this one. Body and answer are JSON. */
  method(name: string, handler: (body: unknown) => Promise<unknown>): void;
  /** A topic that a role follows. */
  subscribe(role: RoleName, topic: Topic, subscriber: Subscriber): void;
  /** An input binding, called for each of its ticks. */
  binding(name: string, handler: () => Promise<void>): void;
  actorType(type: ActorType): void;
}

export interface Subscriber {
  /** How long an event of Kafka's may wait for others of its partition, to come with them, in milliseconds (10). */
  readonly mostWaitMs?: number;
  /**
   * Takes events: any number of times each, and in any order. Resolves once the effect of all of them is durable; a
   * rejection has them delivered again.
   */
  receive(events: readonly CommittedEvent[]): Promise<void>;
  /** Called when events may have been lost on their way: a sidecar begins its work, or a message is missing. */
  catchUp(): void;
}

/** The sidecar as the roles see it. */
export interface Dapr {
  /**
   * Sends a command to the actor of a task.
   * @throws TodoError the actor's own, or `unavailable` when no answer came in time: the outcome is unknown then
   */
  command(userId: string, taskId: string, envelope: CommandEnvelope): Promise<CommandResult>;
  /** Calls of other actors, and what an actor asks of its own sidecar. */
  readonly actors: ActorCalls;
  /** Asks another role by service invocation. @throws TodoError likewise */
  invoke(role: RoleName, method: string, body: object): Promise<unknown>;
  /**
   * Publishes committed events of any users to a topic, each user's in the order given; resolves when the broker has all
   * of them. On Kafka a user's events go one after the other, each after the acknowledgement of the one before. Without
   * events it sends an empty message, by which the subscribers of in-memory pub/sub see whether they missed the last ones.
   */
  publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void>;
}

export const roleNames = ['gateway', 'actors', 'audit', 'notification', 'recurrence', 'websocket'] as const;
export type RoleName = (typeof roleNames)[number];

export interface StartedRole {
  /** Ends the role: no new work, running work ends, what it opened is closed. */
  stop(): Promise<void>;
}

export type StartRole = (context: RoleContext) => Promise<StartedRole> | StartedRole;
