import type { Machine } from './machine.js';
import type { ProgramMemory } from './memory.js';
import type { Cost } from './connections/job.js';
import { eventsText } from './events/text.js';
import { spread, table } from './markdown.js';
import type { ConnectionFigures, Quantiles } from './measure/connections.js';
import type { DrainFigures } from './measure/drain.js';
import type { EventFigures } from './measure/events.js';
import type { MemoryFigures } from './measure/idle-memory.js';
import type { LiveFigures } from './measure/live.js';
import type { Lateness, ReminderFigures } from './measure/reminders.js';
import { sumOf, type RestFigures } from './measure/rest.js';
import type { SizeFigures } from './measure/sizes.js';
import type { SlotFigures, SlotTimes } from './measure/slots.js';
import type { StartFigures } from './measure/starts.js';
import type { SuccessorFigures } from './measure/successor.js';
import type { Plan } from './plan.js';

/** All of one run; what was not asked for is null. */
export interface Results {
  readonly finishedAt: string;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly starts: StartFigures;
  readonly fresh: readonly ProgramMemory[];
  readonly rest: readonly RestFigures[] | null;
  readonly live: LiveFigures | null;
  readonly sizes: readonly SizeFigures[] | null;
  readonly memory: MemoryFigures | null;
  readonly connections: ConnectionFigures | null;
  readonly drain: DrainFigures | null;
  readonly events: readonly EventFigures[] | null;
  readonly successor: SuccessorFigures | null;
  readonly reminders: ReminderFigures | null;
  readonly slots: SlotFigures | null;
  /** Cores that other programs on the machine used meanwhile, on average. */
  readonly otherCores: number;
}

