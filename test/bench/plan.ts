import { parseArgs } from 'node:util';

/** How much is measured. */
export interface Plan {
  readonly isQuick: boolean;
  /** Every measurement is repeated this often, the two systems in turn. */
  readonly rounds: number;
  /** Seconds of a measurement, and of its warm-up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly users: number;
  /** How many tasks are completed in a round, by the number of connections; a tenth more warm up. */
  readonly completions: Readonly<Record<Connections, number>>;
  readonly listedTasks: number;
  /** How many tasks a user has where the cost of that is measured. */
  readonly sizes: readonly number[];
  readonly touchedTasks: number;
  readonly warmStarts: number;
  readonly live: { readonly rate: number; readonly users: number; readonly seconds: number };
  readonly slots: { readonly rules: number; readonly streamed: number };
  readonly successor: { readonly rate: number; readonly users: number; readonly seconds: number };
  readonly reminders: {
    readonly sameSecond: { readonly users: number; readonly secondsToCreate: number };
    /** Reminders a second, of a user each. */
    readonly spread: { readonly rate: number; readonly seconds: number; readonly secondsToCreate: number };
    readonly idle: { readonly users: number; readonly seconds: number };
  };
  readonly connections: {
    readonly count: number;
    /** Those of the user whose changes are measured; all others are of a user each. */
    readonly ofOneUser: number;
    readonly changes: number;
    readonly idleSeconds: number;
  };
  readonly drain: { readonly events: number; readonly users: number };
  readonly events: {
    /** Of the first two measurements. */
    readonly rounds: number;
    readonly users: number;
    /** Commands a second; the first that is held is measured, and half of it. */
    readonly rates: readonly number[];
    readonly warmUpSeconds: number;
    readonly seconds: number;
    readonly keepingUp: { readonly connections: number; readonly seconds: number; readonly followed: number };
    readonly hostKill: {
      readonly times: number;
      readonly users: number;
      /** Mean time between two commands of a user. */
      readonly pauseMs: number;
      readonly secondsBefore: number;
      readonly secondsAfter: number;
    };
  };
  readonly parts: readonly Part[];
  readonly calls: readonly CallName[];
}

export const connectionCounts = [1, 32] as const;
export type Connections = (typeof connectionCounts)[number];

export const partNames = [
  'rest',
  'live',
  'sizes',
  'memory',
  'connections',
  'drain',
  'events',
  'successor',
  'reminders',
  'slots',
] as const;
export type Part = (typeof partNames)[number];

export const callNames = ['create', 'complete', 'get', 'list'] as const;
export type CallName = (typeof callNames)[number];

const whole: Omit<Plan, 'parts' | 'calls'> = {
  isQuick: false,
  rounds: 3,
  seconds: 10,
  warmUpSeconds: 3,
  users: 500,
  completions: { 1: 2_000, 32: 10_000 },
  listedTasks: 10_000,
  sizes: [1_000, 10_000, 100_000],
  touchedTasks: 100_000,
  warmStarts: 5,
  live: { rate: 200, users: 100, seconds: 30 },
  slots: { rules: 20_000, streamed: 1_000_000 },
  successor: { rate: 100, users: 100, seconds: 30 },
  reminders: {
    sameSecond: { users: 10_000, secondsToCreate: 300 },
    spread: { rate: 50, seconds: 60, secondsToCreate: 60 },
    idle: { users: 100_000, seconds: 60 },
  },
  connections: { count: 10_000, ofOneUser: 100, changes: 100, idleSeconds: 60 },
  drain: { events: 200_000, users: 500 },
  events: {
    rounds: 3,
    users: 200,
    rates: [500, 400, 300, 250, 200, 150, 100, 50],
    warmUpSeconds: 3,
    seconds: 20,
    keepingUp: { connections: 32, seconds: 20, followed: 20 },
    hostKill: { times: 3, users: 50, pauseMs: 500, secondsBefore: 5, secondsAfter: 20 },
  },
};

const quick: Omit<Plan, 'parts' | 'calls'> = {
  ...whole,
  isQuick: true,
  seconds: 3,
  warmUpSeconds: 1,
  completions: { 1: 500, 32: 4_000 },
  sizes: [1_000, 10_000],
  touchedTasks: 10_000,
  warmStarts: 1,
  live: { rate: 200, users: 100, seconds: 10 },
  slots: { rules: 5_000, streamed: 500_000 },
  successor: { rate: 100, users: 100, seconds: 10 },
  reminders: {
    sameSecond: { users: 2_000, secondsToCreate: 120 },
    spread: { rate: 50, seconds: 20, secondsToCreate: 60 },
    idle: { users: 2_000, seconds: 30 },
  },
  connections: { ...whole.connections, changes: 30, idleSeconds: 20 },
  drain: { events: 20_000, users: 500 },
  events: { ...whole.events, rounds: 1, seconds: 8, hostKill: { ...whole.events.hostKill, times: 1 } },
};

/** Reads `--quick`, `--parts=rest,live,…` and `--calls=create,…`. @throws Error that says what may be given */
export function readPlan(argv: readonly string[]): Plan {
  const list = (names: readonly string[]) => ({ type: 'string', default: names.join(',') }) as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { quick: { type: 'boolean', default: false }, parts: list(partNames), calls: list(callNames) },
  });
  const parts = chosen(partNames, values.parts);
  const calls = chosen(callNames, values.calls);
  return { ...(values.quick ? quick : whole), parts, calls };
}

function chosen<Name extends string>(names: readonly Name[], list: string): Name[] {
  return list.split(',').map((word) => {
    const name = names.find((candidate) => candidate === word.trim());
    if (name === undefined) throw new Error(`"${word}" is none of ${names.join(', ')}`);
    return name;
  });
}
