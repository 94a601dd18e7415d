import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '../../domain/task/task.js';
import { Seeded } from './seeded.js';
import { comingNow, known, movedReminders, recurringTask, remindingTask, type KnownTask } from './timed-tasks.js';

/** A user of the load and that user's token. */
export interface LoadUser {
  readonly id: string;
  readonly token: string;
}

export interface LoadOptions {
  /** Where the system is now; null while it is down. */
  readonly url: () => string | null;
  readonly users: readonly LoadUser[];
  /** Devices of each user, each doing one thing after the other on the user's tasks. */
  readonly clientsPerUser: number;
  /** Mean pause of a client between two commands, in milliseconds. */
  readonly pauseMs: number;
  /** Beside them users with one device each, who do something now and then. */
  readonly light?: { readonly users: readonly LoadUser[]; readonly pauseMs: number };
  /** Clients also make tasks that recur, and that remind within this time, in milliseconds; absent: none do. */
  readonly remindWithinMs?: number | undefined;
  readonly seed: number;
  /** Ends by itself after so many commands, */
  readonly mostCommands: number;
  /** or after this time, in milliseconds. */
  readonly longestMs: number;
}

export type LoadOp = 'create' | 'patch' | 'complete' | 'reopen' | 'skip' | 'delete';

/** A command as a client knows of it. */
export interface Command {
  readonly user: string;
  /** Its Idempotency-Key, and the description that a create or patch leaves. */
  readonly key: string;
  /** False: it goes without the key, and is not sent again when no answer comes. */
  readonly hasKey: boolean;
  readonly op: LoadOp;
  /** null: a create. */
  readonly taskId: string | null;
  /** The same however often it is sent. */
  readonly body: object | null;
  /** True: a delete of a task that recurs ends its series. */
  readonly endsSeries: boolean;
  readonly ifMatch: number | null;
  /** The version of the task that was acknowledged before; 0 for a create. */
  readonly known: number;
  /** How often it was sent. */
  tries: number;
  /**
   * `unknown`: no answer came, however often it was sent. `refused`: nothing was done, for a reason of the domain. An
   * acknowledged command was carried out, or needed nothing to be done.
   */
  outcome: 'unknown' | 'acknowledged' | 'refused';
  /** The task in the answer; null for a delete, and as long as there is none. */
  task: Task | null;
  status: number;
}

/** That a try of a user was acknowledged; times by `performance.now()`. */
export interface Acknowledgement {
  readonly user: string;
  readonly sentAt: number;
  readonly at: number;
}

/** A client that rests looks this often whether it still may, in milliseconds. */
const restMs = 200;
/** How long one try may take, and all tries of one command after the load was told to stop, in milliseconds. */
const tryTimeoutMs = 10_000;
const graceMs = 40_000;
const refusals = new Set([404, 409, 412]);

/**
 * What many clients do at once, as real ones would: a command gets a key, and is sent again under it until an answer comes.
 * Some clients hang up in the middle and some send again what was answered already.
 */
export class Load {
  readonly commands: Command[] = [];
  /** Answers that break a promise whatever happened to the system. */
  readonly faults: string[] = [];
  /** In the order in which they came. */
  readonly acknowledgements: Acknowledgement[] = [];
  /** Answers 503. */
  unavailable = 0;
  /** True: nobody pauses between two commands. */
  isHurried = false;
  private silent: ReadonlySet<string> = new Set();
  private readonly waiting: (() => void)[] = [];
  private readonly running: Promise<unknown>;
  private readonly endsAt: number;
  private stoppedAt = Infinity;
  private readonly random: Seeded;

  constructor(private readonly options: LoadOptions) {
    this.random = new Seeded(options.seed);
    this.endsAt = performance.now() + options.longestMs;
    const { url, users, clientsPerUser, pauseMs, light = { users: [], pauseMs }, remindWithinMs } = options;
    const devices = (user: LoadUser, count: number, pauseMs: number): Promise<void>[] => {
      const tasks = new Map<string, KnownTask>();
      return Array.from({ length: count }, (_, place) =>
        new Client(this, { url, pauseMs, remindWithinMs }, user, place, tasks, this.random.fork()).run(),
      );
    };
    this.running = Promise.all([
      ...users.flatMap((user) => devices(user, clientsPerUser, pauseMs)),
      ...light.users.flatMap((user) => devices(user, 1, light.pauseMs)),
    ]);
  }