/** Renders the results for people, as Markdown. */
export function render(results: Results): string {
  const { machine, plan, starts, rest, live, sizes, memory, connections, drain, events, successor, reminders, slots } =
    results;
  const parts = [
    `# Benchmark`,
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, ${machine.system}, ${machine.storage}; Node ${machine.node}, PostgreSQL ${machine.postgres}, Dapr ${machine.dapr}; commit ${machine.commit}; ${results.finishedAt.slice(0, 10)}.${plan.isQuick ? ' **A quick run.**' : ''}`,
    `${plan.rounds} rounds, the two systems in turn; median (least – most). Load generator, system and database share the machine; other programs used ${results.otherCores.toFixed(2)} of its cores meanwhile.`,
  ];
  if (rest)
    parts.push(
      '## REST, against the same interface without Dapr',
      restTable(rest),
      restNotes(plan),
      '### Processor time of a request, in µs',
      cpuTable(rest),
    );
  if (live) parts.push('## Live feed', liveText(live));
  if (connections) parts.push('## Many live connections', connectionsText(connections));
  if (drain) parts.push('## A backlog into Kafka', drainText(drain));
  if (events) parts.push('## Events on Kafka, under load and after a kill', eventsText(events, plan.events));
  if (successor) parts.push('## Recurring tasks', successorText(successor));
  if (reminders) parts.push('## Reminders', remindersText(reminders));
  if (slots) parts.push('## The calculation of slots', slotsText(slots));
  if (sizes) parts.push('## By the number of tasks of a user', sizeTable(sizes));
  parts.push('## Memory', memoryTable(results.fresh, memory));
  if (memory) {
    parts.push(
      `${memory.touchedTasks} tasks were completed, each once; ${memory.activeActors} actors were in memory then. The last of them left it after ${memory.idleSeconds.toFixed(0)} s, which took ${memory.cpuMicroseconds.toFixed(0)} µs of processor time an actor, with all that an idle system does meanwhile.`,
    );
  }
  parts.push(
    '## Start',
    `Ready after ${spread(starts.warm, 1)} s; with an empty DATA_DIR ${starts.cold.toFixed(1)} s (Dapr's programs are there already).`,
  );
  return `${parts.join('\n\n')}\n`;
}

function restTable(rest: readonly RestFigures[]): string {
  return table(
    [
      'call',
      'connections',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'plain: requests/s',
      'p50 ms',
      'p99 ms',
      'ratio',
      'events behind at the end',
      'caught up after s',
    ],
    rest.map(({ call, connections, targets: { dapr, plain }, ratio, lag }) => {
      const writes = call === 'create' || call === 'complete';
      return [
        call,
        String(connections),
        spread(dapr.requestsPerSecond, 0),
        spread(dapr.p50, 2),
        spread(dapr.p99, 1),
        spread(plain.requestsPerSecond, 0),
        spread(plain.p50, 2),
        spread(plain.p99, 1),
        spread(ratio, 2),
        writes ? spread(lag.events, 0) : '–',
        writes ? spread(lag.seconds, 1) : '–',
      ];
    }),
  );
}

function cpuTable(rest: readonly RestFigures[]): string {
  const rows = rest.flatMap(({ call, connections, targets: { dapr, plain }, cpuRatio }) => [
    { title: `${call}, ${connections}`, cpu: dapr.cpuMicroseconds, ratio: cpuRatio.toFixed(2) },
    { title: `${call}, ${connections}, plain`, cpu: plain.cpuMicroseconds, ratio: '' },
  ]);
  const names = [...new Set(rows.flatMap(({ cpu }) => Object.keys(cpu)))].filter((name) =>
    rows.some(({ cpu }) => (cpu[name] ?? 0) >= 1),
  );
  const shown = (microseconds: number): string => (microseconds < 1 ? '–' : microseconds.toFixed(0));
  return table(
    ['', ...names, 'sum', 'ratio'],
    rows.map(({ title, cpu, ratio }) => [
      title,
      ...names.map((name) => shown(cpu[name] ?? 0)),
      shown(sumOf(cpu)),
      ratio,
    ]),
  );
}

function restNotes({ users, listedTasks, completions, isQuick }: Plan): string {
  return `- Commands are spread over ${users} users and carry an \`Idempotency-Key\` each. \`complete\` takes tasks that no actor has in memory, each once (${completions[1]} at 1 connection, ${completions[32]} at 32).
- \`list\` is \`status=open&tag=home&sort=priority:desc,due_date:asc&limit=50\`, of users with ${listedTasks} tasks.
- *Plain* is one process with Koa and pg on the same database and schema, with the gateway's own middleware, validation, token check, routes and rendering, and 40 connections as the system has. A command is one transaction: \`BEGIN\`; for a task that exists, \`SELECT … FOR UPDATE\` of its row; the decision, by the same functions; the same statement that the actors use (event, task, idempotency record, the user's next \`seq\`); the head of the user's audit chain; one statement for the audit entry and the relay's position; \`COMMIT\`. Before its answer it has done what the system with Dapr does for an event before and after it, but for one thing: it publishes nothing, so no subscriber and no live feed hears of it.
- The system with Dapr runs as \`npm start\` runs it: every command through daprd to its actor, every event published to three topics and delivered to the audit log and the live feed meanwhile. Whatever they had left at the end of a round was waited for before the next one began, and is part of the processor time.${isQuick ? '' : ' So was the deactivation of the actors, a minute later, which is not; see Memory for what it takes.'}`;
}

function liveText({ rate, users, frames, beforeAcknowledgement, p50, p99, most }: LiveFigures): string {
  return `From the acknowledgement of a command to its frame, at ${rate} commands a second of ${users} users, each with an open feed: p50 ${spread(p50, 1)} ms, p99 ${spread(p99, 1)} ms, most ${spread(most, 0)} ms (${frames} frames; both ends timed in one process). ${(beforeAcknowledgement.median * 100).toFixed(0)} % of the frames came before the acknowledgement; they count as 0.`;
}

function successorText({ rate, users, completions, p50, p99, most }: SuccessorFigures): string {
  return `From the acknowledgement of a completion to the first list that has the successor, at ${rate} completions a second of ${users} users: p50 ${spread(p50, 1)} ms, p99 ${spread(p99, 1)} ms, most ${spread(most, 0)} ms (${completions} of them, one of five; the list is asked for again and again, a few milliseconds apart, which the figures include).`;
}

function remindersText({ sameSecond, spread: evenly, idle }: ReminderFigures): string {
  const row = (title: string, { p50, p99, most }: Lateness): string[] => [
    title,
    ...[p50, p99, most].map((seconds) => seconds.toFixed(2)),
  ];
  return `${table(
    ['seconds late', 'p50', 'p99', 'most'],
    [
      row(`${sameSecond.reminders} of one second, committed as due`, sameSecond.due),
      row('taken by the log channel', sameSecond.delivered),
      row(`${evenly.rate} a second, committed as due`, evenly.due),
      row('taken by the log channel', evenly.delivered),
    ],
  )}

Each is of a user of its own, created over REST before. There were ${sameSecond.deliveries} and ${evenly.deliveries} deliveries of ${sameSecond.reminders} and ${evenly.reminders} reminders. ${idle.users} users whose reminders are a month away cost ${(idle.cores * 1000).toFixed(0)} thousandths of a core, with all that an idle system does; RSS in MiB: ${idle.memory.map(({ name, mebibytes }) => `${name} ${mebibytes.toFixed(0)}`).join(', ')}.`;
}

function connectionsText(figures: ConnectionFigures): string {
  const { connections, connectionsOfUser, openCost, idle, rss } = figures;
  const cost = (of: Cost, least: number, digits: number): string =>
    Object.entries(of)
      .filter(([, milliseconds]) => milliseconds >= least)
      .map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(digits)}`)
      .join(', ');
  const row = (title: string, { p50, p99, most }: Quantiles): string[] => [
    title,
    ...[p50, p99, most].map((milliseconds) => milliseconds.toFixed(1)),
  ];
  return `${connections} connections to one process with all roles, ${connectionsOfUser} of one user and each other of a user of its own, were open after ${figures.openSeconds.toFixed(1)} s. Each takes ${kilobytes(figures.rssBytes)} of RSS; ${kilobytes(figures.heapBytes)} of them are heap and what it holds outside. The whole process has ${mebibytes(rss.with)}, and ${mebibytes(rss.without)} without them. Garbage is collected before all of this is measured. Processor time in ms: letting one client in takes ${cost(openCost, 0.01, 2)}; a second in which nothing happens takes ${cost(idle.with, 0.5, 1)}, and ${cost(idle.without, 0.5, 1)} without connections.

${table(
  [`ms until a change is at all ${connectionsOfUser}, of ${figures.changes}`, 'p50', 'p99', 'most'],
  [
    row('from the acknowledgement of the command', figures.afterAcknowledgement),
    row('from the request', figures.afterRequest),
    row('from the first of them', figures.firstToLast),
  ],
)}`;
}

function drainText({ events, users, drained, bulk, ratio }: DrainFigures): string {
  return `${events} committed events of ${users} users, none published, with the relay just started: ${spread(drained, 0)} events a second, each to three topics, until the last is acknowledged. Dapr's bulk publish by itself, of the same messages ready-made, as many in a request and as many requests at once: ${spread(bulk, 0)}. Ratio ${spread(ratio, 2)}. Without subscribers; PostgreSQL, the broker, daprd and the sender share the machine.`;
}

