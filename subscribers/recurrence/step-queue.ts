import type { SeriesStep } from '../../domain/recurrence/series-step.js';

export interface StepQueueOptions {
  /** Takes one step; what it throws has been dealt with. */
  readonly take: (step: SeriesStep) => Promise<void>;
  /** Steps that are taken at once, in all and of one user: one who has many does not hold up the others. */
  readonly atOnce: number;
  readonly atOnceOfUser: number;
  /** Steps that wait at most. */
  readonly mostWaiting: number;
}

interface UserSteps {
  readonly waiting: SeriesStep[];
  running: number;
  hasTurn: boolean;
}

/** Takes steps soon, each once at a time. Nothing hangs on its memory: the database knows every step that is still to be taken. */
export class StepQueue {
  private readonly users = new Map<string, UserSteps>();
  /** The users whose next step may be taken, in turn. */
  private readonly turns: UserSteps[] = [];
  private readonly known = new Set<string>();
  private running = 0;
  private isStopped = false;
  private ended: (() => void) | undefined;

  constructor(private readonly options: StepQueueOptions) {}

  get size(): number {
    return this.known.size;
  }

  /** @returns false when it has no place for more */
  add(step: SeriesStep): boolean {
    const key = keyOf(step);
    if (this.known.has(key)) return true;
    if (this.isStopped || this.known.size >= this.options.mostWaiting) return false;
    this.known.add(key);
    let user = this.users.get(step.user_id);
    if (!user) this.users.set(step.user_id, (user = { waiting: [], running: 0, hasTurn: false }));
    user.waiting.push(step);
    this.giveTurn(user);
    this.goOn();
    return true;
  }

  /** Takes no more; resolves when those under way have been taken. */
  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.running > 0) await new Promise<void>((resolve) => (this.ended = resolve));
  }

  private giveTurn(user: UserSteps): void {
    if (user.hasTurn || user.waiting.length === 0 || user.running >= this.options.atOnceOfUser) return;
    user.hasTurn = true;
    this.turns.push(user);
  }

  private goOn(): void {
    while (!this.isStopped && this.running < this.options.atOnce) {
      const user = this.turns.shift();
      const step = user?.waiting.shift();
      if (!user || !step) return;
      user.hasTurn = false;
      user.running += 1;
      this.running += 1;
      this.giveTurn(user);
      void this.take(step, user);
    }
  }

  private async take(step: SeriesStep, user: UserSteps): Promise<void> {
    await this.options.take(step);
    this.known.delete(keyOf(step));
    this.running -= 1;
    user.running -= 1;
    if (user.running === 0 && user.waiting.length === 0) this.users.delete(step.user_id);
    this.giveTurn(user);
    this.goOn();
    if (this.running === 0) this.ended?.();
  }
}

function keyOf({ user_id, series_id, occurrence, version }: SeriesStep): string {
  return `${series_id} ${occurrence} ${version} ${user_id}`;
}
