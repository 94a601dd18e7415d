import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CommunicationProtocolEnum, DaprClient, HttpMethod } from '@dapr/dapr';
import { Pool } from 'undici';
import { TodoError, errorTable, fromProblem, type Problem } from '../domain/errors.js';
import type { CommittedEvent } from '../domain/events/event.js';
import type { Topic } from '../domain/events/topics.js';
import type { CommandEnvelope, CommandResult, SentCommand } from '../domain/task/commands.js';
import { taskActorId } from '../domain/task/actor-id.js';
import { toBatches } from './event-batch.js';
import type { Dapr, RoleName } from './role.js';

/** How long a command may take in all, tries included; then its outcome is unknown. */
const commandTimeoutMs = 5_000;
const invokeTimeoutMs = 5_000;
const publishTimeoutMs = 10_000;
const firstPauseMs = 50;
const pubsubName = 'pubsub';

/** Where the sidecar is, and which app runs each role. */
export interface Sidecar {
  readonly httpPort: number;
  readonly apiToken: string;
  readonly appIdOf: (role: RoleName) => string;
}

/** The one place that talks to daprd. */
export class SidecarClient implements Dapr {
  private readonly sdk: DaprClient;
  private readonly pool: Pool;
  /** The same events go to several topics: their messages are made once. */
  private readonly batches = new WeakMap<readonly CommittedEvent[], ReturnType<typeof toBatches>>();

  constructor(private readonly sidecar: Sidecar) {
    this.sdk = new DaprClient({
      daprHost: '127.0.0.1',
      daprPort: String(sidecar.httpPort),
      communicationProtocol: CommunicationProtocolEnum.HTTP,
      daprApiToken: sidecar.apiToken,
      logger: { service: silent },
    });
    // The SDK's actor client loses the status and the header that carry a refusal, and costs several times as much.
    this.pool = new Pool(`http://127.0.0.1:${sidecar.httpPort}`, { connections: 128, pipelining: 1 });
  }

  /** Waits until the sidecar answers. */
  async start(): Promise<void> {
    await this.sdk.start();
  }

  async stop(): Promise<void> {
    await this.pool.close();
    await this.sdk.stop();
  }

  /**
   * Sends a command to a task's actor. A try that got no answer is repeated under the same command id, which the actor
   * recognises, until the time is up.
   */
  async command(userId: string, taskId: string, envelope: CommandEnvelope): Promise<CommandResult> {
    const path = `/v1.0/actors/Task/${taskActorId(userId, taskId)}/method/execute`;
    const sent: SentCommand = { ...envelope, command_id: randomUUID() };
    const body = JSON.stringify(sent);
    const deadline = Date.now() + commandTimeoutMs;
    for (let pause = firstPauseMs; ; pause *= 2) {
      const result = await this.tryCommand(path, body, deadline - Date.now());
      if (result) return result;
      if (Date.now() + pause >= deadline) {
        throw new TodoError(
          'unavailable',
          'The task did not answer in time. Whether the command was carried out is not known; repeat it with the same Idempotency-Key.',
        );
      }
      await delay(pause);
    }
  }

  /** @returns null when the sidecar did not answer, or not for the actor */
  private async tryCommand(path: string, body: string, timeoutMs: number): Promise<CommandResult | null> {
    let answer: unknown;
    try {
      const response = await this.pool.request({
        path,
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'dapr-api-token': this.sidecar.apiToken },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      answer = await response.body.json();
      if (response.statusCode !== 200) return null;
      if (response.headers['x-daprerrorresponseheader'] === undefined) return answer as CommandResult;
    } catch {
      // No connection, no answer in time, or not JSON: nothing is known of the outcome.
      return null;
    }
    throw asError(answer);
  }

  async invoke(role: RoleName, method: string, body: unknown): Promise<unknown> {
    try {
      return await inTime(
        this.sdk.invoker.invoke(
          this.sidecar.appIdOf(role),
          `roles/${method}`,
          HttpMethod.POST,
          body as object,
        ),
        invokeTimeoutMs,
      );
    } catch (error) {
      throw invocationError(error, role);
    }
  }

  async publish(topic: Topic, events: readonly CommittedEvent[]): Promise<void> {
    let batches = this.batches.get(events);
    if (!batches) this.batches.set(events, (batches = toBatches(events)));
    for (const batch of batches) {
      const { error } = await inTime(
        this.sdk.pubsub.publish(pubsubName, topic, batch, { contentType: 'application/cloudevents+json' }),
        publishTimeoutMs,
      );
      if (error) throw error;
    }
  }
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

function asError(answer: unknown): TodoError {
  const isProblem =
    typeof answer === 'object' &&
    answer !== null &&
    'code' in answer &&
    'detail' in answer &&
    String(answer.code) in errorTable;
  return isProblem
    ? fromProblem(answer as Problem)
    : new TodoError('unavailable', 'The sidecar answered without an answer of the program.');
}
