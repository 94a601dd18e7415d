import { Counter, Gauge, type Registry } from 'prom-client';
import type { Lag } from './backlog.js';

/** What the figures are taken from when somebody asks for them. */
export interface RelayState {
  readonly lanes: () => number;
  readonly waiting: () => number;
  readonly lag: () => Lag;
}

/**
 * The relay's figures. All of them are of this process, from its memory: the sums over all processes are those of the system.
 * @returns to be told how many events were published
 */
export function relayMetrics(registry: Registry, { lanes, waiting, lag }: RelayState): (count: number) => void {
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  gauge('todo_relay_leads', '1 in a process that publishes.', () => Math.min(1, lanes()));
  gauge('todo_relay_lanes', 'Lanes of users whose events this process publishes.', lanes);
  gauge('todo_relay_events_waiting', 'Committed events that wait in memory to be published.', waiting);
  gauge(
    'todo_relay_lag_events',
    'Committed events of the lanes of this process that are not published yet, in memory or in the database.',
    () => lag().events,
  );
  gauge('todo_relay_lag_seconds', 'Age of the oldest of them, in seconds; 0 when there are none.', () => lag().seconds);
  const published = new Counter({
    name: 'todo_relay_events_published_total',
    help: 'Events handed to the sidecar.',
    registers: [registry],
  });
  return (count) => published.inc(count);
}