  /** The devices of these users finish what they are at and begin nothing more; all others are at work (again). */
  fallSilent(users: readonly LoadUser[]): void {
    this.silent = new Set(users.map((user) => user.id));
  }

  isSilent(user: LoadUser): boolean {
    return this.silent.has(user.id);
  }

  get isOver(): boolean {
    const now = performance.now();
    return now >= Math.min(this.stoppedAt, this.endsAt) || this.commands.length >= this.options.mostCommands;
  }

  /** True when a command that got no answer is given up. */
  get isOutOfPatience(): boolean {
    return performance.now() > Math.min(this.stoppedAt, this.endsAt) + graceMs;
  }

  get acknowledged(): number {
    return this.acknowledgements.length;
  }

  /** When each user was first acknowledged something that was sent after `since`, by `performance.now()`. */
  firstAcknowledgements(since: number): Map<string, number> {
    const first = new Map<string, number>();
    const later = this.acknowledgements.slice(this.acknowledgements.findLastIndex(({ at }) => at < since) + 1);
    for (const { user, sentAt, at } of later) if (sentAt > since && !first.has(user)) first.set(user, at);
    return first;
  }

  tookAcknowledgement(user: string, sentAt: number): void {
    this.acknowledgements.push({ user, sentAt, at: performance.now() });
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Resolves at the next acknowledgement, before anything else happens. */
  async nextAcknowledgement(): Promise<void> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** No new commands; resolves when those under way are answered, or given up. */
  async stop(): Promise<void> {
    this.stoppedAt = performance.now();
    await this.running;
  }

  /** The longest time after `since` (by `performance.now()`), in milliseconds, in which nothing was acknowledged. */
  longestSilence(since: number): number {
    const times = this.acknowledgements.map(({ at }) => at).filter((at) => at >= since);
    return times.reduce((longest, at, place) => Math.max(longest, at - (times[place - 1] ?? since)), 0);
  }
}

const weights = { create: 30, patch: 26, complete: 12, reopen: 8, skip: 0, delete: 8, again: 4, read: 12, look: 0 };
/** Where tasks recur, what follows on one another is what matters. */
const timedWeights = { ...weights, create: 26, patch: 20, complete: 20, reopen: 9, skip: 5, read: 6, look: 8 };
/** Where tasks remind, so often something is done at the very moment. */
const justNowShare = 0.15;

class Client {
  private sent = 0;
  private last: Command | undefined;

  constructor(
    private readonly load: Load,
    private readonly options: Pick<LoadOptions, 'url' | 'pauseMs' | 'remindWithinMs'>,
    private readonly user: LoadUser,
    private readonly place: number,
    /** The user's tasks, as all devices of the user know them. */
    private readonly tasks: Map<string, KnownTask>,
    private readonly random: Seeded,
  ) {}

  async run(): Promise<void> {
    const chances = this.options.remindWithinMs === undefined ? weights : timedWeights;
    while (!this.load.isOver) {
      const choice = this.random.weighted(chances);
      if (this.load.isSilent(this.user)) this.last = undefined;
      else if (choice === 'again') await this.sendAgain();
      else if (choice === 'read') await this.read();
      else if (choice === 'look') await this.look();
      else await this.sendNew(choice);
      await this.rest(this.random.next() * 2 * this.options.pauseMs);
    }
  }

  private async rest(ms: number): Promise<void> {
    const until = performance.now() + ms;
    const isHurried = (): boolean => this.load.isHurried && !this.load.isSilent(this.user);
    do await sleep(Math.max(0, Math.min(restMs, until - performance.now())));
    while (performance.now() < until && !this.load.isOver && !isHurried());
  }

