import type { Logger } from 'pino';

const firstPauseMs = 200;
const longestPauseMs = 10_000;

/**
 * Work that is asked for by signals and must then succeed: it is repeated with growing pauses until it does. Asked for
 * while it runs, it runs once more.
 */
export class RepeatedTask {
  private requested = false;
  private running: Promise<void> | undefined;
  private stopped = false;
  private endPause: (() => void) | undefined;

  constructor(
    private readonly what: string,
    private readonly log: Logger,
    private readonly work: () => Promise<void>,
  ) {}

  request(): void {
    this.requested = true;
    this.running ??= this.run();
  }

  /** Lets a running try end and makes no other. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.endPause?.();
    await this.running;
  }

  private async run(): Promise<void> {
    let pause = firstPauseMs;
    while (this.requested && !this.stopped) {
      this.requested = false;
      try {
        await this.work();
        pause = firstPauseMs;
      } catch (error) {
        this.log.warn({ err: error, pause }, `${this.what} failed and is tried again`);
        this.requested = true;
        await this.pause(pause);
        pause = Math.min(pause * 2, longestPauseMs);
      }
    }
    // At once with the last look at `requested`: a request in between would be heard by nobody.
    this.running = undefined;
  }

  private async pause(ms: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
