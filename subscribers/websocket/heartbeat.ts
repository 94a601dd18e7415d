import type { LiveFeeds } from './live-feeds.js';
import type { LiveLimits } from './limits.js';

export interface HeartbeatParts {
  readonly limits: Pick<LiveLimits, 'pingEveryMs' | 'tickMs'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly feeds: LiveFeeds;
}

/**
 * One timer for all connections: it ends those whose token has expired, and pings those whose turn it is, so that
 * thousands of pings never come at once. A timer of each connection's own would cost memory, and setTimeout cannot wait
 * for the end of a token that is good for more than 24.8 days.
 * @returns how to stop it
 */
export function startHeartbeat({ limits, now, feeds }: HeartbeatParts): () => void {
  const turns = Math.max(1, Math.round(limits.pingEveryMs / limits.tickMs));
  let turn = 0;
  const timer = setInterval(() => {
    turn = (turn + 1) % turns;
    const time = now();
    feeds.forEach((connection) => {
      connection.endIfExpired(time);
      if (connection.number % turns === turn) connection.ping();
    });
  }, limits.tickMs);
  return () => {
    clearInterval(timer);
  };
}
