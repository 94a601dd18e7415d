/**
 * The contract between whoever needs another program running (PostgreSQL, placement, scheduler, daprd) and the
 * supervisor that keeps it running.
 */
export interface ChildSpec {
  /** Short name used as log prefix and in messages: `postgres`, `daprd`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Whole environment of the child; nothing is inherited. Secrets go here, never into `args`. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder that the child starts in; entered before the change of user, so its parents may be closed to that user. */
  readonly cwd?: string;
  /** User and group to run as, where they differ from our own. */
  readonly uid?: number;
  readonly gid?: number;
  /** The signal that asks for an orderly stop (`SIGINT` is PostgreSQL's fast shutdown). */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long an orderly stop may take, in milliseconds; then SIGQUIT (end now, say where you are), a second later SIGKILL. */
  readonly stopTimeoutMs: number;
  /** Gets each line that the child prints; by default they are in the log at level debug. */
  onLine?(line: string): void;
  /** Called before each start, also before each restart: the place to clear what a killed run left behind. */
  beforeStart?(): Promise<void>;
  /** Resolves once the child serves; called after each start. Rejects or never resolves when `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface Child {
  readonly name: string;
  /** Process id of the program itself, undefined while it is down. */
  readonly pid: number | undefined;
  /** True from the moment `ready` resolved until the process ends. */
  readonly isReady: boolean;
  stop(): Promise<void>;
}

export interface Supervisor {
  /** Starts the child and resolves when it is ready for the first time. Rejects with its last lines when it dies before. */
  start(spec: ChildSpec): Promise<Child>;
}
