import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CommunicationProtocolEnum, DaprClient, HttpMethod } from '@dapr/dapr';
import { Pool } from 'undici';
import { TodoError } from '../domain/errors.js';
import type { CommittedEvent } from '../domain/events/event.js';
import { deadLetterTopic, type Topic } from '../domain/events/topics.js';
import type { CommandEnvelope, CommandResult, SentCommand } from '../domain/task/commands.js';
import { taskActorId } from '../domain/task/actor-id.js';
import { SidecarActors, type ActorCalls } from './dapr/actor-calls.js';
import { asError } from './dapr/refusal.js';
import { BatchPublisher } from './pubsub/batch-publisher.js';
import { BulkPublisher } from './pubsub/bulk-publisher.js';
import type { DeadLetter } from './pubsub/dead-letter.js';
import type { EventSignatures } from './pubsub/event-signatures.js';
import { pubsubName, type Publisher } from './pubsub/publisher.js';
import type { Dapr, RoleName } from './role.js';

/** How long a command may take in all, tries included; then its outcome is unknown. */
const commandTimeoutMs = 5_000;
const readinessTimeoutMs = 1_000;
const invokeTimeoutMs = 5_000;
const publishTimeoutMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 500;
/** Calls of actors at once. More would wait for their turn first, and nothing limits how long. */
const mostCalls = 1_024;

export interface SidecarClientOptions {
  /** What the program proves itself to daprd with. */
  readonly apiToken: string;
  /** Which app runs each role. */
  readonly appIdOf: (role: RoleName) => string;
  /** What the pub/sub component is. */
  readonly broker: 'in-memory' | 'kafka';
  /** Signs what goes to Kafka. */
  readonly signatures: Pick<EventSignatures, 'signer'>;
}

/** The connections to a sidecar, once it runs. */
interface Connection {
  readonly sdk: DaprClient;
  // The SDK's actor client loses the status and the header that carry a refusal, and costs several times as much.
  readonly http: Pool;
}

/** The one place that talks to daprd. It is there before daprd is, and waits for it. */
export class SidecarClient implements Dapr {
  private connection: Connection | undefined;
  private connected: (() => void)[] = [];
  readonly actors: ActorCalls;
  private readonly publisher: Publisher;

  constructor(private readonly options: SidecarClientOptions) {
    this.actors = new SidecarActors({ http: () => this.http(), apiToken: options.apiToken });
    this.publisher =
      options.broker === 'kafka'
        ? new BulkPublisher((topic, body) => this.publishBulk(topic, body), options.signatures)
        : new BatchPublisher((topic, message) => this.publishOne(topic, message, 'application/cloudevents+json'));
  }

  /** Connects to the sidecar; resolves when it answers. */
  async connect(httpPort: number): Promise<void> {
    const sdk = new DaprClient({
      daprHost: '127.0.0.1',
      daprPort: String(httpPort),
      communicationProtocol: CommunicationProtocolEnum.HTTP,
      daprApiToken: this.options.apiToken,
      logger: { service: silent },
    });
    await sdk.start();
    const http = new Pool(`http://127.0.0.1:${httpPort}`, { connections: mostCalls, pipelining: 1 });
    this.connection = { sdk, http };
    for (const resolve of this.connected) resolve();
    this.connected = [];
  }

  async stop(): Promise<void> {
    await this.connection?.http.close();
    await this.connection?.sdk.stop();
  }

  /** True when a command would succeed: one that does nothing has gone all the way to the database and back. */
  async isReady(): Promise<boolean> {
    if (!this.connection) return false;
    const path = actorPath('readiness', '00000000-0000-4000-8000-000000000000', 'ping');
    return (await this.tryActor(path, '{}', readinessTimeoutMs).catch(() => null)) !== null;
  }

