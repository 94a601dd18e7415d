import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import type { CallOptions, TestGateway } from '../support/gateway.js';
import { actorsOn, startTestGateway } from '../support/gateway.js';
import { responseSchema, type OpenApi } from '../support/openapi.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('what the gateway answers', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  let document: OpenApi;
  const ajv = new Ajv2020({ allowUnionTypes: true });
  addFormats.default(ajv);
  const answered = new Set<string>();

  before(async () => {
    database = await testDatabase();
    const { pool } = database;
    const entry = {
      seq: 1,
      event_id: crypto.randomUUID(),
      task_id: crypto.randomUUID(),
      version: 1,
      type: 'TASK_CREATED',
      timestamp: new Date().toISOString(),
      actor: 'rest',
      before: null,
      after: null,
      content_hash: '0'.repeat(64),
      hash: '0'.repeat(64),
      previous_hash: '0'.repeat(64),
    };
    const notificationAnswers: Record<string, object> = {
      channels: { channels: [{ channel: 'web_push', available: true, public_key: 'BA' }] },
      'test-channel': { channel: 'log', delivered: true, error: null },
      unsubscribe: {},
    };
    gateway = await startTestGateway({
      pool,
      command: actorsOn(pool),
      invoke: (role, method, body) => {
        if (role === 'notification') return Promise.resolve(notificationAnswers[method]);
        if (role === 'actors' && method === 'zone-changed') return Promise.resolve({});
        expect([role, method]).to.deep.equal(['audit', 'audit-log']);
        expect(body).to.deep.equal({ user_id: 'alice', task_id: null, since: 0, limit: 7 });
        return Promise.resolve({ entries: [entry], next_since: null });
      },
    });
    document = (await gateway.call('GET', '/openapi.json')).json as OpenApi;
    ajv.addVocabulary(['components']);
    ajv.addSchema({ $id: 'doc', components: document.components }, undefined, false);
  });
  after(async () => {
    await gateway.close();
    await database.drop();
  });

  /** Makes the call and checks its answer against what the document declares for it. */
  async function call(method: string, path: string, status: number, suffix = '', options: CallOptions = {}) {
    const address = path.replace('{id}', id).replace('{channel}', 'log');
    const reply = await gateway.call(method, address + suffix, options);
    const name = `${method} ${path} ${status}`;
    expect([name, reply.status]).to.deep.equal([name, status]);
    const declared = document.paths[path]?.[method.toLowerCase()]?.responses[status];
    expect(declared, name).to.be.an('object');
    const contentType = reply.header('content-type')?.split(';')[0];
    const { content } = declared ?? {};
    if (contentType === undefined) expect(content, name).to.equal(undefined);
    else expect(content, name).to.have.property(contentType);
    const schema = /[/+]json$/.test(contentType ?? '')
      ? responseSchema(document, path, method.toLowerCase(), status)
      : undefined;
    if (schema) {
      const text = JSON.stringify(schema).replaceAll('"#/components', '"doc#/components');
      const isValid = ajv.validate(JSON.parse(text) as object, reply.json);
      expect(isValid, `${name}: ${ajv.errorsText()} ${reply.text}`).to.equal(true);
    }
    if (status < 400) answered.add(`${method.toLowerCase()} ${path} ${status}`);
    return reply;
  }
  const exampleOf = (path: string, method: string, type: string): unknown =>
    document.paths[path]?.[method]?.requestBody?.content[type]?.example;
  let id = '01930000-0000-7000-8000-00000000dead';

  it('is as the document declares, for every call, its refusals too', async () => {
    const body = {
      title: 'All',
      recurrence: 'weekly',
      due_date: '2026-11-30',
      tags: ['a'],
      reminders: [{ before: 'P1D' }, { at: '2026-11-29T18:00' }],
    };
    const task = '/v1/tasks/{id}';
    for (const [method, path] of [
      ['GET', task],
      ['DELETE', task],
      ['POST', `${task}/complete`],
    ] as const) {
      await call(method, path, 404);
      await call(method, path, 401, '', { user: '' });
      await call(method, path, 403, '', { scopes: [] });
    }
    await call('POST', '/v1/tasks', 201, '', { body: exampleOf('/v1/tasks', 'post', 'application/json') });
    id = (await call('POST', '/v1/tasks', 201, '', { body })).task.id;
    await call('POST', '/v1/tasks', 422, '', { body: {} });
    await call('POST', '/v1/tasks', 400, '', { body: '{' });
    await call('POST', '/v1/tasks', 415, '', { body, headers: { 'content-type': 'text/plain' } });
    await call('POST', '/v1/tasks', 413, '', { body: 'x'.repeat(1_100_000) });
    await call('GET', '/v1/tasks', 200, '?limit=1');
    await call('GET', '/v1/tasks', 422, '?limit=0');
    await call('GET', task, 200);
    await call('GET', task, 304, '', { headers: { 'if-none-match': '"1"' } });
    await call('PATCH', task, 200, '', { body: { due_date: '2026-11-30T09:00' } });
    await call('GET', `${task}/occurrences`, 200, '?count=2');
    const preview = '/v1/recurrence/preview';
    await call('POST', preview, 200, '', { body: exampleOf(preview, 'post', 'application/json') });
    await call('POST', preview, 422, '', { body: { rule: 'FREQ=SOMETIMES', due_date: '2026-11-30' } });
    for (const type of ['application/json', 'application/merge-patch+json']) {
      const headers = { 'content-type': type };
      await call('PATCH', task, 200, '', { body: exampleOf(task, 'patch', type), headers });
      await call('PATCH', '/v1/me', 200, '', { body: exampleOf('/v1/me', 'patch', type), headers });
    }
    await call('PATCH', task, 412, '', { body: { title: 'x' }, headers: { 'if-match': '"9"' } });
    await call('POST', `${task}/complete`, 200);
    await call('POST', `${task}/reopen`, 200);
    await call('POST', `${task}/skip`, 200);
    await call('DELETE', task, 204);
    await call('GET', `${task}/occurrences`, 404);
    await call('GET', '/v1/changes', 200);
    await call('GET', '/v1/audit', 200, '?limit=7');
    await call('GET', '/v1/reminders', 200);
    await call('GET', '/v1/me', 200);
    await call('GET', '/v1/me/channels', 200);
    await call('POST', '/v1/me/channels/{channel}/test', 200);
    await call('GET', '/unsubscribe', 200, '?token=a.b', { user: '' });
    await call('POST', '/unsubscribe', 200, '?token=a.b', { user: '' });
    const todo =
      'BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nSUMMARY:a\nLOCATION:b\nEND:VTODO\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n';
    for (const accept of ['application/json', 'application/x-ndjson']) {
      await call('POST', '/v1/import', 200, '', { body: todo, headers: { 'content-type': 'text/calendar', accept } });
    }
    for (const accept of ['text/calendar', 'text/csv', 'application/x-ndjson']) {
      await call('GET', '/v1/export', 200, '', { headers: { accept } });
    }
    await call('GET', '/v1/export', 406, '', { headers: { accept: 'image/png' } });
    await call('GET', '/v1/live', 426);
    for (const path of ['/openapi.json', '/healthz', '/readyz', '/metrics']) await call('GET', path, 200);

    const declared = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses)
          .filter((status) => Number(status) >= 200 && Number(status) < 400)
          .map((status) => `${method} ${path} ${status}`),
      ),
    );
    expect([...answered]).to.have.members(declared);
  });

  it('carries what keeps browsers from doing anything with it, and a name for the request', async () => {
    const reply = await gateway.call('GET', '/v1/tasks', { headers: { 'x-request-id': 'trace-1' } });
    expect(reply.header('x-content-type-options')).to.equal('nosniff');
    expect(reply.header('content-security-policy')).to.equal("default-src 'none'; frame-ancestors 'none'");
    expect(reply.header('cache-control')).to.equal('no-store');
    expect(reply.header('x-request-id')).to.equal('trace-1');
    const odd = await gateway.call('GET', '/nowhere', { headers: { 'x-request-id': 'a b"<' } });
    expect(odd.header('x-request-id')).to.match(/^[\da-f-]{36}$/);
  });

  it('is not ready while commands would fail', async () => {
    let isReady = false;
    const other = await startTestGateway({ pool: database.pool, isReady: () => Promise.resolve(isReady) });
    const reply = await other.call('GET', '/readyz', { user: '' });
    expect([reply.status, reply.problem.code]).to.deep.equal([503, 'unavailable']);
    expect(reply.header('retry-after')).not.to.equal(null);
    expect((await other.call('GET', '/healthz', { user: '' })).status).to.equal(200);
    isReady = true;
    expect((await other.call('GET', '/readyz', { user: '' })).status).to.equal(200);
    await other.close();
  });

  it('is counted by route, not by address', async () => {
    await gateway.call('GET', `/v1/tasks/${id}`);
    await gateway.call('GET', '/secret-token');
    const { text } = await gateway.call('GET', '/metrics', { user: '' });
    expect(text).to.match(
      /^todo_http_request_duration_seconds_count\{method="GET",route="\/v1\/tasks\/:id",status="404"\}/m,
    );
    expect(text).not.to.include('secret-token');
  });
});