  private async sendNew(choice: LoadOp): Promise<void> {
    const chosen = choice === 'create' ? null : this.chooseTask();
    const op = chosen === null ? 'create' : choice === 'skip' && !chosen[1].recurs ? 'complete' : choice;
    const [taskId, task] = chosen ?? [null, null];
    const version = task?.version ?? null;
    const key = `${this.user.id}-${this.place}-${this.sent++}`;
    const command: Command = {
      user: this.user.id,
      key,
      hasKey: !(op === 'create' || op === 'patch') || this.random.chance(0.85),
      op,
      taskId,
      body: this.bodyOf(op, key, task),
      endsSeries: op === 'delete' && task?.recurs === true && this.random.chance(0.3),
      known: version ?? 0,
      ifMatch: version !== null && this.random.chance(0.2) ? version : null,
      tries: 0,
      outcome: 'unknown',
      task: null,
      status: 0,
    };
    this.load.commands.push(command);
    do await this.tryOnce(command);
    while (command.hasKey && command.outcome === 'unknown' && !this.load.isOutOfPatience);
    this.last = command.hasKey ? command : undefined;
  }

  /** @returns null when there is none */
  private chooseTask(): readonly [string, KnownTask] | null {
    const all = [...this.tasks];
    if (all.length === 0) return null;
    const isTimed = this.options.remindWithinMs !== undefined && this.random.chance(justNowShare);
    const now = isTimed ? comingNow(this.tasks) : undefined;
    // People go on with what they have just begun.
    return now ?? this.random.pick(this.random.chance(0.5) ? all.slice(-5) : all);
  }

  private bodyOf(op: LoadOp, key: string, task: KnownTask | null): object | null {
    const { remindWithinMs } = this.options;
    switch (op) {
      case 'create': {
        const kind = this.random.next();
        if (remindWithinMs === undefined || kind < 0.4) return newTask(key);
        return { ...newTask(key), ...(kind < 0.7 ? recurringTask : remindingTask)(this.random, remindWithinMs) };
      }
      case 'patch': {
        const change = { description: key, title: `changed by ${key}` };
        const moves = remindWithinMs !== undefined && task?.remindsAt != null && this.random.chance(0.4);
        return moves ? { ...change, ...movedReminders(this.random, remindWithinMs) } : change;
      }
      default:
        return null;
    }
  }

  /** Tasks that came by themselves: what follows on those that recur. */
  private async look(): Promise<void> {
    const path = '/v1/tasks?status=open&sort=created_at:desc&limit=20';
    const answer = await this.request('GET', path, tryTimeoutMs).catch(() => null);
    if (answer?.status !== 200) return;
    const { tasks } = JSON.parse(answer.text) as { tasks: Task[] };
    for (const task of tasks) {
      if (task.occurrence !== null && task.occurrence > 1 && !this.tasks.has(task.id)) this.note(task);
    }
  }

  private note(task: Task): void {
    const before = this.tasks.get(task.id)?.version ?? 0;
    if (task.version >= before) this.tasks.set(task.id, known(task));
  }

  /** A client that did not notice its answer: it must get the same one. */
  private async sendAgain(): Promise<void> {
    if (this.last?.outcome !== 'acknowledged') return;
    const again: Command = { ...this.last, outcome: 'unknown', tries: 0 };
    while (again.outcome === 'unknown' && !this.load.isOutOfPatience) await this.tryOnce(again);
    if (again.outcome === 'unknown') return;
    const [first, second] = [this.last, again].map(({ status, task }) =>
      JSON.stringify({ status, task: sorted(task) }),
    );
    if (first !== second) this.load.faults.push(`${this.last.key} was answered ${first}, and sent again ${second}`);
  }

  /** What a read gives is right or says that it cannot be had now; one of a task is not older than what was acknowledged. */
  private async read(): Promise<void> {
    const [id, task] = this.random.pick<readonly [string, KnownTask] | readonly [null, null]>([
      ...this.tasks,
      [null, null],
    ]);
    const version = task?.version ?? 0;
    const paths = ['/v1/tasks?limit=10', '/v1/changes?limit=5', '/v1/audit?limit=5', '/v1/me'];
    const path = id === null ? this.random.pick(paths) : `/v1/tasks/${id}`;
    const answer = await this.request('GET', path, tryTimeoutMs).catch(() => null);
    if (answer === null) return;
    const fault = (what: string) => this.load.faults.push(`GET ${path} of ${this.user.id}: ${what}`);
    if (answer.status === 503) this.checkUnavailable(answer, fault);
    else if (answer.status !== 200 && !(answer.status === 404 && id !== null)) fault(`${answer.status} ${answer.text}`);
    else if (id !== null && answer.status === 200) {
      const shown = JSON.parse(answer.text) as Task;
      if (shown.version < version) fault(`it is at version ${shown.version}, after ${version} was acknowledged`);
    }
  }

