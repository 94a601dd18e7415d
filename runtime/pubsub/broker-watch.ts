import type { Logger } from 'pino';
import { RepeatedTask } from '../repeated-task.js';

/** A sidecar is not ended more often than this, in milliseconds, whatever else is wrong with its components. */
const betweenEndsMs = 60_000;

export interface BrokerWatchOptions {
  readonly log: Logger;
  /** The pub/sub components that this process needs. */
  readonly wanted: () => readonly string[];
  /** The components that the sidecar has. */
  readonly loaded: () => Promise<readonly string[]>;
  /** Resolves when the broker answers and has its topics. */
  readonly brokerAnswers: () => Promise<unknown>;
  /** Ends the sidecar; whoever keeps it running starts it again. */
  readonly endSidecar: () => Promise<void>;
}

/**
 * A sidecar that begins while the broker is away goes on without the components that need it (`ignoreErrors`), so that
 * commands go on, and never looks for them again. So once the broker answers, it is started again.
 */
export class BrokerWatch {
  private readonly task: RepeatedTask;
  private endedAt = -Infinity;

  constructor(private readonly options: BrokerWatchOptions) {
    this.task = new RepeatedTask('having the sidecar find its broker', options.log, () => this.look());
  }

  /** To be called when a sidecar begins. */
  sidecarBegan(): void {
    this.task.request();
  }

  async stop(): Promise<void> {
    await this.task.stop();
  }

  private async look(): Promise<void> {
    const { wanted, loaded, brokerAnswers, endSidecar, log } = this.options;
    const there = new Set(await loaded());
    const missing = wanted().filter((component) => !there.has(component));
    if (missing.length === 0) return;
    await brokerAnswers();
    if (performance.now() - this.endedAt < betweenEndsMs) {
      throw new Error(`the sidecar was started again, and still lacks ${missing.join(', ')}`);
    }
    this.endedAt = performance.now();
    log.info({ missing }, 'the broker answers: the sidecar, which began without it, is started again');
    await endSidecar();
  }
}
