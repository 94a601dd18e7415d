import type { Findings } from '../support/checker.js';
import type { OpenTrial } from '../support/trial.js';

/** A fault and how long it took, in milliseconds, until every user at work was acknowledged a command sent after it. */
export interface Recovery {
  readonly kind: string;
  readonly ms: number;
}

interface Spread {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** What a run of chaos did and met. */
export interface ChaosReport {
  readonly seed: number;
  readonly shape: string;
  readonly minutes: number;
  readonly users: number;
  readonly commands: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** No answer came, however often they were sent. */
  readonly unknown: number;
  readonly retries: number;
  readonly unavailable: number;
  readonly events: number;
  readonly kafka: Findings['kafka'];
  /** null where it could not be checked. */
  readonly series: Findings['series'] | null;
  readonly reminders: Findings['reminders'] | null;
  readonly frames: number;
  /** Live connections that were made. */
  readonly connections: number;
  readonly faults: number;
  readonly recovery: Spread;
  readonly recoveryByKind: Readonly<Record<string, Spread>>;
  readonly violations: readonly string[];
}

/** Puts together what a run has to say. */
export function reportOf(
  about: Pick<ChaosReport, 'seed' | 'shape' | 'minutes'>,
  { load, users, lightUsers, followers }: OpenTrial,
  { events, kafka, series, reminders }: Pick<ChaosReport, 'events' | 'kafka' | 'series' | 'reminders'>,
  recoveries: readonly Recovery[],
  violations: readonly string[],
): ChaosReport {
  const withOutcome = (outcome: string): number =>
    load.commands.filter((command) => command.outcome === outcome).length;
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const kinds = [...new Set(recoveries.map(({ kind }) => kind))].sort();
  const spreadOf = (some: readonly Recovery[]): Spread => spread(some.map(({ ms }) => ms));
  return {
    ...about,
    users: users.length + lightUsers.length,
    commands: load.commands.length,
    acknowledged: withOutcome('acknowledged'),
    refused: withOutcome('refused'),
    unknown: withOutcome('unknown'),
    retries: sum(load.commands.map(({ tries }) => tries - 1)),
    unavailable: load.unavailable,
    events,
    kafka,
    series,
    reminders,
    frames: sum(followers.map(({ changes }) => changes.length)),
    connections: sum(followers.map(({ connections }) => connections)),
    faults: recoveries.length,
    recovery: spreadOf(recoveries),
    recoveryByKind: Object.fromEntries(
      kinds.map((kind) => [kind, spreadOf(recoveries.filter((one) => one.kind === kind))]),
    ),
    violations,
  };
}

/** A report for people. */
export function reportText(report: ChaosReport): string {
  const { kafka, series, reminders, recovery, recoveryByKind, violations } = report;
  const rows = Object.entries({ 'all faults': recovery, ...recoveryByKind }).map(
    ([kind, { count, medianMs, p99Ms, mostMs }]) =>
      [String(count), seconds(medianMs), seconds(p99Ms), seconds(mostMs)].map((cell) => cell.padStart(8)).join('') +
      `  ${kind}`,
  );
  return [
    `seed ${report.seed}, shape ${report.shape}, ${Math.round(report.minutes * 10) / 10} minutes, ${report.users} users`,
    `${report.commands} commands: ${report.acknowledged} acknowledged, ${report.refused} refused, ${report.unknown} without an answer; ` +
      `${report.retries} retries, ${report.unavailable} answers 503`,
    `${report.events} events${kafka === null ? '' : `, ${kafka.messages} in Kafka's topics and ${kafka.duplicates} of them repeats`}; ` +
      `${report.frames} live frames over ${report.connections} connections`,
    ...(series
      ? [
          `${series.followed} occurrences done with: ${series.successors} were followed by the next one, ${series.ended} series ended`,
        ]
      : []),
    ...(reminders
      ? [
          `${reminders.planned} reminders: ${reminders.due} came, ${reminders.cancelled} were cancelled; ${reminders.late} came late, at most ` +
            `${reminders.longestLateSeconds} s, ${reminders.dueWhileDown} were due while everything was down; ` +
            `${reminders.linesAgain} lines came again, ${reminders.linesLost} died with the main process`,
        ]
      : []),
    'recovery, in seconds until every user at work was acknowledged a command sent after the fault:',
    ['faults', 'median', 'p99', 'most'].map((title) => title.padStart(8)).join('') + '  what',
    ...rows,
    ...(violations.length === 0
      ? ['every promise was kept']
      : [`${violations.length} violations:`, ...violations.slice(0, 50).map((one) => one.slice(0, 400))]),
  ].join('\n');
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), mostMs: at(1) };
}