  private async tryOnce(command: Command): Promise<void> {
    command.tries += 1;
    const hangsUp = this.random.chance(0.03);
    const patience = hangsUp ? this.random.between(0, 30) : tryTimeoutMs;
    const fault = (what: string) => this.load.faults.push(`${command.op} ${command.key}: ${what}`);
    const sentAt = performance.now();
    let answer: Answer;
    try {
      answer = await this.send(command, patience);
    } catch {
      // No connection, or it broke: the outcome is unknown, and the same key asks for it.
      await sleep(hangsUp ? 0 : this.random.between(50, 250));
      return;
    }
    if (answer.status === 503) {
      this.load.unavailable += 1;
      this.checkUnavailable(answer, fault);
      await sleep(this.random.between(50, 150));
    } else if (answer.status >= 200 && answer.status < 300) {
      this.acknowledge(command, answer, sentAt, fault);
    } else if (refusals.has(answer.status)) {
      command.outcome = 'refused';
      command.status = answer.status;
      checkProblem(answer, fault);
      if (answer.status === 404 && command.taskId !== null) this.tasks.delete(command.taskId);
    } else {
      command.outcome = 'refused';
      fault(`${answer.status} ${answer.text}`);
    }
  }

  private acknowledge(command: Command, { status, text }: Answer, sentAt: number, fault: Report): void {
    command.outcome = 'acknowledged';
    command.status = status;
    this.load.tookAcknowledgement(command.user, sentAt);
    if (command.op === 'delete') {
      if (status !== 204 || text !== '') fault(`it was answered ${status} ${text}`);
      if (command.taskId !== null) this.tasks.delete(command.taskId);
      return;
    }
    const task = JSON.parse(text) as Task;
    command.task = task;
    if (status !== (command.op === 'create' ? 201 : 200)) fault(`it was answered ${status}`);
    if (task.user_id !== command.user) fault(`it was answered with a task of ${task.user_id}`);
    if (command.taskId !== null && task.id !== command.taskId) fault(`it was answered with ${task.id}`);
    if (task.version < command.known) fault(`it was answered with version ${task.version}, after ${command.known} was`);
    this.note(task);
  }

  private checkUnavailable(answer: Answer, fault: Report): void {
    checkProblem(answer, fault);
    if (!answer.headers.has('retry-after')) fault('a 503 without Retry-After');
  }

  private send(command: Command, patienceMs: number): Promise<Answer> {
    const { path, method, body } = requestOf(command);
    const headers: Record<string, string> = {
      ...(command.hasKey && { 'idempotency-key': command.key }),
      ...(command.ifMatch !== null && { 'if-match': `"${command.ifMatch}"` }),
    };
    return this.request(method, path, patienceMs, headers, body);
  }

  private async request(
    method: string,
    path: string,
    patienceMs: number,
    headers: Record<string, string> = {},
    body?: object,
  ): Promise<Answer> {
    const url = this.options.url();
    if (url === null) throw new Error('the system is down');
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.user.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(patienceMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type Report = (what: string) => void;

function checkProblem({ headers, text }: Answer, fault: Report): void {
  const type = headers.get('content-type');
  if (type !== 'application/problem+json') fault(`it was refused as ${type}: ${text}`);
}

function requestOf({ op, taskId, body, endsSeries }: Command): { method: string; path: string; body?: object } {
  switch (op) {
    case 'create':
      return { method: 'POST', path: '/v1/tasks', ...(body && { body }) };
    case 'patch':
      return { method: 'PATCH', path: `/v1/tasks/${taskId}`, ...(body && { body }) };
    case 'delete':
      return { method: 'DELETE', path: `/v1/tasks/${taskId}${endsSeries ? '?scope=series' : ''}` };
    default:
      return { method: 'POST', path: `/v1/tasks/${taskId}/${op}` };
  }
}

function newTask(key: string): object {
  return {
    title: `made by ${key}`,
    description: key,
    tags: ['load', key.slice(-1)],
    priority: 'high',
    due_date: '2030-05-17T09:30',
    time_zone: 'Europe/Berlin',
  };
}

/** With its members in one order. */
function sorted(task: Task | null): unknown {
  return task && Object.fromEntries(Object.entries(task).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
