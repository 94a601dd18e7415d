import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { TodoError, toProblem } from '../../domain/errors.js';
import type { CommandEnvelope, CommandResult, SentCommand } from '../../domain/task/commands.js';
import { SidecarClient } from '../../runtime/dapr-client.js';
import { fromMessage } from '../../runtime/pubsub/event-batch.js';
import { eventsOf, taskAt } from '../support/events.js';
import { signaturesOf } from '../support/signatures.js';

const task = '7b2d6f0e-3c1a-4e0b-9a51-8f4f6f1f2a10';
const complete: CommandEnvelope = {
  command: { op: 'complete', expected_versions: null },
  actor: 'rest',
  idempotency: null,
};
const result: CommandResult = { task: taskAt('alice', 2), version: 2, seq: 2, replayed: false };

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}
interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}
const problem = (error: TodoError): Answer => ({
  status: 200,
  body: toProblem(error),
  headers: { 'x-daprerrorresponseheader': 'true', 'content-type': 'application/problem+json' },
});
async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TodoError)) throw error;
  return `${error.code}: ${error.detail}`;
}

describe('the client of the sidecar', () => {
  let server: Server;
  let client: SidecarClient;
  let asked: Asked[];
  /** What the sidecar answers, one after the other; then the last one again. undefined: it breaks the connection. */
  let answers: (Answer | undefined)[];

  before(async () => {
    server = createServer((request, response) => {
      void (async () => {
        // What the SDK asks before it begins.
        if (request.url?.endsWith('/metadata')) return response.writeHead(200).end('{"id":"todo-chatbot"}');
        asked.push({
          path: request.url ?? '',
          token: request.headers['dapr-api-token']?.toString(),
          body: await text(request),
        });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (!answer) return request.socket.destroy();
        const { status, body, headers = { 'content-type': 'application/json' } } = answer;
        return response.writeHead(status, headers).end(body && JSON.stringify(body));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new SidecarClient({
      apiToken: 'secret',
      appIdOf: () => 'todo-chatbot',
      broker: 'in-memory',
      signatures: signaturesOf(),
    });
    await client.connect((server.address() as AddressInfo).port);
  });
  after(async () => {
    await client.stop();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    [asked, answers] = [[], []];
  });
  const sent = () => asked.map(({ body }) => JSON.parse(body) as SentCommand);

  it('sends a command to the actor of the user and the task, with the API token', async () => {
    answers = [{ status: 200, body: result }];
    expect(await client.command('alice', task, complete)).to.deep.equal(result);
    const actor = `${Buffer.from('alice').toString('base64url')}.${task}`;
    expect(asked[0]).to.include({ path: `/v1.0/actors/Task/${actor}/method/execute`, token: 'secret' });
    expect(sent()[0]).to.deep.include(complete);
    expect(sent()[0]?.is_repeated).to.equal(undefined);
  });

  it('repeats a command that got no answer, marked and under the same id, and gives the answer that comes', async () => {
    answers = [
      undefined,
      { status: 500, body: { errorCode: 'ERR_ACTOR_INVOKE_METHOD' } },
      { status: 200, body: result },
    ];
    expect(await client.command('alice', task, complete)).to.deep.equal(result);
    expect(new Set(sent().map(({ command_id }) => command_id))).to.have.property('size', 1);
    expect(sent().map(({ is_repeated = false }) => is_repeated)).to.deep.equal([false, true, true]);
  });

  it('gives each command an id of its own', async () => {
    answers = [{ status: 200, body: result }];
    await client.command('alice', task, complete);
    await client.command('alice', task, complete);
    expect(new Set(sent().map(({ command_id }) => command_id))).to.have.property('size', 2);
  });

  it("hands on the actor's refusal, which is no reason to try again", async () => {
    answers = [problem(new TodoError('precondition_failed', 'The task is at version 3 now.'))];
    const refused = await refusal(client.command('alice', task, complete));
    expect(refused).to.equal('precondition_failed: The task is at version 3 now.');
    expect(asked).to.have.length(1);
  });

  it('says that the outcome is not known when no try was answered', async () => {
    answers = [undefined];
    expect(await refusal(client.command('alice', task, complete))).to.match(/^unavailable: .*Idempotency-Key/);
    expect(asked.length).to.be.greaterThan(3);
  });

  it('is ready when a command that does nothing comes back', async () => {
    answers = [{ status: 200, body: {} }];
    expect(await client.isReady()).to.equal(true);
    for (const down of [undefined, { status: 500, body: {} }, problem(new TodoError('unavailable', 'no database'))]) {
      answers = [down];
      expect(await client.isReady()).to.equal(false);
    }
  });

  it('asks other roles through the sidecar, and hands on what they refuse', async () => {
    answers = [{ status: 200, body: { seq: 7 } }];
    expect(await client.invoke('actors', 'user-seq', { user_id: 'alice' })).to.deep.equal({ seq: 7 });
    expect(asked[0]).to.include({ path: '/v1.0/invoke/todo-chatbot/method/roles/user-seq', token: 'secret' });
    const { body, status } = { body: toProblem(TodoError.invalid('/after', 'must be >= 0')), status: 422 };
    answers = [{ status, body }];
    expect(await refusal(client.invoke('actors', 'events', {}))).to.equal('invalid: must be >= 0');
    for (const down of [undefined, { status: 500, body: { errorCode: 'ERR_DIRECT_INVOKE' } }]) {
      answers = [down];
      expect(await refusal(client.invoke('actors', 'events', {}))).to.match(/^unavailable: /);
    }
  });

  it('publishes events in one message, and fails when the sidecar does not take it', async () => {
    answers = [{ status: 204 }];
    const events = eventsOf('alice', 1, 3);
    await client.publish('task-audit', events);
    expect(asked).to.have.length(1);
    expect(asked[0]?.path).to.match(/^\/v1\.0\/publish\/pubsub\/task-audit/);
    expect(fromMessage(JSON.parse(asked[0]?.body ?? ''))).to.deep.equal(events);
    answers = [{ status: 500, body: { errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' } }];
    const failed = await client.publish('task-audit', events).then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
  });
});
