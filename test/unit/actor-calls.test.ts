import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Pool } from 'undici';
import { TodoError } from '../../domain/errors.js';
import { SidecarActors } from '../../runtime/dapr/actor-calls.js';

interface Asked {
  readonly line: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

const actor = { type: 'ReminderSchedule', id: 'YWxpY2U' };
const path = '/v1.0/actors/ReminderSchedule/YWxpY2U';

describe('what an actor asks of its sidecar', () => {
  let server: Server;
  let http: Pool;
  let actors: SidecarActors;
  let asked: Asked[];
  let answer: { status: number; headers?: Record<string, string>; body?: string };

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        asked.push({
          line: `${request.method} ${request.url}`,
          token: request.headers['dapr-api-token'] as string | undefined,
          body: text === '' ? null : JSON.parse(text),
        });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    http = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    actors = new SidecarActors({ http: () => Promise.resolve(http), apiToken: 'the token' });
  });
  after(() => server.close());
  beforeEach(() => {
    asked = [];
    answer = { status: 204 };
  });

  const refusal = (error: unknown): string => (error instanceof TodoError ? error.code : String(error));

  it('reads and writes its state, in a transaction', async () => {
    expect(await actors.readState(actor, 'schedule')).to.equal(undefined);
    answer = { status: 200, body: '{"entries":[]}' };
    expect(await actors.readState(actor, 'schedule')).to.deep.equal({ entries: [] });
    answer = { status: 204 };
    await actors.writeState(actor, 'schedule', { entries: [] });
    await actors.writeState(actor, 'schedule', null);
    expect(asked).to.deep.equal([
      { line: `GET ${path}/state/schedule`, token: 'the token', body: null },
      { line: `GET ${path}/state/schedule`, token: 'the token', body: null },
      {
        line: `POST ${path}/state`,
        token: 'the token',
        body: [{ operation: 'upsert', request: { key: 'schedule', value: { entries: [] } } }],
      },
      { line: `POST ${path}/state`, token: 'the token', body: [{ operation: 'delete', request: { key: 'schedule' } }] },
    ]);
  });

  it('has reminders to the second and timers to the millisecond, in durations that Go can say', async () => {
    await actors.setReminder(actor, 'wake', { inMs: 90_900, everyMs: 3_600_000 });
    await actors.setReminder(actor, 'wake', { inMs: -5, everyMs: 3_600_000 });
    await actors.setReminder(actor, 'wake', { inMs: 8_000 * 365 * 86_400_000, everyMs: 3_600_000 });
    await actors.setTimer(actor, 'due-7', 1_234.5);
    await actors.deleteReminder(actor, 'wake');
    expect(asked.map(({ line }) => line)).to.deep.equal([
      ...Array.from({ length: 3 }, () => `POST ${path}/reminders/wake`),
      `POST ${path}/timers/due-7`,
      `DELETE ${path}/reminders/wake`,
    ]);
    expect(asked.map(({ body }) => body)).to.deep.equal([
      { dueTime: '90s', period: '3600s' },
      { dueTime: '0s', period: '3600s' },
      { dueTime: `${365 * 86_400}s`, period: '3600s' },
      { dueTime: '1235ms' },
      null,
    ]);
  });

  it('calls another, and gets its answer or its refusal', async () => {
    answer = { status: 200, body: '{"done":true}' };
    expect(await actors.call(actor, 'follow', {})).to.deep.equal({ done: true });
    expect(asked[0]?.line).to.equal(`PUT ${path}/method/follow`);
    const headers = { 'X-DaprErrorResponseHeader': 'true' };
    answer = { status: 200, headers, body: '{"code":"contended","detail":"later"}' };
    expect(refusal(await actors.call(actor, 'follow', {}).catch((error: unknown) => error))).to.equal('contended');
  });

  it('hears of every failure as one that may pass', async () => {
    answer = { status: 500, body: 'no such actor' };
    for (const ask of [
      () => actors.call(actor, 'follow', {}),
      () => actors.readState(actor, 'schedule'),
      () => actors.writeState(actor, 'schedule', {}),
      () => actors.setReminder(actor, 'wake', { inMs: 0, everyMs: 1 }),
      () => actors.setTimer(actor, 'due-7', 0),
      () => actors.deleteReminder(actor, 'wake'),
    ]) {
      expect(refusal(await ask().catch((error: unknown) => error))).to.equal('unavailable');
    }
    await http.close();
    expect(refusal(await actors.readState(actor, 'schedule').catch((error: unknown) => error))).to.equal('unavailable');
  });
});
