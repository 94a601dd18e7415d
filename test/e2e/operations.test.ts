import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import type { Reply } from '../support/http.js';
import { responseSchema, type OpenApi } from '../support/openapi.js';
import { sharedSystem } from '../support/system.js';

describe('what operators ask', () => {
  const system = sharedSystem();
  const ask = (path: string): Promise<Reply> => system().request('GET', path, null);

  it('/healthz and /readyz say ok, without a token', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const reply = await ask(path);
      expect([reply.status, reply.json]).to.deep.equal([200, { status: 'ok' }]);
    }
  });

  it('/metrics has the figures of the process, of requests, turns, the relay, the log and the live feed', async () => {
    const alice = await system().newUser();
    await alice.create({ title: 'Pay rent' });
    const text = await system().metrics();
    for (const name of [
      'process_resident_memory_bytes',
      'todo_http_request_duration_seconds_count{method="POST",route="/v1/tasks",status="201"}',
      'todo_relay_events_published_total',
      'todo_live_connections',
      'todo_audit_lag_seconds',
    ]) {
      expect(text, name).to.include(name);
    }
    expect(text, 'of turns').to.match(/^todo_actor_\w+.*Task.*execute/m);
    expect(text, 'nothing of a user').not.to.include(alice.id);
  });

  describe('/openapi.json', () => {
    let document: OpenApi;
    before(async () => {
      document = (await ask('/openapi.json')).json as OpenApi;
    });

    it('is OpenAPI 3.1, and each call that needs a token says which scope', () => {
      expect(document.openapi).to.match(/^3\.1\./);
      for (const [path, item] of Object.entries(document.paths)) {
        for (const [method, { security }] of Object.entries(item)) {
          // A preview changes nothing, though what it is asked does not fit into an address.
          const isRead = method === 'get' || path === '/v1/recurrence/preview';
          const scope = isRead ? 'tasks:read' : 'tasks:write';
          const isOpen = !path.startsWith('/v1/') || path === '/v1/live';
          expect(security, `${method} ${path}`).to.deep.equal(isOpen ? [] : [{ bearer: [scope] }]);
        }
      }
    });

    it('declares what is really answered', async () => {
      const alice = await system().newUser();
      const created = await alice.post('/v1/tasks', {
        title: 'Pay rent',
        recurrence: 'daily',
        reminders: [{ before: 'PT1H' }],
      });
      const id = created.task.id;
      const answers: [string, string, Reply][] = [
        ['post', '/v1/tasks', created],
        ['post', '/v1/tasks', await alice.post('/v1/tasks', {})],
        ['get', '/v1/tasks', await alice.get('/v1/tasks')],
        ['get', '/v1/tasks/{id}', await alice.get(`/v1/tasks/${id}`)],
        ['get', '/v1/tasks/{id}', await alice.get('/v1/tasks/1')],
        ['patch', '/v1/tasks/{id}', await alice.patch(`/v1/tasks/${id}`, { title: 'x' })],
        ['patch', '/v1/tasks/{id}', await alice.patch(`/v1/tasks/${id}`, { title: 'x' }, { 'if-match': '"9"' })],
        ['post', '/v1/tasks/{id}/complete', await alice.post(`/v1/tasks/${id}/complete`)],
        ['post', '/v1/tasks/{id}/reopen', await alice.post(`/v1/tasks/${id}/reopen`)],
        ['delete', '/v1/tasks/{id}', await alice.delete(`/v1/tasks/${id}`)],
        ['get', '/v1/changes', await alice.get('/v1/changes')],
        ['get', '/v1/audit', await alice.get('/v1/audit')],
        ['get', '/v1/me', await alice.get('/v1/me')],
        ['patch', '/v1/me', await alice.patch('/v1/me', { quiet_hours: { start: '22:00', end: '07:00' } })],
        ['get', '/healthz', await ask('/healthz')],
        ['get', '/readyz', await ask('/readyz')],
      ];
      const ajv = addFormats.default(new Ajv2020({ strict: false }));
      for (const [method, path, reply] of answers) {
        const declared = document.paths[path]?.[method]?.responses[reply.status];
        expect(declared, `${method} ${path} ${reply.status}`).to.be.an('object');
        const schema = responseSchema(document, path, method, reply.status);
        if (schema === undefined) expect(reply.text).to.equal('');
        else {
          const isFitting = ajv.compile({ ...schema, components: document.components });
          expect(isFitting(reply.json), `${method} ${path} ${reply.text} ${ajv.errorsText(isFitting.errors)}`).to.equal(
            true,
          );
        }
      }
    });
  });

  it('each answer carries a request id, the one that was sent where it is sound', async () => {
    const reply = await system().request('GET', '/healthz', null, { headers: { 'x-request-id': 'from-a-client.1' } });
    expect(reply.header('x-request-id')).to.equal('from-a-client.1');
    expect((await ask('/healthz')).header('x-request-id')).to.match(/^[\da-f-]{36}$/);
  });

  it('no answer may be sniffed, framed or kept, and none names the program that serves it', async () => {
    const alice = await system().newUser();
    for (const reply of [await ask('/healthz'), await alice.get('/v1/tasks'), await alice.get('/v1/nothing')]) {
      expect(reply.header('x-content-type-options')).to.equal('nosniff');
      expect(reply.header('content-security-policy'))
        .to.include("default-src 'none'")
        .and.include("frame-ancestors 'none'");
      expect(reply.header('cache-control')).to.equal('no-store');
      expect(reply.header('server') ?? reply.header('x-powered-by')).to.equal(null);
    }
  });

  it('/v1/live without an upgrade answers what to do', async () => {
    const alice = await system().newUser();
    const reply = await alice.get('/v1/live');
    expect(reply.refusal).to.equal('426 upgrade_required');
    expect(reply.header('upgrade')).to.equal('websocket');
  });
});
