/** Work that takes a while and that others may not wait for. */
export interface Job {
  readonly user: string;
  readonly host: string;
  /** Never rejects. */
  readonly run: () => Promise<void>;
  /** Called instead when it does not begin any more. */
  readonly drop: () => void;
}

export interface SlotLimits {
  readonly atOnce: number;
  readonly atOnceOfUser: number;
  readonly atOnceOfHost: number;
  readonly waiting: number;
  readonly waitingOfUser: number;
  readonly waitingOfHost: number;
}

/**
 * Runs jobs such that a slow receiver holds up neither the other users nor the other hosts: of each there are some at once
 * at most, and some waiting. Whoever may begin does so in the order in which they came.
 */
export class Slots {
  private readonly running = new Tally();
  private readonly queued = new Tally();
  private waiting: Job[] = [];
  private readonly ended: (() => void)[] = [];

  /** @param freed called when there is room again */
  constructor(
    private readonly limits: SlotLimits,
    private readonly freed: () => void = () => undefined,
  ) {}

  /** How many jobs may be given. */
  get room(): number {
    return this.limits.waiting - this.waiting.length;
  }

  get atWork(): number {
    return this.running.all;
  }

  /** Users of whom no more jobs are taken at the moment. */
  get busyUsers(): string[] {
    return this.queued.usersWith(this.limits.waitingOfUser);
  }

  /** @returns false when it cannot be taken: there are enough of its user, of its host or in all */
  offer(job: Job): boolean {
    const { waiting, waitingOfUser, waitingOfHost } = this.limits;
    if (this.waiting.length >= waiting) return false;
    if (this.queued.ofUser(job.user) >= waitingOfUser || this.queued.ofHost(job.host) >= waitingOfHost) return false;
    this.queued.add(job);
    this.waiting.push(job);
    this.begin();
    return true;
  }

  /** Resolves when what runs has ended; what waits is dropped. */
  async stop(): Promise<void> {
    for (const job of this.waiting.splice(0)) job.drop();
    while (this.running.all > 0) await new Promise<void>((resolve) => this.ended.push(resolve));
  }

  private begin(): void {
    const { atOnce, atOnceOfUser, atOnceOfHost } = this.limits;
    this.waiting = this.waiting.filter((job) => {
      const mayBegin =
        this.running.all < atOnce &&
        this.running.ofUser(job.user) < atOnceOfUser &&
        this.running.ofHost(job.host) < atOnceOfHost;
      if (mayBegin) {
        this.queued.remove(job);
        this.running.add(job);
        void job.run().finally(() => this.end(job));
      }
      return !mayBegin;
    });
  }

  private end(job: Job): void {
    this.running.remove(job);
    this.begin();
    for (const resolve of this.ended.splice(0)) resolve();
    this.freed();
  }
}

/** How many there are, in all, of each user and of each host. */
class Tally {
  all = 0;
  private readonly users = new Map<string, number>();
  private readonly hosts = new Map<string, number>();

  ofUser(user: string): number {
    return this.users.get(user) ?? 0;
  }

  ofHost(host: string): number {
    return this.hosts.get(host) ?? 0;
  }

  usersWith(count: number): string[] {
    return [...this.users].filter(([, own]) => own >= count).map(([user]) => user);
  }

  add({ user, host }: Job): void {
    this.all += 1;
    this.users.set(user, this.ofUser(user) + 1);
    this.hosts.set(host, this.ofHost(host) + 1);
  }

  remove({ user, host }: Job): void {
    this.all -= 1;
    lower(this.users, user);
    lower(this.hosts, host);
  }
}

function lower(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
