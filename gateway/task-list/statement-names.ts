import type { TaskListQuery } from './query.js';

const most = 200;
const usualLimits = new Set([10, 20, 25, 50, 100, 200]);

/**
 * Names for the statements that come again and again: PostgreSQL keeps a named one planned, on each connection and for
 * as long as that lives, so their number is bounded.
 */
export class StatementNames {
  private readonly names = new Map<string, string>();

  /** @returns the name, or undefined for a statement that is better planned anew */
  of(text: string, query: TaskListQuery): string | undefined {
    // How rare a word is decides the plan, and only its value tells.
    if (query.words.length > 0) return undefined;
    if (query.sort.length > 2 || !usualLimits.has(query.limit)) return undefined;
    const known = this.names.get(text);
    if (known !== undefined || this.names.size >= most) return known;
    const name = `gateway-list-${this.names.size}`;
    this.names.set(text, name);
    return name;
  }
}
