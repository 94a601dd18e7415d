import type { ReminderLine as WrittenLine } from './log-lines.js';

/** A line of the log channel, as it came out of the program. */
export interface ReminderLine extends WrittenLine {
  /** When it was written, and when it was seen here: epoch milliseconds. */
  readonly time: number;
  readonly seenAt: number;
}

const lookEveryMs = 50;

/** Collects the lines of the log channel out of all that a system prints. */
export class ReminderLines {
  readonly lines: ReminderLine[] = [];
  private read = 0;
  private readonly timer: NodeJS.Timeout;

  /** @param printed grows */
  constructor(private readonly printed: readonly string[]) {
    this.timer = setInterval(() => this.look(), lookEveryMs);
  }

  look(): void {
    const seenAt = Date.now();
    for (const line of this.printed.slice(this.read)) {
      this.read += 1;
      if (!line.includes('"channel":"log"') || !line.includes('"msg":"reminder"')) continue;
      this.lines.push({ ...(JSON.parse(line.slice(line.indexOf('{'))) as Omit<ReminderLine, 'seenAt'>), seenAt });
    }
  }

  stop(): void {
    this.look();
    clearInterval(this.timer);
  }
}
