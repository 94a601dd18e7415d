import { expect } from 'chai';
import { defineActorType } from '../../actors/host/actor.js';
import { TodoError } from '../../domain/errors.js';
import { serveActors, type Answer, type ActorHostServer } from '../support/actor-host-server.js';

describe('a call of an actor method', () => {
  let server: ActorHostServer;
  let activated: string[] = [];

  const type = defineActorType({
    name: 'Task',
    activate(id) {
      activated.push(id);
      if (id === 'broken') throw new Error('cannot be made');
      return { id, calls: 0 };
    },
    methods: {
      echo: (actor, body) => ({ id: actor.id, body: body ?? null }),
      count: (actor) => ++actor.calls,
      nothing: () => undefined,
      refuse: () => Promise.reject(new TodoError('precondition_failed', 'It has changed.')),
      invalid: () => {
        throw TodoError.invalid('/title', 'must not be empty');
      },
      fault: () => {
        throw new TypeError('a secret fault');
      },
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a library may do it
      faultOfText: () => Promise.reject('just a text'),
      unprintable: () => ({ value: 1n }),
    },
  });

  beforeEach(async () => {
    activated = [];
    server = await serveActors([type, defineActorType({ name: 'Other', activate: () => ({}), methods: {} })]);
  });
  afterEach(() => server.close());

  const call = (method: string, body?: unknown): Promise<Answer> =>
    server.call('PUT', `/actors/Task/one/method/${method}`, body);

  function expectActorProblem(answer: Answer, code: string, status: number): void {
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('X-DaprErrorResponseHeader')).to.equal('true');
    expect(answer.headers.get('content-type')).to.equal('application/problem+json');
    expect(answer.body).to.include({ code, status });
  }

  it('is answered with exactly 200 and the JSON that the method returned', async () => {
    const answer = await call('echo', { title: 'Zähne 🦷' });
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.equal('application/json');
    expect(answer.headers.get('X-DaprErrorResponseHeader')).to.equal(null);
    expect(answer.body).to.deep.equal({ id: 'one', body: { title: 'Zähne 🦷' } });
  });

  it('may have no body and no result', async () => {
    expect((await call('echo')).body).to.deep.equal({ id: 'one', body: null });
    expect(await call('nothing')).to.deep.include({ status: 200, body: null });
  });

  it('activates the actor at its first use only, and keeps it for the next', async () => {
    expect((await call('count')).body).to.equal(1);
    expect((await call('count')).body).to.equal(2);
    expect(activated).to.deep.equal(['one']);
  });

  it('takes the id and nothing of the query from the URL, unescaped once', async () => {
    const answer = await server.call('PUT', '/actors/Task/a%7C%7Cb%2541/method/echo?x=/../y');
    expect(answer.body).to.deep.include({ id: 'a||b%41' });
  });

  it('takes bodies up to 4 MiB less one byte, and refuses larger ones', async () => {
    const text = 'a'.repeat(4 * 1024 * 1024 - 3);
    expect((await call('echo', `"${text}"`)).body).to.deep.equal({ id: 'one', body: text });
    expectActorProblem(await call('echo', `"${text}" `), 'payload_too_large', 413);
  });

  it('refuses a body that is not JSON, as unreadable', async () => {
    for (const body of ['{', '{"a":1}}', 'undefined', new Uint8Array([0x22, 0xff, 0x22])]) {
      expectActorProblem(await call('echo', body), 'unreadable', 400);
    }
    expect(activated).to.deep.equal([]);
  });

  it('brings the problem of a TodoError to the caller, marked as Dapr wants it', async () => {
    expectActorProblem(await call('refuse'), 'precondition_failed', 412);
    const invalid = await call('invalid');
    expectActorProblem(invalid, 'invalid', 422);
    expect(invalid.body).to.deep.include({ errors: [{ pointer: '/title', detail: 'must not be empty' }] });
    expect(server.logged).to.deep.equal([]);
  });

  it('renders any other fault as internal, tells nothing of it, and logs its stack', async () => {
    for (const method of ['fault', 'faultOfText', 'unprintable']) {
      const answer = await call(method);
      expectActorProblem(answer, 'internal', 500);
      expect(JSON.stringify(answer.body)).not.to.match(/secret|just a text|BigInt/);
    }
    expectActorProblem(await server.call('PUT', '/actors/Task/broken/method/echo'), 'internal', 500);
    expect(server.logged).to.have.length(4);
    expect(server.logged[0]).to.contain('a secret fault').and.contain('actor-host-calls.test');
    expect(server.host.stats()).to.deep.include({ type: 'Task', active: 1, busy: 0, waiting: 0 });
  });

  it('is answered 404 when the actor type has no such method, whatever objects inherit', async () => {
    for (const method of [
      'missing',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'activate',
      'Echo',
      '%E0%A4%A',
    ]) {
      const answer = await call(method);
      expect(answer.status, method).to.equal(404);
      expect(answer.headers.get('X-DaprErrorResponseHeader')).to.equal(null);
    }
    expect(activated).to.deep.equal([]);
  });

  it('is answered 404 when there is no such actor type or no such path', async () => {
    for (const path of [
      '/actors/Missing/one/method/echo',
      '/actors/constructor/one/method/echo',
      '/actors/Task',
      '/actors/',
      '/actors/Task/one/two',
      '/actors/Task//method/echo',
      '/actors/Task/one/method/echo/more',
      '/elsewhere',
    ]) {
      expect((await server.call('PUT', path)).status, path).to.equal(404);
    }
  });

  it('is answered 405 for any other HTTP method', async () => {
    expect((await server.call('POST', '/actors/Task/one/method/echo')).status).to.equal(405);
    expect((await server.call('PUT', '/actors/Task/one')).status).to.equal(405);
    expect((await server.call('DELETE', '/actors/Task/one/method/echo')).status).to.equal(405);
  });

  it('is preceded by the configuration, which names the types and the times in Go durations', async () => {
    const answer = await server.call('GET', '/dapr/config');
    expect(answer.status).to.equal(200);
    expect(answer.body).to.deep.equal(server.host.config());
    expect(answer.body).to.deep.equal({
      entities: ['Task', 'Other'],
      actorIdleTimeout: '60000ms',
      actorScanInterval: '15000ms',
      drainOngoingCallTimeout: '2000ms',
      drainRebalancedActors: true,
      reentrancy: { enabled: false },
    });
  });

  it('goes to one type of a name: two are refused at start', async () => {
    const error = await serveActors([type, type]).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error).with.property('message', 'two actor types are called Task');
  });
});