  /**
   * Sends a command to a task's actor. A try that got no answer is repeated under the same command id, which the actor
   * recognises, until the time is up.
   */
  async command(userId: string, taskId: string, envelope: CommandEnvelope): Promise<CommandResult> {
    const path = actorPath(userId, taskId, 'execute');
    const sent: SentCommand = { ...envelope, command_id: randomUUID() };
    let body = JSON.stringify(sent);
    const deadline = Date.now() + commandTimeoutMs;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      const result = await this.tryActor(path, body, Math.max(1, deadline - Date.now()));
      // The actor's answer, which nobody else can give.
      if (result) return result as CommandResult;
      if (Date.now() + pause >= deadline) {
        throw new TodoError(
          'unavailable',
          'The task did not answer in time. Whether the command was carried out is not known; repeat it with the same Idempotency-Key.',
        );
      }
      await delay(pause);
      body = JSON.stringify({ ...sent, is_repeated: true });
    }
  }

  /** @returns null when the sidecar did not answer, or not for the actor */
  private async tryActor(path: string, body: string, timeoutMs: number): Promise<object | null> {
    let answer: unknown;
    try {
      if (!this.connection) return null;
      const response = await this.connection.http.request({
        path,
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'dapr-api-token': this.options.apiToken },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      answer = await response.body.json();
      if (response.statusCode !== 200) return null;
      if (response.headers['x-daprerrorresponseheader'] === undefined) return Object(answer) as object;
    } catch {
      // No connection, no answer in time, or not JSON: nothing is known of the outcome.
      return null;
    }
    throw asError(answer);
  }

  async invoke(role: RoleName, method: string, body: object): Promise<unknown> {
    try {
      const invoked = this.sdk().then(({ invoker }) =>
        invoker.invoke(this.options.appIdOf(role), `roles/${method}`, HttpMethod.POST, body),
      );
      return await inTime(invoked, invokeTimeoutMs);
    } catch (error) {
      throw invocationError(error, role);
    }
  }

  publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    return this.publisher.publish(topic, events);
  }

  /** The names of the components that the sidecar has loaded. @throws Error while it does not answer */
  async components(): Promise<string[]> {
    const { metadata } = await this.sdk();
    return (await inTime(metadata.get(), invokeTimeoutMs)).components.map(({ name }) => name);
  }

  /** Ends the sidecar in order. */
  async endSidecar(): Promise<void> {
    const { sidecar } = await this.sdk();
    await inTime(sidecar.shutdown(), invokeTimeoutMs);
  }

  /** Puts a message that cannot be taken on the dead-letter topic of its own topic. */
  async bury(letter: DeadLetter): Promise<void> {
    const metadata = { rawPayload: 'true', ...(letter.key !== null && { partitionKey: letter.key }) };
    await this.publishOne(deadLetterTopic(letter.topic), letter, 'application/json', metadata);
  }

  private async publishOne(
    topic: string,
    message: object,
    contentType: string,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const published = this.sdk().then(({ pubsub }) =>
      pubsub.publish(pubsubName, topic, message, { contentType, metadata }),
    );
    const { error } = await inTime(published, publishTimeoutMs);
    if (error) throw error;
  }

  // The SDK's publishBulk calls a bulk that failed in part a success: it looks for `entryID` where daprd says `entryId`.
  private async publishBulk(topic: string, body: string): Promise<void> {
    await this.sdk();
    const response = await this.connection?.http.request({
      path: `/v1.0-alpha1/publish/bulk/${pubsubName}/${topic}`,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'dapr-api-token': this.options.apiToken },
      body,
      headersTimeout: publishTimeoutMs,
      bodyTimeout: publishTimeoutMs,
    });
    const answer = (await response?.body.text()) ?? '';
    if (response?.statusCode !== 204) {
      throw new TodoError('unavailable', `daprd could not publish to ${topic}: ${answer.slice(0, 500)}`);
    }
  }

  /** The SDK's client, as soon as there is a sidecar. */
  private async sdk(): Promise<DaprClient> {
    return (await this.connections()).sdk;
  }

  private async http(): Promise<Pool> {
    return (await this.connections()).http;
  }

  private async connections(): Promise<Connection> {
    if (!this.connection) await new Promise<void>((resolve) => this.connected.push(resolve));
    return this.connection ?? this.connections();
  }
}

function actorPath(userId: string, taskId: string, method: string): string {
  return `/v1.0/actors/Task/${taskActorId(userId, taskId)}/method/${method}`;
}

const silent = { error() {}, warn() {}, info() {}, verbose() {}, debug() {} };

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TodoError('unavailable', 'The sidecar did not answer in time.'));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The SDK puts status and body of a refusal, as JSON, into the message of its error. */
function invocationError(error: unknown, role: RoleName): TodoError {
  if (error instanceof TodoError) return error;
  try {
    const { error_msg } = JSON.parse(error instanceof Error ? error.message : '') as { error_msg: string };
    return asError(JSON.parse(error_msg));
  } catch {
    return new TodoError('unavailable', `The part "${role}" does not answer at the moment.`, [], { cause: error });
  }
}
