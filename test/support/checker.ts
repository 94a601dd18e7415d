import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { checkKafka, type KafkaFigures } from './checker-kafka.js';
import { checkReminders, type ReminderFigures } from './checker-reminders.js';
import { checkSeries, type SeriesFigures } from './checker-series.js';
import type { LiveFollower } from './live-follower.js';
import type { Command, Load, LoadUser } from './load.js';
import type { Outages } from './outages.js';
import type { ReminderLine } from './reminder-lines.js';

/*
 * What must be true of a system after whatever happened to it, found out without any of its own code: by its interface,
 * by what its clients saw, and by SQL of our own.
 */

export interface CheckOptions {
  readonly url: string;
  readonly databaseUrl: string;
  /** null: events stay within the process. */
  readonly kafkaBrokers: string | null;
  readonly users: readonly LoadUser[];
  readonly load: Pick<Load, 'commands' | 'faults'>;
  readonly followers: readonly LiveFollower[];
  /** Of the log channel, all that the program ever printed. */
  readonly lines: readonly ReminderLine[];
  readonly outages: Outages;
}

/** What was found, and how much of what. */
export interface Findings {
  /** Everything that is wrong, as sentences; empty when every promise was kept. */
  readonly faults: readonly string[];
  readonly events: number;
  readonly kafka: KafkaFigures | null;
  readonly series: SeriesFigures;
  readonly reminders: ReminderFigures;
}

export type Json = Readonly<Record<string, unknown>>;

export interface EventRow {
  readonly user_id: string;
  readonly seq: number;
  readonly event_id: string;
  readonly task_id: string;
  readonly version: number;
  readonly type: string;
  readonly actor: string;
  readonly occurred_at: Date;
  /** The task after a change; at a fact, as it stands. */
  readonly task: Json | null;
  /** What a fact says; null of a change. */
  readonly detail: Json | null;
}

interface AuditRow extends Omit<EventRow, 'task' | 'detail'> {
  readonly sealed: Buffer;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
}

interface KeyRow {
  readonly user_id: string;
  readonly key: string;
  readonly task_id: string;
  readonly version: number;
}

/** All that the database holds of the users of one check. */
export interface Content {
  /** Of everybody who has any: who is checked and who is not. */
  readonly everybody: ReadonlySet<string>;
  readonly events: readonly EventRow[];
  readonly audit: readonly AuditRow[];
  readonly keys: readonly KeyRow[];
  readonly tasks: readonly Json[];
  readonly seqs: ReadonlyMap<string, number>;
  /** What series have still to do. */
  readonly steps: readonly Json[];
  readonly reminders: readonly Json[];
  readonly deliveries: readonly Json[];
  /** When it was read: epoch milliseconds. */
  readonly readAt: number;
}

/** After this time {@link settled} says what it waits for, in milliseconds. */
const patienceMs = 5_000;

/** A reminder that is so much over its time and has not come is late, in seconds. */
const overdueSeconds = 3;

/**
 * Waits until all that was committed has also been published, written to the log and shown live, series have gone on, and
 * reminders have come whose time is there.
 * @param comingMs waits for reminders too that come within this time, in milliseconds, and until each is delivered
 * @param tell told once of what takes long
 * @param withinMs gives up when nothing of it has moved for so long: how fast a backlog is worked off is up to the machine
 * @returns what has not happened then; empty when all of it has
 */
