import { expect } from 'chai';
import { deliveryId } from '../../subscribers/notification/delivery.js';
import { mostAttempts } from '../../subscribers/notification/back-off.js';
import {
  sent,
  type Channel,
  type Outcome,
  type ReminderMessage,
} from '../../subscribers/notification/channels/channel.js';
import { slotLimits } from '../../subscribers/notification/notifier.js';
import { sweepLostReminders } from '../../subscribers/notification/sweep.js';
import {
  deliveriesOf,
  makeDueReminders,
  startTestSender,
  type TestSender,
  type TestSenderOptions,
} from '../support/notifications.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

const dueAt = '2026-11-25T12:00:00.000Z';
const webhookOnly = {
  notifications: {
    channels: {
      log: { enabled: false },
      webhook: { enabled: true, url: 'https://hook.example/', secret: `whsec_${'A'.repeat(32)}` },
    },
  },
};
const withMail = { notifications: { channels: { email: { enabled: true, address: 'a@example.com' } } } };

describe('the notification of reminders', () => {
  let database: TestDatabase;
  let clock: number;
  const senders: TestSender[] = [];
  before(async () => {
    database = await testDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    clock = Date.parse(dueAt) + 1_500;
  });
  afterEach(async () => {
    await Promise.all(senders.splice(0).map((sender) => sender.stop()));
    await database.pool.query(`
      DELETE FROM reminder_deliveries; DELETE FROM reminders; UPDATE notification_sweep SET swept_to = 'epoch'`);
  });

  function start(options: Partial<TestSenderOptions> = {}): TestSender {
    const sender = startTestSender({ pool: database.pool, now: () => clock, ...options });
    senders.push(sender);
    return sender;
  }

  /** A channel that does as the test says, and keeps what it was to send. */
  function channel(
    send: (message: ReminderMessage, count: number) => Promise<Outcome> | Outcome,
    host = 'hook.example',
  ) {
    const messages: ReminderMessage[] = [];
    const made: Channel = {
      hostOf: () => host,
      send: async (message) => await send(message, messages.push(message)),
      close: () => Promise.resolve(),
    };
    return Object.assign(made, { messages });
  }
  const never = new Promise<never>(() => undefined);
  const statusesOf = async (like: string) => (await deliveriesOf(database.pool, like)).map(({ status }) => status);

  describe('by the log', () => {
    it('writes one line for each, whatever is delivered again, and has REMINDER_DELIVERED committed', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'ann', each: 3, dueAt });
      const { notifier, lines, events } = start();
      await notifier.take(due);
      await Promise.all([notifier.take(due), notifier.take(due.slice(1)), notifier.take([...due, ...due])]);
      await until('all are delivered', async () => (await statusesOf('ann')).every((status) => status === 'delivered'));
      const [first] = due;
      expect(lines.map(({ reminder_id }) => reminder_id)).to.have.members(due.map(({ reminder_id }) => reminder_id));
      expect(lines[0]).to.deep.include({ user_id: 'ann', task_id: first?.task_id, due_at: dueAt, late_by_seconds: 1 });
      expect(lines[0]?.id).to.equal(deliveryId(first?.reminder_id ?? '', 'log'));

      expect(events.map(({ seq, type, version }) => [seq, type, version])).to.deep.equal([
        [4, 'REMINDER_DELIVERED', 1],
        [5, 'REMINDER_DELIVERED', 1],
        [6, 'REMINDER_DELIVERED', 1],
      ]);
      expect(events[0]?.detail).to.deep.equal({
        reminder_id: first?.reminder_id,
        occurrence: null,
        due_at: dueAt,
        reminder: { before: 'PT15M' },
        channel: 'log',
        delivered_at: new Date(clock).toISOString(),
        late_by_seconds: 1,
      });
      const [row] = await deliveriesOf(database.pool, 'ann');
      expect(row).to.deep.include({ attempts: 1, late_by_seconds: 1, leased_until: null, next_attempt_at: null });
      expect(row?.delivered_at?.getTime()).to.equal(clock);
    });

    it('takes ten thousand of one second, of as many users', async function () {
      this.timeout(60_000);
      const due = await makeDueReminders(database.pool, { prefix: 'many', users: 10_000, dueAt });
      const { notifier, lines, events } = start();
      for (let from = 0; from < due.length; from += 200) await notifier.take(due.slice(from, from + 200));
      await until('all are committed', () => events.length === due.length, 50_000);
      expect(new Set(lines.map(({ id }) => id)).size).to.equal(due.length);
      expect(lines).to.have.length(due.length);
      expect(new Set(await statusesOf('many%'))).to.deep.equal(new Set(['delivered']));
    });

    it('is not what a user gets who has turned it off', async () => {
      const due = await makeDueReminders(database.pool, {
        prefix: 'off',
        dueAt,
        settings: { notifications: { channels: { log: { enabled: false } } } },
      });
      const { notifier, lines } = start();
      await notifier.take(due);
      expect(lines).to.deep.equal([]);
      expect(await deliveriesOf(database.pool, 'off')).to.deep.equal([]);
    });

    it('does not write a line again while the commit of the first has to wait, however long', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'patient', dueAt });
      let isAway = true;
      const sender = start({ beforeCommit: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()) });
      await sender.notifier.take(due);
      const leasedUntil = async () => (await deliveriesOf(database.pool, 'patient'))[0]?.leased_until?.getTime() ?? 0;
      clock += 59_000;
      await until('the lease is prolonged', async () => (await leasedUntil()) > clock + 50_000);
      const other = start();
      clock += 30_000;
      other.notifier.look();
      isAway = false;
      await until('delivered', async () => (await statusesOf('patient'))[0] === 'delivered', 20_000);
      expect([sender.lines.length, other.lines.length]).to.deep.equal([1, 0]);
    }).timeout(30_000);
  });

  describe('by a channel outside', () => {
    it('sends what the task is now, with a name that the same again has too', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'web', dueAt, settings: webhookOnly });
      const webhook = channel((_message, count) =>
        count === 1 ? { kind: 'again', error: 'the receiver answered 500' } : sent,
      );
      const { notifier, events } = start({ channels: { webhook } });
      await database.pool.query(`UPDATE tasks SET title = 'Renamed' WHERE user_id = 'web'`);
      await notifier.take(due);
      await until('the first try has ended', async () => (await deliveriesOf(database.pool, 'web'))[0]?.error);
      const [row] = await deliveriesOf(database.pool, 'web');
      expect(row).to.deep.include({
        status: 'pending',
        attempts: 1,
        error: 'the receiver answered 500',
        leased_until: null,
      });
      expect(row?.next_attempt_at?.getTime()).to.be.within(clock + 3_750, clock + 6_250);

      notifier.look();
      clock += 3_000;
      notifier.look();
      clock += 4_000;
      notifier.look();
      await until('it is delivered', () => events.length === 1);
      const id = deliveryId(due[0]?.reminder_id ?? '', 'webhook');
      expect(webhook.messages.map((message) => [message.id, message.task.title])).to.deep.equal([
        [id, 'Renamed'],
        [id, 'Renamed'],
      ]);
      expect(webhook.messages[1]?.late_by_seconds).to.equal(8);
      expect((await deliveriesOf(database.pool, 'web'))[0]).to.deep.include({
        status: 'delivered',
        attempts: 2,
        error: null,
      });
    });

    it('gives up after an hour of tries, and says why', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'dead', dueAt, settings: webhookOnly });
      const webhook = channel(() => ({ kind: 'again', error: 'the receiver answered 500' }));
      const { notifier, metrics, events } = start({ channels: { webhook } });
      const began = clock;
      await notifier.take(due);
      for (let count = 1; count <= mostAttempts; count++) {
        await until(`try ${count}`, async () => {
          // Over and over: what is in the database a moment before the try has come to its end is not taken yet.
          notifier.look();
          return (
            (await deliveriesOf(database.pool, 'dead'))[0]?.leased_until === null && webhook.messages.length === count
          );
        });
        const [row] = await deliveriesOf(database.pool, 'dead');
        clock = row?.next_attempt_at?.getTime() ?? clock;
      }
      const [row] = await deliveriesOf(database.pool, 'dead');
      expect(row).to.deep.include({ status: 'failed', attempts: mostAttempts, error: 'the receiver answered 500' });
      expect((clock - began) / 60_000).to.be.within(45, 76);
      expect(events).to.deep.equal([]);
      const { values = [] } = (await metrics.getSingleMetric('todo_notifications_total')?.get()) ?? {};
      const counts = values.map(({ labels, value }) => [labels['outcome'], value]);
      expect(counts).to.deep.equal([
        ['again', mostAttempts - 1],
        ['failed', 1],
      ]);
      clock += 86_400_000;
      notifier.look();
      await makeDueReminders(database.pool, { prefix: 'next', dueAt, settings: webhookOnly }).then((next) =>
        notifier.take(next),
      );
      await until('the next', () => webhook.messages.length > mostAttempts);
      expect(webhook.messages.filter(({ user_id }) => user_id === 'dead')).to.have.length(mostAttempts);
    }).timeout(20_000);

    it('does not try again what will never be taken, and turns a webhook off that says it is gone', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'gone', dueAt, settings: webhookOnly });
      const webhook = channel(() => ({ kind: 'never', error: 'the receiver answered 410', isGone: true }));
      const { notifier } = start({ channels: { webhook } });
      await notifier.take(due);
      await until('it failed', async () => (await statusesOf('gone'))[0] === 'failed');
      const { rows } = await database.pool.query<{ enabled: boolean; url: string }>(
        `SELECT s -> 'enabled' AS enabled, s ->> 'url' AS url
         FROM users, LATERAL (SELECT settings #> '{notifications,channels,webhook}' AS s) w WHERE user_id = 'gone'`,
      );
      expect(rows).to.deep.equal([{ enabled: false, url: 'https://hook.example/' }]);
    });

    it('fails where the system has no such channel', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'mail', dueAt, settings: withMail });
      const { notifier, lines } = start();
      await notifier.take(due);
      await until('it failed', async () => (await statusesOf('mail'))[0] === 'failed');
      await until('the log has it', async () => (await statusesOf('mail'))[1] === 'delivered');
      expect(lines).to.have.length(1);
    });

    it('lets a slow receiver delay no other user, and no other host', async () => {
      const slow = await makeDueReminders(database.pool, { prefix: 'slow', each: 300, dueAt, settings: webhookOnly });
      const others = await makeDueReminders(database.pool, {
        prefix: 'others',
        users: 30,
        dueAt,
        settings: webhookOnly,
      });
      const webhook = channel(({ user_id }) => (user_id === 'slow' ? never : sent));
      const { notifier, events, stop } = start({ channels: { webhook } });
      await notifier.take(slow);
      await until('the slow ones hang', () => webhook.messages.length === slotLimits.atOnceOfUser);
      await notifier.take(others);
      await until('the others have theirs', () => events.length === others.length);
      expect(notifier.atWork).to.equal(slotLimits.atOnceOfUser);
      // What found no room is left for later, or for another process.
      const rows = await deliveriesOf(database.pool, 'slow');
      expect(rows.filter(({ leased_until }) => leased_until !== null)).to.have.length(
        slotLimits.atOnceOfUser + slotLimits.waitingOfUser,
      );
      // A stop waits for it no longer than for others, and gives back what it has not begun.
      await stop();
      const left = (await deliveriesOf(database.pool, 'slow')).filter(({ leased_until }) => leased_until !== null);
      expect(left).to.have.length(slotLimits.atOnceOfUser);
    });
  });

  describe('by several processes', () => {
    it('has each message sent by one of them', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'shared', users: 200, dueAt, settings: webhookOnly });
      const webhook = channel(() => sent);
      const [one, two] = [start({ channels: { webhook } }), start({ channels: { webhook } })];
      await Promise.all([one.notifier.take(due), two.notifier.take(due)]);
      await until('all are delivered', async () =>
        (await statusesOf('shared%')).every((status) => status === 'delivered'),
      );
      expect(webhook.messages).to.have.length(due.length);
      expect(one.events.length + two.events.length).to.equal(due.length);
    });

    it('has one send what another left that died, after its lease and not before', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'left', dueAt, settings: webhookOnly });
      const dying = channel(() => never);
      const dead = startTestSender({ pool: database.pool, now: () => clock, channels: { webhook: dying } });
      await dead.notifier.take(due);
      await until('it is being sent', () => dying.messages.length === 1);

      const webhook = channel(() => sent);
      const { notifier, events } = start({ channels: { webhook } });
      await notifier.take(due);
      clock += 59_000;
      await makeDueReminders(database.pool, { prefix: 'marker', dueAt, settings: webhookOnly }).then((next) =>
        notifier.take(next),
      );
      await until('another one', () => events.length === 1);
      expect(webhook.messages.map(({ user_id }) => user_id)).to.deep.equal(['marker']);
      clock += 1_000;
      notifier.look();
      await until('it is sent', () => events.length === 2);
      expect(webhook.messages[1]?.id).to.equal(dying.messages[0]?.id);
      expect((await deliveriesOf(database.pool, 'left'))[0]).to.deep.include({ status: 'delivered', attempts: 2 });
    });

    it('sends what is under way to nobody twice when the clock is set forward meanwhile', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'ahead', each: 2, dueAt, settings: webhookOnly });
      let end: (outcome: Outcome) => void = () => undefined;
      const webhook = channel((_message, count) => (count === 1 ? new Promise((resolve) => (end = resolve)) : sent));
      const { notifier, events } = start({ channels: { webhook } });
      await notifier.take(due.slice(0, 1));
      await until('it is under way', () => webhook.messages.length === 1);
      clock += 48 * 3_600_000;
      await notifier.take(due.slice(1));
      await until('the other one is delivered', () => events.length === 1);
      end(sent);
      await until('both are', () => events.length === 2);
      expect(webhook.messages.map(({ reminder_id }) => reminder_id)).to.deep.equal(
        due.map(({ reminder_id }) => reminder_id),
      );
    });

    it('lets none that lost its lease touch what the next one did', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'late', dueAt, settings: webhookOnly });
      let end: (outcome: Outcome) => void = () => undefined;
      const slow = channel(() => new Promise<Outcome>((resolve) => (end = resolve)));
      const first = start({ channels: { webhook: slow } });
      await first.notifier.take(due);
      await until('it is being sent', () => slow.messages.length === 1);
      clock += 61_000;
      const webhook = channel(() => ({ kind: 'again', error: 'second' }));
      const second = start({ channels: { webhook } });
      second.notifier.look();
      await until('the second failed', async () => (await deliveriesOf(database.pool, 'late'))[0]?.error === 'second');
      end({ kind: 'never', error: 'first' });
      await first.stop();
      expect((await deliveriesOf(database.pool, 'late'))[0]).to.deep.include({ status: 'pending', error: 'second' });
    });
  });

  describe('in quiet hours', () => {
    // Berlin, in the night in which 02:00 becomes 03:00: nine hours are eight.
    const berlin = { zone: 'Europe/Berlin', dueAt: '2026-03-28T23:30:00.000Z' };
    const quiet_hours = { start: '22:00', end: '07:00' };
    const end = '2026-03-29T05:00:00.000Z';

    it('waits for their end, over a clock change too; the log does not wait', async () => {
      clock = Date.parse(berlin.dueAt) + 1_000;
      const channels = { ...webhookOnly.notifications.channels, log: { enabled: true } };
      const due = await makeDueReminders(database.pool, {
        prefix: 'night',
        ...berlin,
        settings: { quiet_hours, notifications: { channels } },
      });
      const webhook = channel(() => sent);
      const { notifier, lines, events } = start({ channels: { webhook } });
      await notifier.take(due);
      await until('the log has it', () => events.length === 1);
      expect(lines).to.have.length(1);
      const row = async () => (await deliveriesOf(database.pool, 'night')).find((one) => one.channel === 'webhook');
      expect(await row()).to.deep.include({
        status: 'pending',
        attempts: 0,
        leased_until: null,
        next_attempt_at: new Date(end),
      });
      clock = Date.parse(end) - 1;
      notifier.look();
      await makeDueReminders(database.pool, { prefix: 'day', dueAt: berlin.dueAt, settings: webhookOnly }).then(
        (next) => notifier.take(next),
      );
      await until('another', () => events.length === 2);
      expect(webhook.messages.map(({ user_id }) => user_id)).to.deep.equal(['day']);
      clock = Date.parse(end);
      notifier.look();
      await until('it is sent', () => events.length === 3);
      expect(webhook.messages[1]).to.include({ user_id: 'night', late_by_seconds: 5.5 * 3600 });
    });

    it('puts off what they began before, without counting it as a try', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'dusk', ...berlin, settings: webhookOnly });
      clock = Date.parse('2026-03-28T20:59:00Z');
      const webhook = channel(() => ({ kind: 'again', error: 'x', afterMs: 120_000 }));
      const { notifier } = start({ channels: { webhook } });
      await notifier.take(due);
      const row = async () => (await deliveriesOf(database.pool, 'dusk'))[0];
      await until('a try failed', async () => (await row())?.error === 'x');
      await database.pool.query(`UPDATE users SET settings = $1 WHERE user_id = 'dusk'`, [
        JSON.stringify({ ...webhookOnly, quiet_hours }),
      ]);
      clock = (await row())?.next_attempt_at?.getTime() ?? 0;
      notifier.look();
      await until('it is put off', async () => (await row())?.next_attempt_at?.toISOString() === end);
      expect(await row()).to.deep.include({ status: 'pending', attempts: 1 });
      expect(webhook.messages).to.have.length(1);
    });

    it('sends nothing any more of a task that was done meanwhile, or by a channel that was turned off', async () => {
      clock = Date.parse(berlin.dueAt);
      const due = await makeDueReminders(database.pool, {
        prefix: 'woke',
        users: 3,
        ...berlin,
        settings: { ...webhookOnly, quiet_hours },
      });
      const webhook = channel(() => sent);
      const { notifier } = start({ channels: { webhook } });
      await notifier.take(due);
      await database.pool.query(`
        UPDATE tasks SET status = 'done' WHERE user_id = 'woke-0';
        DELETE FROM tasks WHERE user_id = 'woke-1';
        UPDATE users SET settings = '{}' WHERE user_id = 'woke-2'`);
      clock = Date.parse(end);
      notifier.look();
      await until('all are over', async () => (await statusesOf('woke-%')).every((status) => status === 'cancelled'));
      expect(webhook.messages).to.deep.equal([]);
      const rows = await deliveriesOf(database.pool, 'woke-%');
      expect(rows.map(({ error }) => error)).to.deep.equal([
        'the task is done or deleted',
        'the task is done or deleted',
        'the channel is turned off',
      ]);
    });
  });

  describe('whose message was lost', () => {
    const sweep = ({ notifier }: TestSender) =>
      sweepLostReminders({ pool: database.pool, now: () => clock, take: (due) => notifier.take(due) });
    const sweptTo = async () => {
      const { rows } = await database.pool.query<{ swept_to: Date }>('SELECT swept_to FROM notification_sweep');
      return rows[0]?.swept_to.getTime();
    };

    it('is found and sent, in pages, and none twice', async () => {
      const due = await makeDueReminders(database.pool, { prefix: 'lost', users: 1_203, dueAt });
      const sender = start();
      await sender.notifier.take(due.slice(0, 100));
      await Promise.all([sweep(sender), sweep(sender)]);
      await sweep(sender);
      await until('all are delivered', () => sender.events.length === due.length);
      expect(sender.lines).to.have.length(due.length);
    }).timeout(20_000);

    it('is looked for from where the last search ended, less the time that a commit may take to be seen', async () => {
      await sweep(start());
      expect(await sweptTo()).to.equal(clock - 60_000);
      clock += 3_600_000;
      const firedAt = new Date(clock - 3_600_000 - 61_000).toISOString();
      await makeDueReminders(database.pool, { prefix: 'long-ago', dueAt: firedAt });
      const recent = await makeDueReminders(database.pool, {
        prefix: 'recent',
        dueAt: new Date(clock - 3_600_000 - 59_000).toISOString(),
      });
      const sender = start();
      await sweep(sender);
      expect(sender.lines.map(({ user_id }) => user_id)).to.deep.equal(recent.map(({ user_id }) => user_id));
    });

    it('is found after the clock was set back, whether it came due before that or after', async () => {
      await sweep(start());
      const before = await makeDueReminders(database.pool, {
        prefix: 'before',
        dueAt: new Date(clock + 1).toISOString(),
      });
      clock -= 3_600_000;
      const sender = start();
      await sweep(sender);
      expect(sender.lines.map(({ reminder_id }) => reminder_id)).to.deep.equal(
        before.map(({ reminder_id }) => reminder_id),
      );
      clock += 20_000;
      const after = await makeDueReminders(database.pool, { prefix: 'after', dueAt: new Date(clock).toISOString() });
      await sweep(sender);
      expect(sender.lines.slice(1).map(({ reminder_id }) => reminder_id)).to.deep.equal(
        after.map(({ reminder_id }) => reminder_id),
      );
    });

    it('is not given up when the search fails', async () => {
      await makeDueReminders(database.pool, { prefix: 'again', dueAt: new Date(clock).toISOString() });
      const before = await sweptTo();
      const failing = sweepLostReminders({
        pool: database.pool,
        now: () => clock,
        take: () => Promise.reject(new Error('the database is away')),
      });
      expect(await failing.catch((error: unknown) => String(error))).to.include('away');
      expect(await sweptTo()).to.equal(before);
      const sender = start();
      await sweep(sender);
      expect(sender.lines).to.have.length(1);
    });
  });
});
