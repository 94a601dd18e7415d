import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A clock that a test sets, for all processes of a system that is started with its `env`. */
export class TestClock {
  private constructor(private readonly folder: string) {}

  /** @param time what it says now, RFC 3339 */
  static async at(time: string): Promise<TestClock> {
    const clock = new TestClock(await mkdtemp(join(tmpdir(), 'todo-chatbot-clock-')));
    await clock.set(time);
    return clock;
  }

  get env(): Record<string, string> {
    return { CLOCK_FILE: this.file };
  }

  /** Sets it; it goes on from there. @param time RFC 3339 */
  async set(time: string): Promise<void> {
    const next = `${this.file}.next`;
    await writeFile(next, String(Date.parse(time) - Date.now()));
    // Nobody reads half of it.
    await rename(next, this.file);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  private get file(): string {
    return join(this.folder, 'ahead-ms');
  }
}
