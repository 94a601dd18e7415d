import { expect } from 'chai';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { toCloudEvent } from '../../domain/events/cloud-event.js';
import type { CommittedEvent } from '../../domain/events/event.js';
import { TodoError } from '../../domain/errors.js';
import { createAppDoor, type OpenAppDoor } from '../../runtime/app-door.js';
import { emptyBatch, toBatches } from '../../runtime/pubsub/event-batch.js';
import { MessageNumbers } from '../../runtime/pubsub/message-numbers.js';
import { createSingleDeliveries } from '../../runtime/pubsub/single-deliveries.js';
import { eventsOf } from '../support/events.js';

describe("daprd's door", () => {
  let door: OpenAppDoor;
  let url: string;
  let received: CommittedEvent[];
  let caughtUp: number;
  /** How the next call ends; undefined: well. */
  let failure: Error | undefined;

  const work = <T>(result: T): Promise<T> => (failure ? Promise.reject(failure) : Promise.resolve(result));

  before(async () => {
    const log = pino({ level: 'silent' });
    const deliveries = createSingleDeliveries(log);
    door = createAppDoor({ appToken: 'secret', log, metrics: new Registry(), deliveries });
    door.subscribe('audit', 'task-audit', {
      receive: (events) => work(void received.push(...events)),
      catchUp: () => void (caughtUp += 1),
    });
    door.method('echo', (body) => work({ body }));
    door.binding('cron-reminders', () => work(undefined));
    url = `http://127.0.0.1:${await door.listen()}`;
  });
  after(() => door.close());
  beforeEach(() => {
    [received, caughtUp, failure] = [[], 0, undefined];
  });

  async function call(method: string, path: string, body?: string | object, token = 'secret') {
    const response = await fetch(url + path, {
      method,
      headers: { 'dapr-api-token': token },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), text };
  }

  it('is closed to all who do not carry the app token, but for the health probe', async () => {
    const paths = [
      '/dapr/config',
      '/dapr/subscribe',
      '/events/audit/task-audit',
      '/roles/echo',
      '/cron-reminders',
      '/x',
    ];
    for (const path of paths) {
      expect(await call('POST', path, '{}', 'guess'), path).to.include({ status: 401 });
    }
    expect(await call('GET', '/healthz', undefined, 'guess')).to.include({ status: 200 });
    expect({ received, caughtUp }).to.deep.equal({ received: [], caughtUp: 0 });
  });

  it('tells which topics are followed, and has each subscriber look for what it missed', async () => {
    const { text } = await call('GET', '/dapr/subscribe');
    expect(JSON.parse(text)).to.deep.equal([
      { pubsubname: 'pubsub', topic: 'task-audit', route: '/events/audit/task-audit' },
    ]);
    expect(caughtUp).to.equal(1);
  });

  it('hands a message on to each of the roles that follow its topic, and asks for it again until all have it', async () => {
    const second = { received: [] as CommittedEvent[], caughtUp: 0, failure: undefined as Error | undefined };
    door.subscribe('recurrence', 'task-audit', {
      receive(events) {
        if (second.failure) return Promise.reject(second.failure);
        second.received.push(...events);
        return Promise.resolve();
      },
      catchUp: () => void (second.caughtUp += 1),
    });
    expect(JSON.parse((await call('GET', '/dapr/subscribe')).text)).to.have.length(1);
    expect([caughtUp, second.caughtUp]).to.deep.equal([1, 1]);
    const [event] = eventsOf('alice', 1, 1);
    const [message] = toBatches([event!]);
    for (const [error, status] of [
      [new Error('the database is away'), 'RETRY'],
      [new TodoError('invalid', 'never'), 'DROP'],
      [undefined, 'SUCCESS'],
    ] as const) {
      second.failure = error;
      expect((await call('POST', '/events/audit/task-audit', message)).text).to.equal(JSON.stringify({ status }));
    }
    expect(received, 'each time').to.deep.equal([event, event, event]);
    expect(second.received).to.deep.equal([event]);
    const numbers = new MessageNumbers();
    numbers.next(emptyBatch());
    await call('POST', '/events/audit/task-audit', numbers.next(emptyBatch()));
    expect([caughtUp, second.caughtUp], 'after a gap').to.deep.equal([2, 2]);
  });

  it('hands on the events of a message, many or one, and says that they are taken', async () => {
    const events = eventsOf('alice', 1, 3);
    expect(await call('POST', '/events/audit/task-audit', toBatches(events)[0])).to.include({
      text: '{"status":"SUCCESS"}',
    });
    expect(await call('POST', '/events/audit/task-audit', toCloudEvent(events[0]!))).to.include({ status: 200 });
    expect(received).to.deep.equal([...events, events[0]]);
  });

  it('has a subscriber look for what it missed when a message does not arrive', async () => {
    const numbers = new MessageNumbers();
    const [first, , third] = eventsOf('alice', 1, 3).map((event) =>
      toBatches([event]).map((batch) => numbers.next(batch)),
    );
    await call('POST', '/events/audit/task-audit', first?.[0]);
    expect(caughtUp).to.equal(0);
    await call('POST', '/events/audit/task-audit', third?.[0]);
    expect(caughtUp).to.equal(1);
    expect(received.map((event) => event.seq)).to.deep.equal([1, 3]);
    await call('POST', '/events/audit/task-audit', numbers.next(emptyBatch()));
    expect({ caughtUp, count: received.length }).to.deep.equal({ caughtUp: 1, count: 2 });
  });

  it('asks for events again that could not be taken now, and lets those go that never can be', async () => {
    const [message] = toBatches(eventsOf('alice', 1, 1));
    for (const [error, status] of [
      [new Error('the database is away'), 'RETRY'],
      [new TodoError('unavailable', 'later'), 'RETRY'],
      [new TodoError('invalid', 'never'), 'DROP'],
    ] as const) {
      failure = error;
      expect((await call('POST', '/events/audit/task-audit', message)).text).to.equal(JSON.stringify({ status }));
    }
  });

  it('lets go of a message that is no event, and hands nothing on', async () => {
    for (const message of ['{', '{}', '{"specversion":"1.0","id":"1","type":"TASK_CREATED","data":{}}']) {
      expect((await call('POST', '/events/audit/task-audit', message)).text).to.equal('{"status":"DROP"}');
    }
    expect(received).to.be.empty;
  });

  it('does not know a topic that nobody follows', async () => {
    expect(await call('POST', '/events/websocket/task-updates', toBatches(eventsOf('alice', 1, 1))[0])).to.include({
      status: 404,
    });
  });

  it('answers what another role asks, with a problem where it cannot', async () => {
    expect(await call('POST', '/roles/echo', { a: 1 })).to.deep.include({ status: 200, text: '{"body":{"a":1}}' });
    failure = new TodoError('not_found', 'There is no such task.');
    expect(await call('POST', '/roles/echo', {})).to.include({ status: 404, type: 'application/problem+json' });
    failure = Object.assign(new Error('terminating connection'), { code: '57P01' });
    expect(await call('POST', '/roles/echo', {}), 'the database is away').to.include({ status: 503 });
    failure = new Error('password=hunter2');
    const { status, text } = await call('POST', '/roles/echo', {});
    expect({ status, tells: text.includes('hunter2') }).to.deep.equal({ status: 500, tells: false });
    expect(await call('POST', '/roles/echo', '{')).to.include({ status: 400 });
    expect(await call('POST', '/roles/unknown', {})).to.include({ status: 404 });
  });

  it('takes no message of more than 4 MiB', async () => {
    expect(await call('POST', '/roles/echo', JSON.stringify('x'.repeat(4 * 1024 * 1024)))).to.include({ status: 413 });
  });

  it('takes the ticks of a binding, and says when one failed', async () => {
    expect(await call('OPTIONS', '/cron-reminders')).to.include({ status: 200 });
    expect(await call('POST', '/cron-reminders', '{}')).to.include({ status: 200 });
    failure = new Error('the database is away');
    expect(await call('POST', '/cron-reminders', '{}')).to.include({ status: 500 });
  });

  it('listens on loopback only', () => {
    expect(new URL(url).hostname).to.equal('127.0.0.1');
  });
});