export async function settled(
  { databaseUrl, users, followers }: CheckOptions,
  withinMs: number,
  {
    comingMs,
    tell,
  }: { readonly comingMs?: number | undefined; tell?: ((late: readonly string[]) => void) | undefined } = {},
): Promise<string[]> {
  const began = performance.now();
  let [hasTold, furthest, movedAt] = [false, 0, began];
  return await withDatabase(databaseUrl, async (database) => {
    for (;;) {
      const ids = users.map((user) => user.id);
      const { rows } = await database.query<{ user_id: string; seq: number; log: number; published: number }>(
        `SELECT user_id, seq::int, coalesce((SELECT max(seq)::int FROM audit_entries a WHERE a.user_id = u.user_id), 0) AS log,
           coalesce((SELECT published_seq::int FROM relay_positions p WHERE p.user_id = u.user_id), 0) AS published
         FROM users u WHERE user_id = ANY ($1)`,
        [ids],
      );
      let progress = 0;
      const late = rows.flatMap(({ user_id, seq, log, published }) => {
        const seen = followers.filter((follower) => follower.user.id === user_id).map((follower) => follower.lastSeq);
        progress += log + published + seen.reduce((sum, last) => sum + last, 0);
        return seq === log && seq === published && seen.every((last) => last === seq)
          ? []
          : [`${user_id} is at ${seq}: published ${published}, in the log ${log}, seen live ${seen.join(', ')}`];
      });
      late.push(...(await notFollowed(database, ids, comingMs)));
      const now = performance.now();
      if (progress > furthest) [furthest, movedAt] = [progress, now];
      if (late.length === 0 || now - movedAt > withinMs) return late;
      if (now - began > patienceMs && !hasTold) {
        hasTold = true;
        tell?.(late);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

/** What has still to follow of itself: steps of series, reminders, and what is sent of them while nobody has taken it to send. */
async function notFollowed(
  database: pg.Client,
  ids: readonly string[],
  comingMs: number | undefined,
): Promise<string[]> {
  const until = comingMs === undefined ? -overdueSeconds : comingMs / 1000;
  const { rows } = await database.query<{ late: string }>(
    `SELECT user_id || ' has a series that has to go on: ' || series_id || ' ' || occurrence AS late
       FROM series_steps WHERE user_id = ANY ($1)
     UNION ALL
     SELECT user_id || ' has a reminder that has not come: ' || reminder_id || ' at ' || due_at
       FROM reminders WHERE user_id = ANY ($1) AND status = 'pending' AND due_at < now() + $2 * interval '1 second'
     UNION ALL
     SELECT r.user_id || ' has a reminder that is not delivered: ' || r.reminder_id || ' ' || coalesce(d::text, '')
       FROM reminders r LEFT JOIN reminder_deliveries d ON d.user_id = r.user_id AND d.reminder_id = r.reminder_id
       WHERE r.user_id = ANY ($1) AND r.status = 'due' AND coalesce(d.status, 'pending') = 'pending'
         AND ($3 OR coalesce(d.next_attempt_at, r.fired_at) < now() - interval '${overdueSeconds} seconds')`,
    [ids, until, comingMs !== undefined],
  );
  return rows.map(({ late }) => late);
}

/** Waits until each reminder that was handed to the log has been seen there; what has not been by then is for {@link check}. */
export async function linesCome({ databaseUrl, users, lines }: CheckOptions, withinMs: number): Promise<void> {
  const began = performance.now();
  const { rows } = await withDatabase(databaseUrl, (database) =>
    database.query<{ reminder_id: string }>(
      `SELECT reminder_id FROM reminder_deliveries WHERE user_id = ANY ($1) AND status = 'delivered'`,
      [users.map((user) => user.id)],
    ),
  );
  const isMissing = (): boolean => {
    const seen = new Set(lines.map((line) => line.reminder_id));
    return rows.some((row) => !seen.has(row.reminder_id));
  };
  while (isMissing() && performance.now() - began < withinMs) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Checks every promise. Nobody may be at work meanwhile. */
export async function check(options: CheckOptions): Promise<Findings> {
  const content = await withDatabase(options.databaseUrl, (database) => read(database, options.users));
  const events = groupBy(content.events, (event) => event.user_id);
  const series = checkSeries(content, options.load.commands);
  const reminders = checkReminders(content, { lines: linesOf(options), outages: options.outages, bases: series.bases });
  const faults = [
    ...options.load.faults,
    ...options.followers.flatMap((follower) => follower.faults),
    ...checkCommands(options.load.commands, content),
    ...checkHistory(content),
    ...checkTasks(content),
    ...series.faults,
    ...reminders.faults,
    ...options.followers.flatMap((follower) => checkLive(follower, events.get(follower.user.id) ?? [])),
  ];
  for (const user of options.users) faults.push(...(await checkInterface(options.url, user, content)));
  const inKafka = options.kafkaBrokers === null ? null : await checkKafka(options.kafkaBrokers, content);
  faults.push(...(inKafka?.faults ?? []));
  const { figures } = reminders;
  return {
    faults,
    events: content.events.length,
    kafka: inKafka?.figures ?? null,
    series: series.figures,
    reminders: figures,
  };
}

/** Of users of this check. */
function linesOf({ lines, users }: CheckOptions): readonly ReminderLine[] {
  const ids = new Set(users.map(({ id }) => id));
  return lines.filter(({ user_id }) => ids.has(user_id));
}

/** Every acknowledged command is there once, a refused one not at all, one of unknown outcome at most once. */
function checkCommands(commands: readonly Command[], { events: all, keys }: Content): string[] {
  const faults: string[] = [];
  const events = all.filter(isChange);
  const keysByName = new Map(keys.map((row) => [row.key, row]));
  const eventAt = new Map(events.map((event) => [placeOf(event), event]));
  // What a series makes of itself has the fields of what it follows, and belongs to no command.
  const asked = events.filter((event) => event.actor !== 'recurrence');
  const byMark = groupBy(
    asked.filter((event) => event.type === 'TASK_CREATED' || event.type === 'TASK_UPDATED'),
    (event) => String(event.task?.['description']),
  );
  const versions = groupBy(events, (event) => event.task_id);
  const attributed = new Set<EventRow>();

  for (const command of commands) {
    const { key, hasKey, op, outcome, task, taskId, user } = command;
    const fault = (what: string) => faults.push(`${outcome} ${op} ${key} (${command.tries} tries): ${what}`);
    // The mark is in the task itself, so this does not rest on what the program keeps of keys.
    const marked = byMark.get(key) ?? [];
    const isMarked = op === 'create' || op === 'patch';
    if (marked.length > 1) fault(`it was carried out ${marked.length} times`);
    if (isMarked && outcome === 'acknowledged' && marked.length === 0) fault('it is not there');

    const row = keysByName.get(key);
    if (hasKey && outcome === 'acknowledged' && !row) fault('its key left no trace');
    if (row && !hasKey) fault('it went without a key and left one');
    const event = hasKey ? row && eventAt.get(placeOf(row)) : marked[0];
    if (row && !event) fault('the event that its key names is not there');
    if (isMarked && marked[0] !== event) fault('its key names another event than its own');
    if (outcome === 'refused') {
      if (event) fault('it was carried out all the same');
      if (!isRefusalRight(command, versions)) fault(`it was refused with ${command.status}`);
    }
    if (!event) continue;
    if (event.user_id !== user) fault(`it was carried out for ${event.user_id}`);
    if (taskId !== null && event.task_id !== taskId) fault(`it was carried out on ${event.task_id}`);
    if (event.type === typeOf[op]) attributed.add(event);
    if (outcome !== 'acknowledged') continue;
    if (op === 'delete' ? event.task !== null : !isDeepStrictEqual(shown(event.task), plain(task))) {
      fault(`its answer is not what was committed: ${JSON.stringify(task)} and ${JSON.stringify(event.task)}`);
    }
    if ((op === 'complete' || op === 'skip') && task?.status !== 'done')
      fault('it was answered with a task that is not done');
    if (op === 'reopen' && task?.status !== 'open') fault('it was answered with a task that is not open');
  }
  for (const event of asked) {
    if (!attributed.has(event)) faults.push(`${event.type} ${placeOf(event)} seq ${event.seq} belongs to no command`);
  }
  return faults;
}

/** 404 only of a task that was deleted, 412 only of one that has left the version that was asked for. */
function isRefusalRight({ status, taskId, ifMatch }: Command, versions: ReadonlyMap<string, EventRow[]>): boolean {
  const last = versions.get(taskId ?? '')?.at(-1);
  if (status === 404) return last?.task === null;
  return status === 412 && last !== undefined && ifMatch !== null && last.version > ifMatch;
}

const typeOf: Readonly<Record<Command['op'], string>> = {
  create: 'TASK_CREATED',
  patch: 'TASK_UPDATED',
  complete: 'TASK_COMPLETED',
  reopen: 'TASK_REOPENED',
  skip: 'TASK_SKIPPED',
  delete: 'TASK_DELETED',
};

/** Those that change a task and raise its version; all others are facts. */
const changeTypes = new Set([
  'TASK_CREATED',
  'TASK_UPDATED',
  'TASK_COMPLETED',
  'TASK_REOPENED',
  'TASK_SKIPPED',
  'TASK_DELETED',
]);

export const isChange = (event: EventRow): boolean => event.detail === null;

/** `seq` without gap, versions too but for facts, which have the last one again; the log equal to the events, each before the after of the one before, hashes right. */
function checkHistory({ events, audit, seqs }: Content): string[] {
  const faults: string[] = [];
  const last = new Map<string, { version: number; task: Json | null; at: Date }>();
  const logByUser = groupBy(audit, (entry) => entry.user_id);
  const ids = new Set<string>();

  for (const [user, own] of groupBy(events, (event) => event.user_id)) {
    const log = logByUser.get(user) ?? [];
    let previousHash: Buffer = Buffer.alloc(32);
    if (seqs.get(user) !== own.length) faults.push(`${user} counts ${seqs.get(user)} and has ${own.length} events`);
    if (log.length !== own.length) faults.push(`${user} has ${own.length} events and ${log.length} in the log`);
    for (const [place, event] of own.entries()) {
      const about = `${user} seq ${event.seq} (${event.type})`;
      if (event.seq !== place + 1) faults.push(`${about}: it stands at place ${place + 1}`);
      if (ids.has(event.event_id)) faults.push(`${about}: its id is another event's too`);
      ids.add(event.event_id);
      const before = last.get(`${user} ${event.task_id}`) ?? { version: 0, task: null, at: new Date(0) };
      if (event.version !== before.version + (isChange(event) ? 1 : 0))
        faults.push(`${about}: version ${event.version} after ${before.version}`);
      if (isChange(event) !== changeTypes.has(event.type)) {
        faults.push(`${about}: it has ${event.detail ? 'a' : 'no'} detail`);
      }
      last.set(`${user} ${event.task_id}`, { version: event.version, task: event.task, at: event.occurred_at });

      const entry = log[place];
      if (!entry) continue;
      const logged = {
        event_id: entry.event_id,
        type: entry.type,
        user_id: entry.user_id,
        task_id: entry.task_id,
        seq: entry.seq,
        version: entry.version,
        timestamp: entry.occurred_at.toISOString(),
        actor: entry.actor,
      };
      const { occurred_at, task: _task, detail: _detail, ...same } = event;
      const expected = { ...same, timestamp: occurred_at.toISOString() };
      if (!isDeepStrictEqual(logged, expected)) {
        faults.push(`${about}: the log says ${JSON.stringify(logged)}, the events ${JSON.stringify(expected)}`);
      }
      // What it changed is sealed; the interface opens it, and is compared with the events below.
      const content_hash = createHash('sha256').update(entry.sealed).digest('hex');
      const text = canonical({ ...logged, content_hash });
      const hash = createHash('sha256').update(previousHash).update(text).digest();
      if (!entry.previous_hash.equals(previousHash)) faults.push(`${about}: the chain of hashes is broken`);
      if (!entry.hash.equals(hash)) faults.push(`${about}: its hash is not that of its content`);
      previousHash = entry.hash;
    }
  }
  return faults;
}

/** The tasks are what the last event of each has made of it. */
function checkTasks({ events, tasks }: Content): string[] {
  const faults: string[] = [];
  const expected = lastTasks(events);
  if (tasks.length !== expected.size)
    faults.push(`there are ${tasks.length} tasks, and ${expected.size} by their events`);
  for (const row of tasks) {
    const about = `${String(row['user_id'])} ${String(row['id'])}`;
    const { due_is_right, ...columns } = row;
    const task = expected.get(about);
    if (due_is_right !== true) faults.push(`task ${about}: due_at is not the instant of its due date`);
    if (!isDeepStrictEqual(columns, task)) {
      faults.push(`task ${about} is ${JSON.stringify(columns)}, by its events ${JSON.stringify(task)}`);
    }
  }
  return faults;
}

/** The live feed has shown every change once, in order. */
function checkLive(follower: LiveFollower, events: readonly EventRow[]): string[] {
  const about = `the live feed of ${follower.user.id}`;
  if (follower.changes.length !== events.length) {
    return [`${about} showed ${follower.changes.length} of ${events.length} changes`];
  }
  return follower.changes.flatMap((change, place) => {
    const event = events[place];
    return event && isDeepStrictEqual(change, changeOf(event)) ? [] : [`${about} showed ${JSON.stringify(change)}`];
  });
}

/** The list, the change feed and the log over HTTP say the same, and nothing of anybody else. */
async function checkInterface(
  url: string,
  user: LoadUser,
  { events, audit, reminders, deliveries }: Content,
): Promise<string[]> {
  const faults: string[] = [];
  const get = async (path: string): Promise<Json> => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${user.token}` } });
    if (response.status !== 200) faults.push(`GET ${path} of ${user.id}: ${response.status} ${await response.text()}`);
    return response.status === 200 ? ((await response.json()) as Json) : {};
  };
  const own = events.filter((event) => event.user_id === user.id);

  const listed: Json[] = [];
  for (let cursor: unknown = ''; typeof cursor === 'string';) {
    const page = await get(`/v1/tasks?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    listed.push(...((page['tasks'] ?? []) as Json[]));
    cursor = page['next_cursor'];
  }
  const expected = [...lastTasks(own).values()].map(shown);
  const byId = (a: unknown, b: unknown) => (String((a as Json)['id']) < String((b as Json)['id']) ? -1 : 1);
  if (!isDeepStrictEqual(listed.toSorted(byId), expected.toSorted(byId))) {
    faults.push(
      `the list of ${user.id} has ${listed.length} tasks and is not what the events say (${expected.length})`,
    );
  }

  const entries: Json[] = [];
  for (let cursor: unknown = ''; typeof cursor === 'string';) {
    const page = await get(`/v1/reminders?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    entries.push(...((page['reminders'] ?? []) as Json[]));
    cursor = page['next_cursor'];
  }
  const ownReminders = reminderEntries(user, reminders, deliveries);
  if (!isDeepStrictEqual(entries, ownReminders)) {
    const wrong = entries.find((entry, place) => !isDeepStrictEqual(entry, ownReminders[place]));
    faults.push(
      `${user.id} is shown ${entries.length} of ${ownReminders.length} reminders, or wrong: ${JSON.stringify(wrong)}`,
    );
  }

  for (let since = 0; since < own.length;) {
    const changes = ((await get(`/v1/changes?since=${since}&limit=200`))['changes'] ?? []) as Json[];
    const there = own.slice(since, since + changes.length).map(changeOf);
    if (changes.length === 0 || !isDeepStrictEqual(changes, there)) {
      faults.push(`the changes of ${user.id} after ${since} are not the events`);
      break;
    }
    since += changes.length;
  }

  const chain = audit.filter((entry) => entry.user_id === user.id);
  const last = new Map<unknown, Json | null>();
  for (let since: unknown = 0, place = 0; typeof since === 'number';) {
    const page = await get(`/v1/audit?since=${since}&limit=200`);
    const entries = (page['entries'] ?? []) as Json[];
    for (const entry of entries) {
      const row = chain[place++];
      const isSame = entry['seq'] === row?.seq && entry['hash'] === row?.hash.toString('hex');
      if (!isSame) faults.push(`the log of ${user.id} has ${JSON.stringify(entry)} at place ${place}`);
      const event = own[place - 1];
      const after = shown(event?.task ?? null);
      const detail = event?.detail ?? undefined;
      const changed = { before: detail ? null : (last.get(entry['task_id']) ?? null), after, detail };
      last.set(entry['task_id'], after);
      const { before: entryBefore, after: entryAfter, detail: entryDetail } = entry;
      if (!isDeepStrictEqual({ before: entryBefore, after: entryAfter, detail: entryDetail }, changed)) {
        faults.push(
          `the log of ${user.id} has changed ${JSON.stringify(entry)}, the events ${JSON.stringify(changed)}`,
        );
      }
    }
    since = page['next_since'] ?? null;
    if (since === null && place !== chain.length) faults.push(`the log of ${user.id} ends after ${place} entries`);
  }
  return faults;
}

/** As the interface shows them, when all that is due is delivered. */
function reminderEntries({ id }: LoadUser, reminders: readonly Json[], deliveries: readonly Json[]): Json[] {
  const sent = new Map(deliveries.map((row) => [row['reminder_id'], row]));
  const inOrder = (row: Json): string => `${String(row['due_at'])} ${String(row['reminder_id'])}`;
  return reminders
    .filter((row) => row['user_id'] === id)
    .toSorted((a, b) => (inOrder(a) < inOrder(b) ? -1 : 1))
    .map(({ user_id: _user, fired_at: _fired, ...row }) => {
      const {
        channel = null,
        delivered_at = null,
        status = row['status'],
        late_by_seconds = row['late_by_seconds'],
      } = sent.get(row['reminder_id']) ?? {};
      return { ...row, channel, delivered_at, status, late_by_seconds };
    });
}

async function read(database: pg.Client, users: readonly LoadUser[]): Promise<Content> {
  const ids = [users.map((user) => user.id)];
  const events = await database.query<EventRow>(
    `SELECT user_id, seq::int, event_id, task_id, version, type, actor, occurred_at, task, detail
     FROM events WHERE user_id = ANY ($1) ORDER BY user_id, seq`,
    ids,
  );
  const audit = await database.query<AuditRow>(
    `SELECT user_id, seq::int, event_id, task_id, version, type, actor, occurred_at, sealed, previous_hash, hash
     FROM audit_entries WHERE user_id = ANY ($1) ORDER BY user_id, seq`,
    ids,
  );
  const keys = await database.query<KeyRow>(
    `SELECT user_id, key, task_id, version FROM idempotency_keys WHERE user_id = ANY ($1)`,
    ids,
  );
  const seqs = await database.query<{ user_id: string; seq: number }>(
    `SELECT user_id, seq::int FROM users WHERE user_id = ANY ($1)`,
    ids,
  );
  const everybody = await database.query<{ user_id: string }>('SELECT user_id FROM users WHERE seq > 0');
  // The columns as the JSON of an event has them.
  const tasks = await database.query<{ task: Json }>(
    `SELECT to_jsonb(t) - '{words,due_at,priority,created_at,updated_at,completed_at,series_anchor}'::text[]
       || jsonb_build_object(
         'anchor', series_anchor, 'priority', (ARRAY['none', 'low', 'medium', 'high', 'urgent'])[priority + 1],
         'created_at', ${iso('created_at')}, 'updated_at', ${iso('updated_at')}, 'completed_at', ${iso('completed_at')},
         'due_is_right', due_at IS NOT DISTINCT FROM due_date::timestamp AT TIME ZONE time_zone) AS task
     FROM tasks t WHERE user_id = ANY ($1)`,
    ids,
  );
  const steps = await database.query<Json>(`SELECT * FROM series_steps WHERE user_id = ANY ($1)`, ids);
  const reminders = await database.query<Json>(
    `SELECT user_id, reminder_id, task_id, occurrence, ${iso('due_at')} AS due_at, reminder, status,
       ${iso('fired_at')} AS fired_at, late_by_seconds
     FROM reminders WHERE user_id = ANY ($1)`,
    ids,
  );
  const deliveries = await database.query<Json>(
    `SELECT user_id, reminder_id, channel, status, ${iso('delivered_at')} AS delivered_at, late_by_seconds
     FROM reminder_deliveries WHERE user_id = ANY ($1) ORDER BY user_id, reminder_id, channel`,
    ids,
  );
  return {
    steps: steps.rows,
    reminders: reminders.rows,
    deliveries: deliveries.rows,
    readAt: Date.now(),
    everybody: new Set(everybody.rows.map((row) => row.user_id)),
    events: withTasksOfFacts(events.rows),
    audit: audit.rows,
    keys: keys.rows,
    tasks: tasks.rows.map((row) => row.task),
    seqs: new Map(seqs.rows.map((row) => [row.user_id, row.seq])),
  };
}

const iso = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

async function withDatabase<T>(connectionString: string, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}

/** The rows of facts hold no task: it is the one that the change before them has left. */
function withTasksOfFacts(events: readonly EventRow[]): EventRow[] {
  const last = new Map<string, Json | null>();
  return events.map((event) => {
    const about = `${event.user_id} ${event.task_id}`;
    if (isChange(event)) last.set(about, event.task);
    return { ...event, task: last.get(about) ?? null };
  });
}

/** Each task as its last event left it, by user and id; those that were deleted are not in it. */
function lastTasks(events: readonly EventRow[]): Map<string, Json> {
  const tasks = new Map<string, Json>();
  for (const { user_id, task_id, task } of events) {
    if (task) tasks.set(`${user_id} ${task_id}`, task);
    else tasks.delete(`${user_id} ${task_id}`);
  }
  return tasks;
}

function changeOf({ seq, type, task_id, occurred_at, task, detail }: EventRow): Json {
  return { seq, type, task_id, timestamp: occurred_at.toISOString(), task: shown(task), ...(detail && { detail }) };
}

/** A task as people see it: without what the program keeps for itself. */
export function shown(task: Json | null): Json | null {
  if (!task) return null;
  const { floating: _floating, origin: _origin, anchor: _anchor, ...rest } = task;
  return rest;
}

function plain(task: object | null): unknown {
  return task && { ...task };
}

const placeOf = (row: { user_id: string; task_id: string; version: number }): string =>
  `${row.user_id} ${row.task_id} version ${row.version}`;

/** Items by a name of theirs, each in the order given. */
export function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group) group.push(item);
    else groups.set(nameOf(item), [item]);
  }
  return groups;
}

/** RFC 8785: members in the order of their names (as UTF-16), no spaces; the rest is as JSON.stringify writes it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
