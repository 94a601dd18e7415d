import type { Logger } from 'pino';
import { RepeatedTask } from '../../runtime/repeated-task.js';
import type { Queryable } from '../../runtime/postgres/pool.js';
import { leaseMs, nameOfDelivery, type DeliveryKey } from './delivery.js';
import { endTries, prolongLeases, type EndedTry } from './sql/deliveries.js';

const mostAtOnce = 500;

/** A message that its receiver has. */
export interface Delivered extends DeliveryKey {
  /** RFC 3339. */
  readonly delivered_at: string;
}

export interface OutcomesOptions {
  readonly pool: Queryable;
  readonly log: Logger;
  readonly now: () => number;
  /** Has the facts and the rows of what was delivered committed; a repeat changes nothing. */
  readonly commit: (delivered: readonly Delivered[]) => Promise<unknown>;
}

/**
 * Writes down what became of messages, many at a time. What was delivered is kept until it is written down, however long
 * that takes, and its lease with it: nobody else sends it meanwhile.
 */
export class Outcomes {
  private delivered: Delivered[] = [];
  private readonly names = new Set<string>();
  private ended: EndedTry[] = [];
  private readonly writing: RepeatedTask;

  constructor(private readonly options: OutcomesOptions) {
    this.writing = new RepeatedTask('writing down what became of notifications', options.log, () => this.write());
  }

  /** How many are not written down yet. */
  get waiting(): number {
    return this.delivered.length + this.ended.length;
  }

  noteDelivered(...delivered: readonly Delivered[]): void {
    this.delivered.push(...delivered);
    for (const key of delivered) this.names.add(nameOfDelivery(key));
    this.writing.request();
  }

  /** True for what was delivered and is not written down yet. */
  hasDelivered(key: DeliveryKey): boolean {
    return this.names.has(nameOfDelivery(key));
  }

  noteEnded(...ended: readonly EndedTry[]): void {
    this.ended.push(...ended);
    this.writing.request();
  }

  /** Lets a running try to write end, and makes a last one. */
  async stop(): Promise<void> {
    await this.writing.stop();
    await this.write().catch((err: unknown) => {
      this.options.log.warn(
        { err, count: this.waiting },
        'some notifications are not marked as sent and are sent again',
      );
    });
  }

  private async write(): Promise<void> {
    const { pool, now, commit } = this.options;
    while (this.waiting > 0) {
      const ended = this.ended.slice(0, mostAtOnce);
      await endTries(pool, ended);
      this.ended = this.ended.slice(ended.length);
      const delivered = this.delivered.slice(0, mostAtOnce);
      if (delivered.length === 0) continue;
      try {
        await commit(delivered);
      } catch (error) {
        for (let from = 0; from < this.delivered.length; from += mostAtOnce) {
          const some = this.delivered.slice(from, from + mostAtOnce);
          await prolongLeases(pool, some, new Date(now() + leaseMs));
        }
        throw error;
      }
      this.delivered = this.delivered.slice(delivered.length);
      for (const key of delivered) this.names.delete(nameOfDelivery(key));
    }
  }
}