function slotsText({ rules, second, far, streamed, iterated, ratio, absurd }: SlotFigures): string {
  const row = (title: string, { p50, p99, most }: SlotTimes): string[] => [
    title,
    ...[p50, p99, most].map((microseconds) => microseconds.toFixed(1)),
  ];
  return `${table(
    [`µs for the next slot, of ${rules} rules never met before`, 'p50', 'p99', 'most'],
    [row('after the first', second), row('100,000 slots on', far)],
  )}

A daily rule in a zone, one slot after the other: ${spread(streamed, 0)} a second; by the iterator of ical.js, without a zone: ${spread(iterated, 0)}. Ratio ${spread(ratio, 1)}. The worst of the absurd rules took ${absurd.milliseconds.toFixed(1)} ms of processor time, both at the door and behind it: \`${absurd.rule}\`.`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function sizeTable(sizes: readonly SizeFigures[]): string {
  const first = sizes[0]?.tasks ?? 0;
  return table(
    ['tasks', 'create: requests/s', 'p50 ms', `to ${first}`, 'list of 50: requests/s', 'p50 ms', `to ${first}`],
    sizes.map(({ tasks, create, list }) => [
      String(tasks),
      ...[create, list].flatMap((figure) => [
        spread(figure.requestsPerSecond, 0),
        spread(figure.p50, 2),
        spread(figure.toFirst, 2),
      ]),
    ]),
  );
}

function memoryTable(fresh: readonly ProgramMemory[], memory: MemoryFigures | null): string {
  const columns: [string, readonly ProgramMemory[]][] = [['after the start', fresh]];
  if (memory) columns.push(['after the load', memory.afterLoad], ['idle, actors deactivated', memory.afterIdle]);
  const names = [...new Set(columns.flatMap(([, programs]) => programs.map(({ name }) => name)))];
  const sizeIn = (programs: readonly ProgramMemory[], name: string): string => {
    const program = programs.find((candidate) => candidate.name === name);
    return program ? program.mebibytes.toFixed(0) : '–';
  };
  return `${table(
    ['RSS in MiB', ...columns.map(([title]) => title)],
    names.map((name) => [name, ...columns.map(([, programs]) => sizeIn(programs, name))]),
  )}\n\nPostgreSQL is many processes that share memory: the sum of their proportional shares (PSS).`;
}
