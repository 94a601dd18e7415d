import type { Pool } from 'pg';
import type { Progress } from '../../runtime/progress.js';
import type { Plan } from './plan.js';
import type { Program, Programs } from './programs.js';

/** What is measured: the system with Dapr, and the same interface without. */
export const targets = ['dapr', 'plain'] as const;
export type Target = (typeof targets)[number];

/** What a measurement is given. */
export interface Bench {
  readonly plan: Plan;
  readonly programs: Programs;
  readonly progress: Progress;
  readonly running: Readonly<Record<Target, Program>>;
  /** Of the system with Dapr. */
  readonly dataDir: string;
  /** The database that both work on. */
  readonly pool: Pool;
  /** Connects to another database. */
  openPool(url: string): Pool;
  /** Tokens of the users, with all scopes. */
  tokens(users: readonly string[]): Promise<string[]>;
}

/** Names of users: `create-dapr-000` and so on. Each measurement has its own, so that none meets the other's tasks. */
export function userNames(group: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${group}-${String(index).padStart(3, '0')}`);
}
