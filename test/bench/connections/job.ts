import type { ProcessMemory } from '../inspector.js';

/** What the process does that holds many connections to the live feed. */
export interface ConnectionsJob {
  readonly url: string;
  /** Of the system's main process: its inspector, and its process id. */
  readonly inspectorUrl: string;
  readonly pid: number;
  /** One a user, with one connection each. */
  readonly tokens: readonly string[];
  /** Of the user whose changes are measured. */
  readonly token: string;
  readonly connectionsOfUser: number;
  /** Body of that user's create requests. */
  readonly body: string;
  readonly warmUpChanges: number;
  readonly changes: number;
  readonly idleSeconds: number;
}

/** Milliseconds of processor time, by program. */
export type Cost = Readonly<Record<string, number>>;

export interface ConnectionsResult {
  readonly connections: number;
  readonly openSeconds: number;
  /** Of letting one client in. */
  readonly openCost: Cost;
  /** Of the main process, garbage collected. */
  readonly memory: { readonly without: ProcessMemory; readonly with: ProcessMemory };
  /** A second, while nothing happens. */
  readonly idle: { readonly without: Cost; readonly with: Cost };
  /** Of each change, in milliseconds. */
  readonly changes: readonly {
    /** From the whole acknowledgement of the command to the last of the user's connections; 0 where that came first. */
    readonly afterAcknowledgement: number;
    readonly afterRequest: number;
    readonly firstToLast: number;
  }[];
}
