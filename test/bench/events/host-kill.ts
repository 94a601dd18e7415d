import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Plan } from '../plan.js';
import { familyOf } from '../processes.js';
import type { Program } from '../programs.js';
import { quantile } from '../statistics.js';

/** What users notice when a host of actors is killed. Gaps are from one acknowledgement of a user to that user's next. */
export interface HostKill {
  readonly users: number;
  /** The longest gap of any user in the seconds before, and in those after, in seconds. */
  readonly longestBefore: number;
  readonly longestAfter: number;
  /** Of each user the longest gap after the kill: the median of these, in seconds. */
  readonly medianAfter: number;
  /** Users with a gap of more than {@link interruptedSeconds} after the kill. */
  readonly interruptedUsers: number;
  /** Acknowledgements of all users in each second after the kill. */
  readonly acknowledgedEachSecond: readonly number[];
  /** Tries after the kill that were not acknowledged, by their status. */
  readonly unacknowledged: Readonly<Record<string, number>>;
}

/** A command that was not acknowledged is sent again after this time. */
export const retryMs = 100;
const tryTimeoutMs = 10_000;
/** Without a kill a user's pauses are shorter. */
export const interruptedSeconds = 2;
const restartTimeoutMs = 60_000;

/** Each user changes a task of its own, now and then; hosts are killed in turn, and started again by the launcher. */
export async function killHosts(plan: Plan, system: Program, tokens: readonly string[]): Promise<HostKill[]> {
  const { times, secondsBefore, secondsAfter, pauseMs } = plan.events.hostKill;
  const http = new Pool(system.url, { connections: tokens.length, pipelining: 1 });
  let isOver = false;
  const clients = tokens.map((token) => new Client(http, token, pauseMs, () => isOver));
  await Promise.all(clients.map((client) => client.create()));
  const running = Promise.all(clients.map((client) => client.run()));

  const kills: HostKill[] = [];
  for (let time = 0; time < times; time += 1) {
    const hosts = await actorHosts(system.pid);
    const victim = hosts[time % hosts.length];
    if (victim === undefined) throw new Error('no host of actors is there');
    const began = performance.now();
    await Promise.race([sleep(secondsBefore * 1000), running]);
    for (const client of clients) client.unacknowledged.clear();
    process.kill(victim, 'SIGKILL');
    const killed = performance.now();
    await Promise.race([sleep(secondsAfter * 1000), running]);
    kills.push(whatUsersNoticed(clients, began, killed, performance.now()));
    await untilRestarted(system.pid, victim, hosts.length);
  }
  isOver = true;
  await running;
  await http.close();
  return kills;
}

function whatUsersNoticed(clients: readonly Client[], began: number, killed: number, ended: number): HostKill {
  const longest = (from: number, to: number): number[] =>
    clients.map((client) => client.longestGap(from, to) / 1000).sort((a, b) => a - b);
  const after = longest(killed, ended);
  const unacknowledged: Record<string, number> = {};
  for (const client of clients) {
    for (const [what, count] of client.unacknowledged) unacknowledged[what] = (unacknowledged[what] ?? 0) + count;
  }
  return {
    users: clients.length,
    longestBefore: longest(began, killed).at(-1) ?? NaN,
    longestAfter: after.at(-1) ?? NaN,
    medianAfter: quantile(after, 0.5),
    interruptedUsers: after.filter((seconds) => seconds > interruptedSeconds).length,
    acknowledgedEachSecond: Array.from({ length: Math.floor((ended - killed) / 1000) }, (_, second) =>
      clients.reduce((sum, client) => sum + client.acknowledgedIn(killed + second * 1000, 1000), 0),
    ),
    unacknowledged,
  };
}

/** A user who sends the same command again until it is acknowledged. */
class Client {
  readonly unacknowledged = new Map<string, number>();
  private readonly acknowledgements: number[] = [];
  private path = '';

  constructor(
    private readonly http: Pool,
    private readonly token: string,
    private readonly pauseMs: number,
    private readonly hasEnded: () => boolean,
  ) {}

  async create(): Promise<void> {
    const { status, text } = await this.send('POST', '/v1/tasks', randomUUID(), { title: 'Water the plants' });
    if (status !== 201) throw new Error(`a command was answered with ${status}: ${text}`);
    this.path = `/v1/tasks/${(JSON.parse(text) as { id: string }).id}`;
  }

  async run(): Promise<void> {
    for (let change = 0; !this.hasEnded(); change += 1) {
      await sleep(Math.random() * 2 * this.pauseMs);
      const key = randomUUID();
      while (!(await this.isAcknowledged(key, change)) && !this.hasEnded()) await sleep(retryMs);
    }
  }

  /** The longest time without an acknowledgement of which a part lies between the two, in milliseconds. */
  longestGap(from: number, to: number): number {
    const times = [...this.acknowledgements.filter((at) => at <= to), to];
    return times.reduce((longest, at, place) => {
      return at < from ? longest : Math.max(longest, at - (times[place - 1] ?? from));
    }, 0);
  }

  acknowledgedIn(from: number, lengthMs: number): number {
    return this.acknowledgements.filter((at) => at >= from && at < from + lengthMs).length;
  }

  private async isAcknowledged(key: string, change: number): Promise<boolean> {
    const outcome = await this.send('PATCH', this.path, key, { description: `change ${change}` }).then(
      ({ status }) => String(status),
      () => 'no answer',
    );
    if (outcome === '200') this.acknowledgements.push(performance.now());
    else this.unacknowledged.set(outcome, (this.unacknowledged.get(outcome) ?? 0) + 1);
    return outcome === '200';
  }

  private async send(method: 'POST' | 'PATCH', path: string, key: string, body: object) {
    const response = await this.http.request({
      path,
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(tryTimeoutMs),
    });
    return { status: response.statusCode, text: await response.body.text() };
  }
}

/** The processes of the split shape that host actors, and nothing else. */
async function actorHosts(launcher: number): Promise<number[]> {
  const children = (await familyOf(launcher)).filter(({ parent }) => parent === launcher);
  const found = await Promise.all(
    children.map(async ({ pid }) => {
      const settings = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return settings.split('\0').includes('ROLES=actors') ? [pid] : [];
    }),
  );
  return found.flat();
}

async function untilRestarted(launcher: number, victim: number, count: number): Promise<void> {
  const deadline = performance.now() + restartTimeoutMs;
  for (;;) {
    const hosts = await actorHosts(launcher);
    if (hosts.length === count && !hosts.includes(victim)) return;
    if (performance.now() > deadline) throw new Error('the host of actors was not started again');
    await sleep(100);
  }
}
