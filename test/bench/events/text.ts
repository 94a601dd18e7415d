import { spread, table } from '../markdown.js';
import type { EventFigures } from '../measure/events.js';
import type { Plan } from '../plan.js';
import { spreadOf } from '../statistics.js';
import { interruptedSeconds, retryMs, type HostKill } from './host-kill.js';
import type { Arrivals } from './job.js';

/** What the report says of them, as Markdown. */
export function eventsText(figures: readonly EventFigures[], plan: Plan['events']): string {
  const kills = figures.flatMap(({ hostKills }) => hostKills);
  return [
    `The system runs as one process on Kafka, then with each role in a process of its own; the broker, the database and the load share the machine. ${plan.users} users create tasks. ${plan.rounds === 1 ? 'One round.' : ''}`.trim(),
    '### From a command to a consumer of Kafka',
    arrivalsTable(figures),
    `Commands come at a steady rate, whatever they take. All partitions of \`task-events\` are read by a consumer in the process that sends them, by whose clock both ends are timed. What comes before the acknowledgement counts as 0. The rate is the first of ${plan.rates.join(', ')} a second that is held (no command is refused, and never are answers to those of half a second owed), and then half of it.\n\n${figures.map(rateNote).join('\n')}`,
    '### Audit log and live feed at the full rate',
    keepingUpTable(figures),
    `${plan.keepingUp.connections} connections send one command after the other. Every second the events that are committed are compared with those in the audit log, and those of ${plan.keepingUp.followed} followed users with what their live connections have shown: mean (most) of the samples of each quarter of that time, round by round. The slope is by how many events the lag grows in a second, by least squares.`,
    ...(kills.length > 0
      ? ['### After `kill -9` of one of two hosts of actors', killsTable(kills), killsNote(plan.hostKill)]
      : []),
  ].join('\n\n');
}

const spans = [
  { title: 'acknowledgement to consumer', of: (at: Arrivals) => at.afterAcknowledgement },
  { title: 'request to consumer', of: (at: Arrivals) => at.afterRequest },
  { title: 'request to acknowledgement', of: (at: Arrivals) => at.acknowledgement },
];

function arrivalsTable(figures: readonly EventFigures[]): string {
  const rows = figures.flatMap(({ shape, arrivals }) =>
    [0, 1].flatMap((place) => {
      const rounds = arrivals.flatMap((round) => round[place] ?? []);
      const rates = [...new Set(rounds.map(({ rate }) => rate))].join(', ');
      return spans.map(({ title, of }) => [
        shape,
        rates,
        title,
        ...(['p50', 'p99', 'most'] as const).map((name) =>
          over(
            rounds.map((round) => of(round)[name]),
            1,
          ),
        ),
      ]);
    }),
  );
  return table(['', 'commands/s', 'ms', 'p50', 'p99', 'most'], rows);
}

function rateNote({ shape, arrivals, notHeld }: EventFigures): string {
  const all = arrivals.flat();
  const early = all.map(({ rate, beforeAcknowledgement }) => `${percent(beforeAcknowledgement)} at ${rate}/s`);
  const busy = percent(Math.max(...all.map(({ ownUse }) => ownUse)));
  return `- ${shape}: ${all.reduce((sum, { messages }) => sum + messages, 0)} messages; before the acknowledgement came ${early.join(', ')}. The process that measures was itself busy at most ${busy} of a measurement. Not held: ${notHeld.join(', ') || 'none'}.`;
}

function keepingUpTable(figures: readonly EventFigures[]): string {
  const rows = figures.flatMap(({ shape, keepingUp }) =>
    (['audit', 'live'] as const).map((name) => [
      shape,
      name === 'audit' ? 'audit log' : 'live feeds',
      over(
        keepingUp.map(({ commandsPerSecond }) => commandsPerSecond),
        0,
      ),
      ...[0, 1, 2, 3].map((quarter) =>
        keepingUp
          .map((round) => round[name].quarters[quarter] ?? { mean: NaN, most: NaN })
          .map(({ mean, most }) => `${mean.toFixed(1)} (${most})`)
          .join('; '),
      ),
      keepingUp.map((round) => round[name].slope.toFixed(2)).join('; '),
      over(
        keepingUp.map((round) => round[name].caughtUpSeconds),
        2,
      ),
    ]),
  );
  const head = [
    '',
    'behind, in events',
    'commands/s',
    '1st quarter',
    '2nd',
    '3rd',
    '4th',
    'slope',
    'caught up after s',
  ];
  return table(head, rows);
}

function killsTable(kills: readonly HostKill[]): string {
  return table(
    [
      'kill',
      'longest gap of any user, s',
      'before the kill',
      'median user, s',
      `users with more than ${interruptedSeconds} s`,
      'tries not acknowledged',
      'acknowledged in each second after it',
    ],
    kills.map((kill, place) => [
      String(place + 1),
      kill.longestAfter.toFixed(2),
      kill.longestBefore.toFixed(2),
      kill.medianAfter.toFixed(2),
      `${kill.interruptedUsers} of ${kill.users}`,
      Object.entries(kill.unacknowledged)
        .map(([what, count]) => `${what}: ${count}`)
        .join(', ') || 'none',
      kill.acknowledgedEachSecond.join(' '),
    ]),
  );
}

function killsNote({ pauseMs, secondsAfter }: Plan['events']['hostKill']): string {
  return `Each user changes a task of its own, ${pauseMs} ms after the change before on average, and sends a command that was not acknowledged again after ${retryMs} ms. A gap is the time from an acknowledgement of a user to that user's next, pause included; those of the ${secondsAfter} s after the kill count. The launcher starts the process again.`;
}

function over(values: readonly number[], digits: number): string {
  return values.length === 1 ? (values[0] ?? NaN).toFixed(digits) : spread(spreadOf(values), digits);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
